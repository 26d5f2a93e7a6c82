/** Chunks as rows: their numbers in the grid, and where their bytes are. */
import type { PlannedArray } from './array-plan.ts'
import type { Chunk } from './storage.ts'

/** A chunk of an array. */
export interface Row {
  readonly chunk: number
  readonly offset: number
  readonly length: number
}

/**
 * The rows of a chunk: one, none where the array has no elements, several where it is a linked block.
 * @param next the number that follows on the block before it.
 * @returns what is wrong with it, in words, where something is.
 */
export function rowsOf(planned: PlannedArray, chunk: Chunk, next: number): readonly Row[] | string {
  const { layout, metadata } = planned
  const { offset, length, position } = chunk
  switch (layout.kind) {
    case 'chunks': {
      const number = numberOf(position, layout.grid, metadata.chunkShape)
      if (number === undefined) return outside(position, layout.grid, metadata.chunkShape)
      return wrongLength(length, planned) ?? [{ chunk: number, offset, length }]
    }
    case 'whole': {
      if (position?.some((coordinate) => coordinate !== 0))
        return 'a chunk that is not where its array begins'
      const wanted = layout.length ?? length
      if (length < wanted) return `${length} bytes of values, ${wanted} wanted`
      return wanted === 0 ? [] : [{ chunk: 0, offset, length: wanted }]
    }
    case 'blocks': {
      const { unit } = layout
      const count = length / unit
      return Array.from({ length: count }, (_, i) => ({
        chunk: next + i,
        offset: offset + i * unit,
        length: unit,
      }))
    }
    default:
      return 'a chunk beside values in the document'
  }
}

/** undefined where there is no such chunk. */
function numberOf(
  position: readonly number[] | undefined,
  grid: readonly number[],
  chunkShape: readonly number[],
): number | undefined {
  const first = position ?? grid.map(() => 0)
  if (first.length !== grid.length || (!position && grid.some((extent) => extent !== 1))) return undefined
  let number = 0
  for (const [axis, coordinate] of first.entries()) {
    const index = coordinate / chunkShape[axis]
    if (!Number.isInteger(index) || index >= grid[axis]) return undefined
    number = number * grid[axis] + index
  }
  return number
}

function outside(
  position: readonly number[] | undefined,
  grid: readonly number[],
  chunkShape: readonly number[],
): string {
  const where = position ? `at [${position.join(', ')}]` : 'without a position'
  return `a chunk ${where}: none of a grid of [${grid.join(', ')}] chunks of [${chunkShape.join(', ')}]`
}

function wrongLength(length: number, { chunkBytes, masked }: PlannedArray): string | undefined {
  if (chunkBytes === undefined || masked || length === chunkBytes) return undefined
  return `a chunk of ${length} bytes, ${chunkBytes} wanted`
}
