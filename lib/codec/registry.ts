/** Which decoder undoes which codec (numcodecs' names), loaded when first asked for. */
import { UnsupportedError } from '../errors.ts'
import type { CodecConfig } from '../model/metadata.ts'
import type { Decoder } from './decoder.ts'
import { decodeGzip, decodeZlib } from './deflate.ts'
import { decodeFletcher32 } from './fletcher32.ts'
import { shuffleDecoder } from './shuffle.ts'

const LOADERS: Record<string, (config: CodecConfig) => Decoder | Promise<Decoder>> = {
  zlib: () => decodeZlib,
  gzip: () => decodeGzip,
  shuffle: (config) => shuffleDecoder(Number(config.elementsize ?? 4)),
  fletcher32: () => decodeFletcher32,
  blosc: async () => (await import('./numcodecs.ts')).bloscDecoder(),
  zstd: async () => (await import('./numcodecs.ts')).zstdDecoder(),
  lz4: async () => (await import('./numcodecs.ts')).lz4Decoder(),
}

/** Whether chunks that went through this codec can be decoded here. */
export function isDecodable(config: CodecConfig): boolean {
  return Object.hasOwn(LOADERS, config.id)
}

/**
 * The decoder that undoes `config`.
 * @throws UnsupportedError where there is none, by its name.
 */
export async function loadDecoder(
  config: CodecConfig,
  where: { url?: string; array?: string } = {},
): Promise<Decoder> {
  if (!isDecodable(config)) throw new UnsupportedError(`decoding the codec ${config.id}`, where)
  return LOADERS[config.id](config)
}
