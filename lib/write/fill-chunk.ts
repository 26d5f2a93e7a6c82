/** One encoded chunk of nothing but the fill value, to inline where a missing chunk could not be told otherwise. */
import { numcodecsEncoder } from '../codec/numcodecs.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata, CodecConfig } from '../model/metadata.ts'

/** Missing chunks of an array that are inlined at most. */
export const MOST_FILL_CHUNKS = 10_000
/** Bytes of them all together, encoded. */
export const MOST_FILL_BYTES = 16 << 20
const MOST_CHUNK_BYTES = 64 << 20

/** Encodes the chunk; undefined where its codecs are other than shuffle and zlib, or it is over 64 MiB. */
export async function encodeFillChunk(array: ArrayMetadata): Promise<Uint8Array | undefined> {
  const { fillValue, codecs } = array
  const size = itemSize(array.dataType)
  const elements = array.chunkShape.reduce((count, extent) => count * extent, 1)
  if (fillValue === null || fillValue.length !== size || elements * size > MOST_CHUNK_BYTES) return undefined
  if (!codecs.every(({ id }) => id === 'shuffle' || id === 'zlib')) return undefined
  let bytes: Uint8Array = new Uint8Array(elements * size)
  for (let at = 0; at < bytes.length; at += size) bytes.set(fillValue, at)
  for (const codec of codecs) bytes = await encode(bytes, codec)
  return bytes
}

async function encode(bytes: Uint8Array, codec: CodecConfig): Promise<Uint8Array> {
  if (codec.id === 'shuffle') return shuffle(bytes, Number(codec.elementsize ?? 4))
  const compress = await numcodecsEncoder('zlib', Number(codec.level ?? 1))
  return compress(bytes)
}

/** HDF5's shuffle: all first bytes, then all second bytes; what is left over stays in its place. */
function shuffle(bytes: Uint8Array, width: number): Uint8Array {
  const out = Uint8Array.from(bytes)
  const count = Math.floor(bytes.length / width)
  for (let byte = 0; byte < width; byte++) {
    for (let i = 0; i < count; i++) out[byte * count + i] = bytes[i * width + byte]
  }
  return out
}
