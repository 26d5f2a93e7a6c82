/** Which chunks of an array are to be merged, as far as that is known without looking at references. */
import { UnsupportedError } from '../errors.ts'
import { gridShape } from '../model/chunk-grid.ts'
import { isRun } from '../model/chunk-split.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import {
  type ChunkExtents,
  type ChunkTarget,
  codecsOf,
  codecsText,
  extentOf,
  extentsText,
  isCoordinate,
  plainChunkBytes,
  settledShape,
} from './chunk-request.ts'

/** What is being done, for messages. */
export const MERGE_VERB = 'merging chunks'

/** How many chunks become one along each axis. */
export interface MergeRequest {
  /** No whole numbers where the extents asked for are no multiples of the chunks'. */
  readonly counts: readonly number[]
  /** The first axis along which chunks are merged. */
  readonly axis: number
}

/** An array that might be merged, if its references lie so. */
export interface Mergeable {
  readonly array: ArrayMetadata
  readonly shape: readonly number[]
  readonly grid: readonly number[]
  readonly chunkBytes: number
  readonly target: ChunkTarget
  /** Where extents are asked for. */
  readonly request: MergeRequest | undefined
}

/** What is known of an array before its references are looked at. */
export type MergeStart =
  | { readonly kind: 'same' }
  /** Not as asked, for this reason. */
  | { readonly kind: 'left'; readonly reason: string }
  | { readonly kind: 'mergeable'; readonly mergeable: Mergeable }

/** What is to be found out about one array. @throws UnsupportedError where a dimension is named along which it has codecs. */
export function planMerge(array: ArrayMetadata, target: ChunkTarget): MergeStart {
  const { chunkShape } = array
  const codecs = codecsOf(array)
  const chunkBytes = plainChunkBytes(array)
  if (typeof target === 'number') {
    const shape = settledShape(array, MERGE_VERB)
    const grid = gridShape(shape, chunkShape)
    const isOne = grid.every((count) => count <= 1)
    if (isOne || (codecs.length > 0 ? chunkBytes >= target : 2 * chunkBytes > target)) return { kind: 'same' }
    if (codecs.length > 0) return { kind: 'left', reason: `its chunks have the ${codecsText(codecs)}` }
    return { kind: 'mergeable', mergeable: { array, shape, grid, chunkBytes, target, request: undefined } }
  }
  if (!array.dims.some((dim, axis) => (extentOf(target, dim) ?? 0) > chunkShape[axis]))
    return { kind: 'same' }
  const shape = settledShape(array, MERGE_VERB)
  const grid = gridShape(shape, chunkShape)
  const request = requestOf(array, shape, grid, target)
  if (!request) return { kind: 'same' }
  if (codecs.length === 0)
    return { kind: 'mergeable', mergeable: { array, shape, grid, chunkBytes, target, request } }
  if (grid.every((count) => count <= 1)) return { kind: 'same' }
  const reason = `its chunks have the ${codecsText(codecs)}`
  if (isCoordinate(array)) return { kind: 'left', reason }
  const feature = `merging its chunks into ${extentsText(array, mergedShape(array, request.counts))}`
  const why = `${reason}, and encoded bytes cannot be joined`
  throw new UnsupportedError(feature, { array: array.path }, `${array.path}: ${feature}: ${why}`)
}

/** The chunk shape with so many chunks merged along each axis. */
export function mergedShape({ chunkShape }: ArrayMetadata, counts: readonly number[]): number[] {
  return chunkShape.map((extent, axis) => extent * counts[axis])
}

/** Chunks to be merged along each axis; undefined where none are. */
export function requestOf(
  { chunkShape, dims }: ArrayMetadata,
  shape: readonly number[],
  grid: readonly number[],
  extents: ChunkExtents,
): MergeRequest | undefined {
  const counts = chunkShape.map((extent, axis) => {
    const wished = extentOf(extents, dims[axis]) ?? 0
    // What is one chunk already stays so, but along the first axis other files may go on.
    if (wished <= extent || (grid[axis] <= 1 && axis > 0)) return 1
    if (wished % extent === 0) return wished / extent
    return wished >= shape[axis] ? Math.max(1, grid[axis]) : wished / extent
  })
  const first = counts.findIndex((count) => count > 1)
  if (first < 0) return undefined
  // Only along the first merged axis a chunk may reach past the grid: what is missing is at its end.
  return {
    axis: first,
    counts: counts.map((count, axis) => (axis > first ? Math.min(count, Math.max(1, grid[axis])) : count)),
  }
}

/** Why such chunks cannot be merged wherever they lie; undefined where they might be. */
export function structureProblem(
  { array, grid }: Pick<Mergeable, 'array' | 'grid'>,
  { counts, axis: first }: MergeRequest,
): string | undefined {
  const { chunkShape, dims } = array
  for (const [axis, count] of counts.entries()) {
    if (!Number.isInteger(count)) {
      const wished = count * chunkShape[axis]
      return `${wished} is no multiple of the ${chunkShape[axis]} that a chunk has along ${dims[axis]}`
    }
    if (axis > first && grid[axis] % count !== 0) {
      return `the ${grid[axis]} chunks along ${dims[axis]} are no multiple of ${count}`
    }
  }
  if (isRun(mergedShape(array, counts), chunkShape)) return undefined
  const last = counts.findLastIndex((count) => count > 1)
  const long = chunkShape.findIndex((extent) => extent > 1)
  return `merged along ${dims[last]}, the bytes of a chunk with ${chunkShape[long]} along ${dims[long]} would not stay together`
}
