/** The entries of a kerchunk reference document: what its members stand for. */

export type Entry =
  /** `.zarray`, `.zattrs`, `.zgroup` or `zarr.json`: JSON in a string, or the text of the object that stands there. */
  | { readonly kind: 'metadata'; readonly key: string; readonly text: string }
  /** A chunk whose bytes are in the document; `text` where it is asked for, and where it is a string and no object. */
  | { readonly kind: 'inline'; readonly key: string; readonly text?: string | undefined }
  /** A chunk elsewhere; `url` null: in the file that the reader is told; a whole file where `range` is undefined. */
  | {
      readonly kind: 'reference'
      readonly key: string
      readonly url: string | null
      readonly range: readonly [offset: number, length: number] | undefined
    }
  /** A name that URLs hold in braces. */
  | { readonly kind: 'template'; readonly key: string; readonly text: string }

/** Characters of a key and of a URL. */
export const MOST_KEY = 4096
export const MOST_URL = 1 << 14

function isExtent(value: string | number | null | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** What a list stands for: `[url]` or `[url, offset, length]`; undefined where it is neither. */
export function parseReference(key: string, list: readonly (string | number | null)[]): Entry | undefined {
  const [url = 0, offset, length] = list
  if (typeof url === 'number') return undefined
  if (list.length === 1) return { kind: 'reference', key, url, range: undefined }
  return isExtent(offset) && isExtent(length)
    ? { kind: 'reference', key, url, range: [offset, length] }
    : undefined
}
