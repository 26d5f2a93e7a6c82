/** The record that stands in for a shared message, versions 1 to 3 (HDF5 File Format 3.0, IV.A.2, "Shared Message"). */
import type { Cursor } from '../cursor.ts'
import type { Hdf5File } from '../file.ts'

type SharedMessage =
  /** The message is in the object header there: a committed datatype. */
  | { readonly kind: 'object'; readonly address: number }
  /** The message is an object of the file's shared message heap for its type. */
  | { readonly kind: 'heap'; readonly id: Uint8Array }

const IN_HEAP = 1

/** Parses the record at the cursor. */
export function parseSharedMessage(file: Hdf5File, cursor: Cursor): SharedMessage {
  const version = cursor.version(1, 2, 3)
  const type = cursor.u8()
  if (version === 3 && type === IN_HEAP) return { kind: 'heap', id: cursor.take(8) }
  // Version 1 holds a symbol table entry: reserved bytes and the offset of a name stand before the address.
  if (version === 1) cursor.skip(6 + file.lengthSize)
  const address = cursor.address(file.offsetSize)
  if (address === undefined) throw cursor.error('no address')
  return { kind: 'object', address }
}
