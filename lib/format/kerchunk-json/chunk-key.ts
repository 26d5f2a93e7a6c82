/** The keys of a reference document: which are chunks, and of which array. */
import { UnsupportedError } from '../../errors.ts'
import type { Entry } from './entry-reader.ts'

/** `.zmetadata` too, which repeats the others. */
const ZARR_DOCUMENT = /(?:^|\/)\.z[a-z]+$/
/** Axes that NumPy allows, and so the parts of a chunk's key. */
export const MOST_RANK = 64

/** Whether a key is of metadata, not of a chunk. */
export function isZarrDocument(key: string): boolean {
  return ZARR_DOCUMENT.test(key)
}

/** The entry as it is. @throws UnsupportedError where it is metadata of Zarr format 3. */
export function refuseZarr3(entry: Entry, url: string): Entry {
  if (entry.key === 'zarr.json' || entry.key.endsWith('/zarr.json')) {
    throw new UnsupportedError('Zarr format 3 (only 2 so far)', { url })
  }
  return entry
}

/** The path of the array that a chunk's key belongs to: with the separator '/' it may be some parts further up. */
export function arrayOfKey(
  key: string,
  arrays: ReadonlyMap<string, { readonly separator: string }>,
): string | undefined {
  let at = key.lastIndexOf('/')
  for (let axis = 0; axis < MOST_RANK; axis++) {
    const path = key.slice(0, Math.max(0, at))
    const array = arrays.get(path)
    if (array && (axis === 0 || array.separator === '/')) return path
    if (at <= 0) return undefined
    at = key.lastIndexOf('/', at - 1)
  }
  return undefined
}

/** What follows the array's path in a chunk's key. */
export function chunkPart(key: string, path: string): string {
  return path === '' ? key : key.slice(path.length + 1)
}
