/** Splits the chunks of arrays without a filter: the pieces are ranges of the same bytes. */
import type { ArrayMetadata } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import {
  arrayFilter,
  type ChunkTarget,
  checkChunkTarget,
  checkDimensions,
  settledShape,
} from '../plan/chunk-request.ts'
import { planSplit } from '../plan/chunk-split.ts'
import { chunksOfPieces, plainArray, planPieces } from '../plan/piece-grid.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { openSource } from '../source/open.ts'
import type { Stage } from '../stream/stage.ts'
import { eachSet } from './changed-set.ts'
import { ChunkPieces } from './rechunk/chunk-pieces.ts'
import { type Rechunk, rechunkedSet } from './rechunk/rechunked-set.ts'

/** Which arrays get other chunks, and how files are read for that. */
export interface ChunkOptions {
  /** Paths of arrays, or of groups, which stand for all within; all by default. */
  readonly arrays?: readonly string[]
  /** Told of each array that keeps its chunks although the target asks for others, and why. */
  readonly onLeft?: (path: string, reason: string) => void
  /** Opens files whose end a chunk reaches past; local files by default. */
  readonly open?: OpenSource
  readonly signal?: AbortSignal | undefined
}

function rechunkOf(array: ArrayMetadata, index: number, chunkShape: readonly number[]): Rechunk {
  const shape = settledShape(array, 'splitting chunks')
  const grid = planPieces(plainArray(array, shape), chunkShape)
  const pieces = { array: plainArray({ ...array, chunkShape }, shape), index, grid }
  return {
    chunkShape,
    chunkCount: grid.pieceCount,
    chunkCountBeneath: grid.chunkCount,
    beneath: (from, to) => chunksOfPieces(grid, from, to),
    start: (span, context) => new ChunkPieces(pieces, span, context),
  }
}

function planSet(
  set: ReferenceSet,
  target: ChunkTarget,
  { arrays, onLeft }: ChunkOptions,
): Map<number, Rechunk> {
  checkDimensions(target, set, 'splitChunks')
  const isWanted = arrayFilter(arrays, set, 'splitChunks')
  const rechunks = new Map<number, Rechunk>()
  for (const [index, array] of set.header.arrays.entries()) {
    if (!isWanted(array)) continue
    const decision = planSplit(array, target)
    if (decision.kind === 'left') onLeft?.(array.path, decision.reason)
    else if (decision.kind === 'change') rechunks.set(index, rechunkOf(array, index, decision.chunkShape))
  }
  return rechunks
}

/**
 * Splits chunks into smaller ones: of the extents given along dimensions, or of so many bytes at most. The bytes of a
 * piece must be one range of its chunk's, so leading axes are split to 1 before a later one is split at all; an extent
 * divides the chunk's, but where there is one chunk along the axis. A last piece that reaches past the end of its file
 * is copied, with zeros behind; pieces wholly outside the array are none.
 * @throws UsageError for extents that are none, and for dimensions that no array of a set has.
 * A coordinate of up to 16 MiB a chunk keeps its chunks when extents are given: readers take it whole.
 * @throws UnsupportedError where an array has codecs along a dimension that is named (a larger coordinate is left as it
 *   is too), or a piece would be no single range: with the nearest split that works. A size in bytes leaves
 *   arrays with codecs as they are.
 */
export function splitChunks(target: ChunkTarget, options: ChunkOptions = {}): Stage {
  checkChunkTarget(target, 'splitChunks')
  // A set may be read when its pipeline, and the signal of that, have come to their end.
  return eachSet((set) => splitSet(set, target, options))
}

/** One set with its chunks split so. */
export function splitSet(set: ReferenceSet, target: ChunkTarget, options: ChunkOptions): ReferenceSet {
  const { open = openSource, signal } = options
  const rechunks = planSet(set, target, options)
  return rechunks.size === 0 ? set : rechunkedSet(set, rechunks, { open, signal })
}
