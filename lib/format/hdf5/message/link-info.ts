/** The link info message, 0x0002: where a new-style group keeps its links (HDF5 File Format 3.0, IV.A.2.c). */
import type { Address, Cursor } from '../cursor.ts'
import type { Hdf5File } from '../file.ts'

/** Where links or attributes are stored when they are too many for the object header. */
export interface DenseStorage {
  /** Every message records its creation order. */
  readonly creationOrderTracked: boolean
  /** The fractal heap of the messages; undefined: all are in the object header. */
  readonly heapAddress: Address
  /** The B-tree v2 that finds them by name. */
  readonly nameIndexAddress: Address
}

/** Parses a link info message. */
export function parseLinkInfo(file: Hdf5File, cursor: Cursor): DenseStorage {
  return parseDenseStorage(file, cursor, 8)
}

/** The body that link info and attribute info share, but for the width of the highest creation order. */
export function parseDenseStorage(file: Hdf5File, cursor: Cursor, orderBytes: number): DenseStorage {
  cursor.version(0)
  const flags = cursor.u8()
  if (flags & 1) cursor.skip(orderBytes)
  return {
    creationOrderTracked: (flags & 1) !== 0,
    heapAddress: cursor.address(file.offsetSize),
    nameIndexAddress: cursor.address(file.offsetSize),
  }
}
