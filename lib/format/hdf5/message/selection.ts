/** Selections of elements as a virtual dataset's mappings store them (HDF5 File Format 3.0, VII.B, "dataspace selection"). */
import { UnsupportedError } from '../../../errors.ts'
import type { Cursor } from '../cursor.ts'
import { LIMITS } from '../file.ts'

/** What is selected along one axis: `count` blocks of `block` elements, `stride` apart. Infinity: without end. */
interface RegularBlocks {
  readonly kind: 'regular'
  readonly start: number
  readonly stride: number
  readonly count: number
  readonly block: number
}

/** What is selected along one axis: runs of elements that ascend and do not meet. */
interface ListedBlocks {
  readonly kind: 'list'
  readonly runs: readonly (readonly [start: number, length: number])[]
}

/** What is selected along one axis. */
export type AxisSelection = RegularBlocks | ListedBlocks

/** Elements of a dataspace in C order. `blocks`: the product of what its axes select. */
export type Selection =
  | { readonly kind: 'all' | 'none' }
  | { readonly kind: 'blocks'; readonly axes: readonly AxisSelection[] }

const TYPE = { none: 0, points: 1, hyperslab: 2, all: 3 } as const
const REGULAR = 1

/**
 * The selection at the cursor.
 * @throws UnsupportedError for points, and for blocks that are no product of what axes select.
 * @throws FormatError where it breaks the specification.
 */
export function parseSelection(cursor: Cursor): Selection {
  const type = cursor.u32()
  switch (type) {
    case TYPE.none:
    case TYPE.all:
      if (cursor.u32() !== 1) throw cursor.error('an unknown version of a selection', cursor.position - 4)
      cursor.skip(8)
      return { kind: type === TYPE.all ? 'all' : 'none' }
    case TYPE.hyperslab:
      return parseHyperslab(cursor)
    case TYPE.points:
      throw new UnsupportedError('a virtual dataset that selects single points', { url: cursor.url })
    default:
      throw cursor.error(`unknown type of selection ${type}`, cursor.position - 4)
  }
}

function parseHyperslab(cursor: Cursor): Selection {
  const version = cursor.u32()
  if (version < 1 || version > 3) throw cursor.error(`version ${version} of a selection`, cursor.position - 4)
  const flags = version === 1 ? 0 : cursor.u8()
  const width = version === 3 ? cursor.u8() : version === 2 ? 8 : 4
  if (width !== 2 && width !== 4 && width !== 8) throw cursor.error(`a selection of ${width}-byte numbers`)
  if (version < 3) cursor.skip(version === 1 ? 8 : 4)
  const rank = cursor.u32()
  if (rank === 0 || rank > LIMITS.rank) throw cursor.error(`a selection of rank ${rank}`)
  const axes = flags & REGULAR ? parseRegular(cursor, rank, width) : parseBlocks(cursor, rank, width)
  return axes.length === 0 ? { kind: 'none' } : { kind: 'blocks', axes }
}

function parseRegular(cursor: Cursor, rank: number, width: number): RegularBlocks[] {
  const orEndless = () => cursor.address(width) ?? Number.POSITIVE_INFINITY
  return Array.from({ length: rank }, () => {
    const start = cursor.uint(width)
    const stride = cursor.uint(width)
    const count = orEndless()
    const block = orEndless()
    const overlap = count > 1 && (stride < block || stride === 0)
    if (count === 0 || block === 0 || overlap)
      throw cursor.error('a selection of blocks that overlap or are empty')
    return { kind: 'regular', start, stride, count, block }
  })
}

/** A list of blocks, for each its first and its last element; none where it is empty. */
function parseBlocks(cursor: Cursor, rank: number, width: number): ListedBlocks[] {
  const blocks = cursor.uint(width)
  if (blocks * 2 * rank * width > cursor.remaining) throw cursor.error(`${blocks} blocks of a selection`)
  if (blocks === 0) return []
  const runs = Array.from({ length: rank }, () => new Map<number, number>())
  for (let i = 0; i < blocks; i++) {
    const starts = Array.from({ length: rank }, () => cursor.uint(width))
    for (const [axis, start] of starts.entries()) {
      const length = cursor.uint(width) - start + 1
      if (length < 1) throw cursor.error('a block of a selection that ends before it begins')
      if ((runs[axis].get(start) ?? length) !== length) throw irregular(cursor)
      runs[axis].set(start, length)
    }
  }
  if (runs.reduce((product, { size }) => product * size, 1) !== blocks) throw irregular(cursor)
  return runs.map((ofAxis) => {
    const sorted = [...ofAxis].sort(([a], [b]) => a - b)
    if (sorted.some(([start], i) => i > 0 && start < sorted[i - 1][0] + sorted[i - 1][1]))
      throw irregular(cursor)
    return { kind: 'list', runs: sorted }
  })
}

function irregular(cursor: Cursor): UnsupportedError {
  return new UnsupportedError('a virtual dataset with an irregular selection', { url: cursor.url })
}
