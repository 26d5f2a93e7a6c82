/** HDF5's shuffle filter (id 2), numcodecs `shuffle`: byte k of every element stored together. */
import type { Decoder } from './decoder.ts'
import { DecodeProblem } from './decoder.ts'

/** Undoes the shuffle of elements of `elementsize` bytes; bytes after the last whole element stay where they are. */
export function shuffleDecoder(elementsize: number): Decoder {
  if (!Number.isInteger(elementsize) || elementsize < 1) {
    throw new DecodeProblem(`shuffle of elements of ${elementsize} bytes`)
  }
  return (bytes) => transpose(bytes, elementsize, Math.floor(bytes.length / elementsize))
}

/** Shuffles elements of `elementsize` bytes, an integer of at least 1. */
export function shuffleEncoder(elementsize: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => transpose(bytes, Math.floor(bytes.length / elementsize), elementsize)
}

/** `rows` rows of `columns` bytes become `columns` rows; bytes after them stay where they are. */
function transpose(bytes: Uint8Array, rows: number, columns: number): Uint8Array {
  if (rows < 2 || columns < 2) return bytes
  const out = new Uint8Array(bytes.length)
  for (let row = 0, from = 0; row < rows; row++) {
    for (let to = row, end = from + columns; from < end; from++, to += rows) out[to] = bytes[from]
  }
  out.set(bytes.subarray(rows * columns), rows * columns)
  return out
}
