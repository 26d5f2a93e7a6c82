/** Where the elements of fixed and extensible arrays lie: blocks, and pages of blocks. */
import type { Cursor } from '../cursor.ts'
import { CHECKSUM_SIZE } from '../metadata-reader.ts'
import type { ChunkRequest } from './request.ts'

/** Pages in a row that are read at once. */
const PAGES_PER_READ = 64

/** How one element is stored. */
interface ElementFormat {
  /** Bytes of an element. */
  readonly size: number
  /** Bytes of an address. */
  readonly offsetSize: number
  /** Bytes of the stored size of a filtered chunk; 0 where chunks have no filters. */
  readonly sizeWidth: number
  /** Bytes of a chunk without filters. */
  readonly chunkBytes: number
}

/** The array whose blocks are read: what each of them repeats at its beginning. */
export interface ElementOwner {
  readonly structure: string
  /** The signature of its data blocks as a little-endian word. */
  readonly signature: number
  /** Address of the array's header. */
  readonly address: number
  /** 0: chunks without filters, 1: filtered ones. */
  readonly clientId: number
  readonly format: ElementFormat
  /** Bytes of the number of the block's first element; 0 where blocks don't hold it. */
  readonly offsetWidth: number
}

/** Neighbouring elements, and where they are. */
export interface ElementBlock {
  readonly address: number
  /** Bytes, all checksums included. */
  readonly length: number
  /** Index of the first element. */
  readonly first: number
  readonly count: number
  /** Elements in a page with its own checksum; 0: one checksum at the end of the whole block. */
  readonly pageElements: number
  /** Bytes before the first element; 0: pages alone. */
  readonly prefix: number
  /** The number that the block gives its first element, and another one that is as good. */
  readonly offset: number
  readonly quirk: number
  /** The block itself, where it was read and checked before. */
  readonly bytes: Uint8Array | undefined
}

/** The format of elements of `size` bytes, of class 0 (without filters) or 1 (filtered). */
export function elementFormat(
  request: ChunkRequest,
  cursor: Cursor,
  filtered: boolean,
  size: number,
): ElementFormat {
  const { offsetSize } = request.file
  if (filtered !== request.dataset.filtered) {
    throw cursor.error('the index and the filter pipeline disagree on whether chunks are filtered')
  }
  // What is left beside the address and the mask is the width that the library computed for the chunk's size.
  const sizeWidth = filtered ? size - offsetSize - 4 : 0
  if (filtered ? sizeWidth < 1 || sizeWidth > 8 : size !== offsetSize)
    throw cursor.error(`elements of ${size} bytes`)
  return { size, offsetSize, sizeWidth, chunkBytes: request.chunkBytes }
}

/** Pages that follow one another. */
export interface Pages {
  /** Of the first page, initialised or not. */
  readonly address: number
  /** Index of its first element. */
  readonly first: number
  /** Elements of all pages; the last one may be short. */
  readonly count: number
  readonly pageElements: number
}

/** Blocks of the pages that are wanted, neighbours in one read. */
export function planPages(
  pages: Pages,
  size: number,
  wanted: (page: number, from: number, to: number) => boolean,
): ElementBlock[] {
  const { first, count, pageElements } = pages
  const total = Math.ceil(count / pageElements)
  const elementsBefore = (page: number) => Math.min(count, page * pageElements)
  const isWanted = (page: number) =>
    wanted(page, first + elementsBefore(page), first + elementsBefore(page + 1))
  const blocks: ElementBlock[] = []
  for (let page = 0; page < total; page++) {
    if (!isWanted(page)) continue
    let end = page + 1
    while (end < total && end - page < PAGES_PER_READ && isWanted(end)) end++
    blocks.push(pageBlock(pages, size, page, end, elementsBefore))
    page = end - 1
  }
  return blocks
}

function pageBlock(
  pages: Pages,
  size: number,
  page: number,
  end: number,
  elementsBefore: (page: number) => number,
): ElementBlock {
  const from = elementsBefore(page)
  const count = elementsBefore(end) - from
  return {
    address: pages.address + from * size + page * CHECKSUM_SIZE,
    length: count * size + (end - page) * CHECKSUM_SIZE,
    first: pages.first + from,
    count,
    pageElements: pages.pageElements,
    prefix: 0,
    offset: 0,
    quirk: 0,
    bytes: undefined,
  }
}
