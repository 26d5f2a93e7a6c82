/** One object of a file: a group with its links, a dataset or a committed datatype (HDF5 File Format 3.0, IV). */
import { FormatError } from '../../errors.ts'
import type { Hdf5File } from './file.ts'
import { type Link, readLinks } from './link.ts'
import { findMessage, MESSAGE, type ObjectHeader, readObjectHeader } from './object-header.ts'

export type Hdf5Object =
  | { readonly kind: 'group'; readonly header: ObjectHeader; readonly links: readonly Link[] }
  | { readonly kind: 'dataset'; readonly header: ObjectHeader }
  | { readonly kind: 'datatype'; readonly header: ObjectHeader }

/** Reads the object header at `address`, and the links where it is a group's. */
export async function readObject(file: Hdf5File, address: number, signal?: AbortSignal): Promise<Hdf5Object> {
  const header = await readObjectHeader(file, address, signal)
  const has = (type: number) => findMessage(header, type) !== undefined
  if (has(MESSAGE.dataspace) && has(MESSAGE.datatype) && has(MESSAGE.dataLayout))
    return { kind: 'dataset', header }
  if (has(MESSAGE.symbolTable) || has(MESSAGE.linkInfo) || has(MESSAGE.link)) {
    return { kind: 'group', header, links: await readLinks(file, header, signal) }
  }
  if (has(MESSAGE.datatype) && !has(MESSAGE.dataLayout)) return { kind: 'datatype', header }
  const at = { url: file.source.url, structure: 'object header', offset: file.base + address }
  throw new FormatError(at, 'neither a group, a dataset nor a datatype')
}
