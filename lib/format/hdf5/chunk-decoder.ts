/** Takes HDF5's filters off the chunks that the scan itself has to read: those of variable-length strings. */
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { UnsupportedError } from '../../errors.ts'
import { codecsOf } from './filter-codec.ts'
import type { Filter } from './message/filter-pipeline.ts'

const inflateAsync = promisify(inflate)
const DEFLATE = 1
const SHUFFLE = 2
const FLETCHER32 = 3
const CHECKSUM_SIZE = 4

/** @throws UnsupportedError where a filter is none of deflate, shuffle and fletcher32. */
export function checkDecodable(filters: readonly Filter[]): void {
  const other = filters.filter(({ id }) => id !== DEFLATE && id !== SHUFFLE && id !== FLETCHER32)
  codecsOf(other, 0)
  if (other.length > 0) throw new UnsupportedError(`variable-length strings behind filter ${other[0].id}`)
}

/**
 * The chunk before its filters, the last of which comes off first.
 * @param mask a bit for each filter that this chunk was stored without.
 * @param length bytes that the chunk has when decoded: more is an error.
 */
export async function decodeChunk(
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  length: number,
): Promise<Uint8Array> {
  const most = length + filters.length * CHECKSUM_SIZE
  let bytes = stored
  for (let i = filters.length - 1; i >= 0; i--) {
    if (i < 32 && (mask >>> i) & 1) continue
    const { id, clientData } = filters[i]
    if (id === DEFLATE) bytes = await inflateAsync(bytes, { maxOutputLength: Math.max(1, most) })
    else if (id === SHUFFLE) bytes = unshuffle(bytes, clientData[0] ?? 1)
    else if (id === FLETCHER32) bytes = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_SIZE))
  }
  return bytes
}

/** Byte k of every element lies together; what is no whole element stays at the end. */
function unshuffle(bytes: Uint8Array, elementSize: number): Uint8Array {
  const count = Math.floor(bytes.length / elementSize)
  if (elementSize < 2 || count < 2) return bytes
  const result = new Uint8Array(bytes)
  for (let k = 0; k < elementSize; k++) {
    for (let i = 0; i < count; i++) result[i * elementSize + k] = bytes[k * count + i]
  }
  return result
}
