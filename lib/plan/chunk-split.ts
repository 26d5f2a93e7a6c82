/** Into which pieces the chunks of an array are split. */
import { UnsupportedError } from '../errors.ts'
import { gridShape } from '../model/chunk-grid.ts'
import { isRun, largestDivisor, splitToTarget } from '../model/chunk-split.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import {
  type ChunkDecision,
  type ChunkExtents,
  type ChunkTarget,
  checkGrid,
  codecsOf,
  codecsText,
  extentOf,
  extentsText,
  isCoordinate,
  plainChunkBytes,
  SAME,
  settledShape,
} from './chunk-request.ts'
import { GATHERED_BYTES } from './requested-values.ts'

const VERB = 'splitting chunks'

/**
 * The pieces of one array.
 * @throws UnsupportedError where an extent asked for cannot be had, with the array, the reason and the nearest that can.
 */
export function planSplit(array: ArrayMetadata, target: ChunkTarget): ChunkDecision {
  const decision = typeof target === 'number' ? planSize(array, target) : planExtents(array, target)
  if (decision.kind === 'change') checkGrid(array, decision.chunkShape, VERB)
  return decision
}

function planSize(array: ArrayMetadata, target: number): ChunkDecision {
  if (plainChunkBytes(array) <= target) return SAME
  const codecs = codecsOf(array)
  if (codecs.length > 0) return { kind: 'left', reason: `its chunks have the ${codecsText(codecs)}` }
  const grid = gridShape(settledShape(array, VERB), array.chunkShape)
  return changed(array, splitToTarget(array.chunkShape, grid, itemSize(array.dataType), target))
}

function changed({ chunkShape }: ArrayMetadata, pieces: readonly number[]): ChunkDecision {
  const isSame = pieces.every((extent, axis) => extent === chunkShape[axis])
  return isSame ? SAME : { kind: 'change', chunkShape: pieces }
}

/** The chunk shape with the extents asked for, where they are smaller. */
function wishedPieces({ chunkShape, dims }: ArrayMetadata, extents: ChunkExtents): number[] {
  return chunkShape.map((extent, axis) => Math.min(extent, extentOf(extents, dims[axis]) ?? extent))
}

function planExtents(array: ArrayMetadata, extents: ChunkExtents): ChunkDecision {
  const decision = changed(array, wishedPieces(array, extents))
  if (decision.kind !== 'change') return decision
  if (isCoordinate(array) && plainChunkBytes(array) <= GATHERED_BYTES) {
    return { kind: 'left', reason: 'a coordinate, which readers take whole' }
  }
  const problem = problemOf(array, decision.chunkShape)
  if (!problem) return decision
  if (isCoordinate(array)) return { kind: 'left', reason: problem }
  const feature = `splitting its chunks into ${extentsText(array, decision.chunkShape)}`
  throw new UnsupportedError(feature, { array: array.path }, `${array.path}: ${feature}: ${problem}`)
}

/** What stands in the way of such pieces, and the way round it. */
function problemOf(array: ArrayMetadata, pieces: readonly number[]): string | undefined {
  const { chunkShape, dims } = array
  const codecs = codecsOf(array)
  if (codecs.length > 0)
    return `its chunks have the ${codecsText(codecs)}, and a part of encoded bytes cannot be read alone`
  const grid = gridShape(settledShape(array, VERB), chunkShape)
  const nearest = `; the nearest that works is ${nearestText(array, pieces, grid)}`
  const uneven = pieces.findIndex((extent, axis) => grid[axis] > 1 && chunkShape[axis] % extent !== 0)
  if (uneven >= 0) {
    const many = `${grid[uneven]} chunks of ${chunkShape[uneven]} along ${dims[uneven]}`
    return `there are ${many}, which is no multiple of ${pieces[uneven]}${nearest}`
  }
  if (isRun(chunkShape, pieces)) return undefined
  const first = pieces.findIndex((extent) => extent > 1)
  const split = pieces.findIndex((extent, axis) => axis > first && extent < chunkShape[axis])
  const strided = `of ${pieces[first]} along ${dims[first]} and a part of ${dims[split]}`
  return `the bytes of a piece ${strided} are no single range${nearest}`
}

/** Leading axes split to 1, the last axis that is split as near to what was asked for as divides the chunk. */
function nearestText(array: ArrayMetadata, wished: readonly number[], grid: readonly number[]): string {
  const { chunkShape, dims } = array
  const last = wished.findLastIndex((extent, axis) => extent < chunkShape[axis])
  const fits = grid[last] <= 1 || chunkShape[last] % wished[last] === 0
  const extent = fits ? wished[last] : largestDivisor(chunkShape[last], wished[last])
  // A dimension that an array has twice gets one extent: all up to its last axis is split to 1 then.
  const split = dims.slice(0, last + 1)
  const end = dims.findLastIndex((dim) => split.includes(dim))
  const pieces = chunkShape.map((whole, axis) => (axis < last ? 1 : axis === last ? extent : whole))
  const single = chunkShape.map((whole, axis) => (axis <= end ? 1 : whole))
  const isRepeated = end > last || split.indexOf(dims[last]) < last
  return extentsText(array, isRepeated ? single : pieces)
}
