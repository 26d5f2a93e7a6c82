/** An open HDF5 file: its source, and the few facts of the superblock that every structure needs. */
import { FormatError } from '../../errors.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { Cursor } from './cursor.ts'

/** Limits that no honest file meets, so that a crafted one cannot make a walk endless or an allocation huge. */
export const LIMITS = {
  /** One metadata block (an object header chunk, a heap block, a tree node). */
  blockBytes: 1 << 28,
  /** Levels of a tree, or links followed in a row. */
  depth: 64,
  /** Axes of a dataspace (H5S_MAX_RANK). */
  rank: 32,
  /** Datatypes within datatypes. */
  typeDepth: 32,
} as const

export interface Hdf5File {
  readonly source: ByteSource
  /** The superblock's own offset: every address counts from here (a user block comes before it). */
  readonly base: number
  /** Bytes of an address. */
  readonly offsetSize: number
  /** Bytes of a length. */
  readonly lengthSize: number
  /** Address of the root group's object header. */
  readonly rootAddress: number
  /** Half the most entries of a B-tree v1 node: [group leaf K, group internal K, chunk K]. */
  readonly btreeK: { readonly groupLeaf: number; readonly groupInternal: number; readonly chunk: number }
  /** Shared object header message tables, where the superblock extension names them. */
  readonly sharedMessageTable?: { readonly address: number; readonly indexes: number }
}

/** Reads `length` bytes at `address` as a cursor; a range outside the file is an error that names the structure. */
export async function readBlock(
  file: Hdf5File,
  structure: string,
  address: number,
  length: number,
  signal?: AbortSignal,
): Promise<Cursor> {
  const offset = file.base + address
  const at = { url: file.source.url, structure, offset }
  if (length > LIMITS.blockBytes)
    throw new FormatError(at, `${length} bytes is more than any such structure has`)
  if (offset + length > file.source.size) {
    throw new FormatError(
      at,
      `ends at byte ${offset + length}, but the file has ${file.source.size} (truncated?)`,
    )
  }
  return new Cursor(await file.source.read(offset, length, { signal }), at)
}
