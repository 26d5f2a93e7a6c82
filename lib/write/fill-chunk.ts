/** One encoded chunk of nothing but the fill value, to inline where a missing chunk could not be told otherwise. */
import { encodeChunk, isEncodable } from '../codec/encode-chunk.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'

/** Missing chunks of an array that are inlined at most. */
export const MOST_FILL_CHUNKS = 10_000
/** Bytes of them all together, encoded. */
export const MOST_FILL_BYTES = 16 << 20
const MOST_CHUNK_BYTES = 64 << 20

/** Encodes the chunk; undefined where one of its codecs has no encoder here, or it is over 64 MiB. */
export async function encodeFillChunk(array: ArrayMetadata): Promise<Uint8Array | undefined> {
  const { fillValue, codecs } = array
  const size = itemSize(array.dataType)
  const elements = array.chunkShape.reduce((count, extent) => count * extent, 1)
  const fill = fillValue ?? new Uint8Array(size)
  if (fill.length !== size || elements * size > MOST_CHUNK_BYTES) return undefined
  if (!codecs.every(isEncodable)) return undefined
  const bytes = new Uint8Array(elements * size)
  for (let at = 0; at < bytes.length; at += size) bytes.set(fill, at)
  return encodeChunk(bytes, codecs)
}
