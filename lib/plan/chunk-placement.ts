/** Where the chunks of one input lie in the grid of the result: arithmetic of chunk numbers. */
import { chunkCount, gridShape, gridStrides } from '../model/chunk-grid.ts'
import { firstIndex } from '../model/first-index.ts'
import { arrayOf, type PlanInput } from './plan-input.ts'
import type { JoinedDimension, PlannedArray } from './planned-array.ts'

/** The chunks of one array in one input. */
export interface ChunkPlacement {
  /** Chunks of the input's array. */
  readonly count: number
  /** Numbers in the result of its first and its last chunk. */
  readonly first: number
  readonly last: number
  /** Whether its chunks follow one another in the result as they do in the input. */
  readonly contiguous: boolean
  /** The number in the result of the input's chunk; ascends with it. */
  number(chunk: number): number
}

/** `at`: the input's position. `final` is the array as the result has it. */
export function placeChunks(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  at: number,
  dimensions: readonly JoinedDimension[],
): ChunkPlacement {
  const { array, joins, offsets } = planned
  const { chunkShape } = array
  const own = arrayOf(inputs[at], array.path)
  const created = array.dims.length - (own?.dims.length ?? 0)
  const ownShape = [...new Array<number>(created).fill(1), ...(own?.shape ?? []).map((extent) => extent ?? 0)]
  const grid = gridShape(ownShape, chunkShape)
  const strides = gridStrides(
    gridShape(
      array.shape.map((extent) => extent ?? 0),
      chunkShape,
    ),
  )
  let base = 0
  for (const [index, { dim, axis }] of joins.entries()) {
    base += Math.floor(offsets[index][dimensions[dim].slotOf[at]] / chunkShape[axis]) * strides[axis]
  }
  const count = chunkCount(grid)
  const contiguous = isContiguous(grid, strides)
  const number = contiguous
    ? (chunk: number) => base + chunk
    : (chunk: number) => base + spread(chunk, grid, strides)
  return { count, first: base, last: count === 0 ? base - 1 : number(count - 1), contiguous, number }
}

/** Whether stepping through the input's grid steps through the result's by ones. */
function isContiguous(grid: readonly number[], strides: readonly number[]): boolean {
  let expected = 1
  for (let axis = grid.length - 1; axis >= 0; axis--) {
    if (grid[axis] > 1 && strides[axis] !== expected) return false
    expected *= grid[axis]
  }
  return true
}

function spread(chunk: number, grid: readonly number[], strides: readonly number[]): number {
  let number = 0
  for (let axis = grid.length - 1; axis >= 0; axis--) {
    number += (chunk % grid[axis]) * strides[axis]
    chunk = Math.floor(chunk / grid[axis])
  }
  return number
}

/** The input's chunks whose numbers in the result are in `[from, to)`: a range of its own numbers. */
export function chunksWithin(placement: ChunkPlacement, from: number, to: number): readonly [number, number] {
  return [leastAtOrAbove(placement, from), leastAtOrAbove(placement, to)]
}

/** Numbers ascend. */
function leastAtOrAbove({ count, number }: ChunkPlacement, bound: number): number {
  return firstIndex(count, (chunk) => number(chunk) >= bound)
}
