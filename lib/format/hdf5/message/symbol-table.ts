/** The symbol table message, 0x0011: where an old-style group keeps its links (HDF5 File Format 3.0, IV.A.2.r). */
import type { Cursor } from '../cursor.ts'
import type { Hdf5File } from '../file.ts'

interface SymbolTable {
  /** The B-tree v1 over the group's symbol table nodes. */
  readonly btreeAddress: number
  /** The local heap of the names. */
  readonly heapAddress: number
}

/** Parses a symbol table message. */
export function parseSymbolTable(file: Hdf5File, cursor: Cursor): SymbolTable {
  const btreeAddress = cursor.address(file.offsetSize)
  const heapAddress = cursor.address(file.offsetSize)
  if (btreeAddress === undefined || heapAddress === undefined) throw cursor.error('no address', 0)
  return { btreeAddress, heapAddress }
}
