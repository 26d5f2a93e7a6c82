/** The external data files message, 0x0007 (HDF5 File Format 3.0, IV.A.2.h). */
import type { Cursor } from '../cursor.ts'

/** How many raw files hold the dataset's values. @throws FormatError where the message breaks the specification. */
export function parseExternalFileCount(cursor: Cursor): number {
  cursor.version(1)
  cursor.skip(3 + 2)
  return cursor.u16()
}
