/** The fill value messages, 0x0005 and the old 0x0004 (HDF5 File Format 3.0, IV.A.2.e and f). */
import type { Cursor } from '../cursor.ts'

/**
 * `undefined`: what is not written has no value. `default`: it is zero.
 * `defined`: it is `bytes`, one element in the dataset's own datatype.
 */
export type FillValueMessage =
  | { readonly state: 'undefined' }
  | { readonly state: 'default' }
  | { readonly state: 'defined'; readonly bytes: Uint8Array }

const UNDEFINED: FillValueMessage = { state: 'undefined' }
const UNDEFINED_SIZE = 0xffffffff

/** The fill value of message 0x0005, versions 1 to 3. @throws FormatError where it breaks the specification. */
export function parseFillValue(cursor: Cursor): FillValueMessage {
  const version = cursor.version(1, 2, 3)
  if (version === 3) {
    const flags = cursor.u8()
    if (flags & 0x10) return UNDEFINED
    return flags & 0x20 ? parseBytes(cursor) : { state: 'default' }
  }
  cursor.skip(2)
  return cursor.u8() === 0 ? UNDEFINED : parseBytes(cursor)
}

/** The fill value of message 0x0004, which has no version. @throws FormatError where it is cut short. */
export function parseOldFillValue(cursor: Cursor): FillValueMessage {
  const message = parseBytes(cursor)
  return message.state === 'default' ? UNDEFINED : message
}

function parseBytes(cursor: Cursor): FillValueMessage {
  const size = cursor.u32()
  if (size === UNDEFINED_SIZE) return UNDEFINED
  return size === 0 ? { state: 'default' } : { state: 'defined', bytes: new Uint8Array(cursor.take(size)) }
}
