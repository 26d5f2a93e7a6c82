/** The attribute info message, 0x0015: where an object keeps many attributes (HDF5 File Format 3.0, IV.A.2.v). */
import type { Cursor } from '../cursor.ts'
import type { Hdf5File } from '../file.ts'
import { type DenseStorage, parseDenseStorage } from './link-info.ts'

/** Parses an attribute info message. */
export function parseAttributeInfo(file: Hdf5File, cursor: Cursor): DenseStorage {
  return parseDenseStorage(file, cursor, 2)
}
