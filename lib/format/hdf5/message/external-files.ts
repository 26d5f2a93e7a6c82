/** The external data files message, 0x0007 (HDF5 File Format 3.0, IV.A.2.h). */
import type { Cursor } from '../cursor.ts'
import type { FieldSizes } from './data-layout-parser.ts'

/** Part of a raw file that holds values of a dataset; the parts follow each other. */
export interface RawSlot {
  /** Where the file's name begins in the heap. */
  readonly nameOffset: number
  /** First byte of the values in the file. */
  readonly offset: number
  /** Bytes; Infinity: without end. */
  readonly size: number
}

export interface ExternalFileList {
  /** Address of the local heap with the names. */
  readonly heapAddress: number
  readonly slots: readonly RawSlot[]
}

/** The raw files of a dataset. @throws FormatError where the message breaks the specification. */
export function parseExternalFiles(cursor: Cursor, sizes: FieldSizes): ExternalFileList {
  cursor.version(1)
  cursor.skip(3 + 2)
  const used = cursor.u16()
  const heapAddress = cursor.address(sizes.offsetSize)
  if (used === 0 || heapAddress === undefined) throw cursor.error('no raw file')
  const slots: RawSlot[] = []
  for (let i = 0; i < used; i++) {
    const nameOffset = cursor.uint(sizes.lengthSize)
    const offset = cursor.uint(sizes.lengthSize)
    slots.push({ nameOffset, offset, size: cursor.address(sizes.lengthSize) ?? Number.POSITIVE_INFINITY })
  }
  return { heapAddress, slots }
}
