/** HDF5's shuffle filter (id 2), numcodecs `shuffle`: byte k of every element stored together. */
import type { Decoder } from './decoder.ts'
import { DecodeProblem } from './decoder.ts'

/** Undoes the shuffle of elements of `elementsize` bytes; bytes after the last whole element stay where they are. */
export function shuffleDecoder(elementsize: number): Decoder {
  if (!Number.isInteger(elementsize) || elementsize < 1) {
    throw new DecodeProblem(`shuffle of elements of ${elementsize} bytes`)
  }
  return (bytes) => unshuffle(bytes, elementsize)
}

function unshuffle(bytes: Uint8Array, elementsize: number): Uint8Array {
  const count = Math.floor(bytes.length / elementsize)
  if (elementsize === 1 || count < 2) return bytes
  const out = new Uint8Array(bytes.length)
  for (let byte = 0, from = 0; byte < elementsize; byte++) {
    for (let to = byte, end = from + count; from < end; from++, to += elementsize) out[to] = bytes[from]
  }
  out.set(bytes.subarray(count * elementsize), count * elementsize)
  return out
}
