/** The keys of a reference document: which are chunks, and of which array. */
import { chunkNumber } from '../../model/chunk-grid.ts'

/** `.zmetadata` too, which repeats the others. */
const ZARR_DOCUMENT = /(?:^|\/)(?:\.z[a-z]+|zarr\.json)$/
/** Axes that NumPy allows, and so the parts of a chunk's key. */
const MOST_RANK = 64

/** How the keys of an array's chunks are spelled: `temp/0.1`, or, as Zarr v3 does by default, `temp/c/0/1`. */
export interface KeyEncoding {
  /** What comes before the numbers, and a separator after it. */
  readonly prefix: '' | 'c'
  readonly separator: '.' | '/'
}

/** What tells the number of a chunk from its key. */
export interface KeyedGrid extends KeyEncoding {
  readonly grid: readonly number[]
}

/** Whether a key is of metadata, not of a chunk. */
export function isZarrDocument(key: string): boolean {
  return ZARR_DOCUMENT.test(key)
}

/** The path of the array that a chunk's key belongs to: with the separator '/' it may be some parts further up. */
export function arrayOfKey(key: string, arrays: ReadonlyMap<string, KeyEncoding>): string | undefined {
  let at = key.lastIndexOf('/')
  for (let parts = 0; parts <= MOST_RANK; parts++) {
    const path = key.slice(0, Math.max(0, at))
    const array = arrays.get(path)
    if (array && (parts === 0 || array.separator === '/')) return path
    if (at <= 0) return undefined
    at = key.lastIndexOf('/', at - 1)
  }
  return undefined
}

/** What follows the array's path in a chunk's key. */
export function chunkPart(key: string, path: string): string {
  return path === '' ? key : key.slice(path.length + 1)
}

/** What the keys of an array's chunks begin with, scalars of Zarr v3 left out. */
export function keyPrefix(path: string, { prefix, separator }: KeyEncoding): string {
  return (path === '' ? '' : `${path}/`) + (prefix === '' ? '' : prefix + separator)
}

/** The number of the chunk with this key in the array at `path`; undefined where it is none of its grid. */
export function chunkOfKey(
  key: string,
  path: string,
  { prefix, separator, grid }: KeyedGrid,
): number | undefined {
  const part = chunkPart(key, path)
  // VirtualiZarr gives a scalar no number, so that readers do not find it.
  if (prefix === '' && grid.length === 0 && part === '') return 0
  if (prefix === '') return chunkNumber(part, grid, separator)
  if (grid.length === 0) return part === prefix ? 0 : undefined
  return part.startsWith(prefix + separator) ? chunkNumber(part.slice(2), grid, separator) : undefined
}
