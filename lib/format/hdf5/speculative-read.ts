/** Reads a structure whose length is not known before its first bytes are: a guess first, the rest where that was short. */
import { Cursor } from './cursor.ts'
import { type Hdf5File, readBlock } from './file.ts'

/**
 * A cursor over `guess` bytes at `address`, or over what the file still has, but no fewer than `least`.
 * @throws FormatError where the file ends within the first `least` bytes.
 */
export function readGuess(
  file: Hdf5File,
  structure: string,
  address: number,
  { least, guess }: { least: number; guess: number },
  signal?: AbortSignal,
): Promise<Cursor> {
  const left = file.source.size - file.base - address
  return readBlock(file, structure, address, Math.max(least, Math.min(guess, left)), signal)
}

/** The first `length` bytes of the structure that `guess` begins: cut from it, or read anew where it is too short. */
export async function readWhole(
  file: Hdf5File,
  guess: Cursor,
  length: number,
  signal?: AbortSignal,
): Promise<Cursor> {
  if (length > guess.bytes.length) {
    return readBlock(file, guess.structure, guess.start - file.base, length, signal)
  }
  return cut(guess, 0, length)
}

/** A block that may lie wholly within what was read with `guess`, as neighbours in a file often do. */
export async function readNear(
  file: Hdf5File,
  guess: Cursor,
  structure: string,
  address: number,
  length: number,
  signal?: AbortSignal,
): Promise<Cursor> {
  const from = file.base + address - guess.start
  if (from >= 0 && from + length <= guess.bytes.length) return cut(guess, from, length, structure)
  return readBlock(file, structure, address, length, signal)
}

/** A cursor of its own over `length` bytes of another, from byte `from` of it. */
export function cut(cursor: Cursor, from: number, length: number, structure = cursor.structure): Cursor {
  if (from + length > cursor.bytes.length) throw cursor.error(`${length} bytes wanted`, from)
  const at = { url: cursor.url, structure, offset: cursor.start + from }
  return new Cursor(cursor.bytes.subarray(from, from + length), at)
}
