/** The encoders for chunks that have to be written anew; each undone by the decoder of the same codec. */
import { UnsupportedError } from '../errors.ts'
import type { CodecConfig } from '../model/metadata.ts'
import { encodeFletcher32 } from './fletcher32.ts'
import { bloscEncoder, numcodecsEncoder } from './numcodecs.ts'
import { shuffleEncoder } from './shuffle.ts'

/** Applies one codec. */
type Encoder = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

const LOADERS: Record<string, (config: CodecConfig) => Encoder | Promise<Encoder>> = {
  zlib: ({ level }) => numcodecsEncoder('zlib', Number(level ?? 1)),
  zstd: ({ level }) => numcodecsEncoder('zstd', Number(level ?? 1)),
  blosc: bloscEncoder,
  shuffle: ({ elementsize }) => shuffleEncoder(Number(elementsize ?? 4)),
  fletcher32: () => encodeFletcher32,
}

/** Whether chunks can be put through this codec here. */
export function isEncodable(config: CodecConfig): boolean {
  return Object.hasOwn(LOADERS, config.id)
}

/**
 * Applies `codecs` in their order. The same bytes give the same result on every machine.
 * @throws UnsupportedError for a codec without an encoder here.
 */
export async function encodeChunk(bytes: Uint8Array, codecs: readonly CodecConfig[]): Promise<Uint8Array> {
  let data = bytes
  for (const config of codecs) {
    if (!isEncodable(config)) throw new UnsupportedError(`encoding the codec ${config.id}`)
    const encode = await LOADERS[config.id](config)
    data = await encode(data)
  }
  return data
}
