/** The geometry of an extensible array: how many data blocks of which size each super block stands for. */
import type { Cursor } from '../cursor.ts'
import type { ElementOwner } from './element-block.ts'

/** The creation parameters, as the array's header holds them. */
export interface ArrayShape {
  /** Bits of the highest element number. */
  readonly maxBits: number
  /** Elements in the index block itself. */
  readonly indexElements: number
  /** Elements of the smallest data block; a power of two. */
  readonly minElements: number
  /** Data block pointers of the smallest super block that is a block of its own; a power of two. */
  readonly minPointers: number
  /** A data block of more than `2 ** pageBits` elements is paged. */
  readonly pageBits: number
}

export interface SuperBlock {
  /** Index of the first element. */
  readonly first: number
  /** Data blocks. */
  readonly blocks: number
  /** Elements of each data block. */
  readonly elements: number
  /** Pages of each data block; 0: not paged. */
  readonly pages: number
  /** Data blocks of the super blocks before it, where the index block points to all of them; else 0. */
  readonly blocksBefore: number
}

export interface ExtensibleArray {
  readonly owner: ElementOwner
  readonly shape: ArrayShape
  /** Those whose data blocks the index block points to itself. */
  readonly direct: readonly SuperBlock[]
  /** Those that are blocks of their own. */
  readonly superBlocks: readonly SuperBlock[]
}

/** All super blocks of an array, from its header at `cursor`. */
export function planSuperBlocks(
  cursor: Cursor,
  shape: ArrayShape,
): { readonly direct: readonly SuperBlock[]; readonly superBlocks: readonly SuperBlock[] } {
  const { maxBits, minElements, minPointers, pageBits } = shape
  const minBits = exactLog2(cursor, minElements)
  const inIndexBlock = 2 * exactLog2(cursor, minPointers)
  const count = 1 + maxBits - minBits
  if (maxBits > 64 || pageBits > 32 || count < inIndexBlock)
    throw cursor.error('impossible creation parameters')
  const pageElements = 2 ** pageBits
  const all: SuperBlock[] = []
  let first = shape.indexElements
  let blocksBefore = 0
  for (let i = 0; i < count; i++) {
    const blocks = 2 ** (i >> 1)
    const elements = minElements * 2 ** ((i + 1) >> 1)
    const pages = elements > pageElements ? elements / pageElements : 0
    if (pages > 0 && i < inIndexBlock) throw cursor.error('paged data blocks in the index block')
    all.push({ first, blocks, elements, pages, blocksBefore: i < inIndexBlock ? blocksBefore : 0 })
    blocksBefore += blocks
    first += blocks * elements
  }
  return { direct: all.slice(0, inIndexBlock), superBlocks: all.slice(inIndexBlock) }
}

function exactLog2(cursor: Cursor, value: number): number {
  const bits = 31 - Math.clz32(value)
  if (value !== 2 ** bits) throw cursor.error(`${value} is not a power of two`)
  return bits
}
