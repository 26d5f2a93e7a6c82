/** The attribute message, 0x000C (HDF5 File Format 3.0, IV.A.2.m). */
import { Cursor } from '../cursor.ts'

/** A message within the attribute message; a shared one holds only where the real one is. */
export interface NestedMessage {
  readonly shared: boolean
  readonly body: Cursor
}

/** The parts of an attribute, of which two are messages themselves. */
interface AttributeMessage {
  readonly name: string
  readonly datatype: NestedMessage
  readonly dataspace: NestedMessage
  /** The values as stored; empty for a null dataspace. */
  readonly data: Uint8Array
}

const DATATYPE_SHARED = 1
const DATASPACE_SHARED = 2

/** The attribute at the cursor, versions 1 to 3. @throws FormatError where it breaks the specification. */
export function parseAttribute(cursor: Cursor): AttributeMessage {
  const version = cursor.version(1, 2, 3)
  const flags = version === 1 ? 0 : cursor.u8()
  if (version === 1) cursor.skip(1)
  const sizes = { name: cursor.u16(), datatype: cursor.u16(), dataspace: cursor.u16() }
  if (version === 3) cursor.skip(1)
  const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size)
  const name = parseName(cursor.take(padded(sizes.name)).subarray(0, sizes.name))
  const datatype = nested(cursor, 'datatype', padded(sizes.datatype), flags & DATATYPE_SHARED)
  const dataspace = nested(cursor, 'dataspace', padded(sizes.dataspace), flags & DATASPACE_SHARED)
  return { name, datatype, dataspace, data: cursor.take(cursor.remaining) }
}

function nested(cursor: Cursor, structure: string, size: number, shared: number): NestedMessage {
  const offset = cursor.start + cursor.position
  const at = { url: cursor.url, structure: `${structure} of an attribute`, offset }
  return { shared: shared !== 0, body: new Cursor(cursor.take(size), at) }
}

const utf8 = new TextDecoder()

/** Names are UTF-8, whatever the character set field says: old libraries wrote no such field. */
function parseName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end))
}
