/** The filter pipeline message, 0x000B (HDF5 File Format 3.0, IV.A.2.l). */
import type { Cursor } from '../cursor.ts'

/** One step of a filter pipeline. */
export interface Filter {
  /** As registered with The HDF Group: 1 deflate, 2 shuffle, 3 fletcher32, 4 szip, 5 nbit, 6 scaleoffset. */
  readonly id: number
  readonly name: string
  /** A chunk for which the filter failed when writing is stored without it. */
  readonly optional: boolean
  readonly clientData: readonly number[]
}

/** Filters with an id below this have no name in a version 2 message. */
const FIRST_NAMED_ID = 256
/** More than any pipeline can have (H5Z_MAX_NFILTERS). */
const MAX_FILTERS = 32

/**
 * The filters at the cursor in the order in which they are applied when writing, versions 1 and 2.
 * @throws FormatError where the message breaks the specification.
 */
export function parseFilterPipeline(cursor: Cursor): Filter[] {
  const version = cursor.version(1, 2)
  const count = cursor.u8()
  if (count > MAX_FILTERS) throw cursor.error(`${count} filters`)
  if (version === 1) cursor.skip(6)
  return Array.from({ length: count }, () => parseFilter(cursor, version))
}

function parseFilter(cursor: Cursor, version: number): Filter {
  const id = cursor.u16()
  const nameLength = version === 1 || id >= FIRST_NAMED_ID ? cursor.u16() : 0
  const flags = cursor.u16()
  const values = cursor.u16()
  const name = textBeforeNul(cursor.take(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength))
  if (values * 4 > cursor.remaining)
    throw cursor.error(`${values} client values in ${cursor.remaining} bytes`)
  const clientData = Array.from({ length: values }, () => cursor.u32())
  if (version === 1 && values % 2 === 1) cursor.skip(4)
  return { id, name, optional: (flags & 1) !== 0, clientData }
}

const latin1 = new TextDecoder('latin1')

function textBeforeNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return latin1.decode(end < 0 ? bytes : bytes.subarray(0, end))
}
