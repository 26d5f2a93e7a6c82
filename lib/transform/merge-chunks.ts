/** Merges chunks that adjoin and have no filter: one range of bytes instead of many. */
import { UnsupportedError } from '../errors.ts'
import { chunkCount } from '../model/chunk-grid.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { MERGE_VERB, type Mergeable, planMerge } from '../plan/chunk-merge.ts'
import {
  arrayFilter,
  type ChunkDecision,
  type ChunkTarget,
  checkChunkTarget,
  checkDimensions,
  settledShape,
} from '../plan/chunk-request.ts'
import { MergeCandidate } from '../plan/merge-candidate.ts'
import { plainArray } from '../plan/piece-grid.ts'
import { openSource } from '../source/open.ts'
import { mapOrdered } from '../stream/map-ordered.ts'
import { anySignal, type Stage } from '../stream/stage.ts'
import { ChunkTails } from './rechunk/chunk-tails.ts'
import { chunksOfMerged, MergedChunks, mergeGrid } from './rechunk/merged-chunks.ts'
import { type Rechunk, rechunkedSet } from './rechunk/rechunked-set.ts'
import type { ChunkOptions } from './split-chunks.ts'

/** The arrays that might be merged, by index. */
function planSet(
  set: ReferenceSet,
  target: ChunkTarget,
  { arrays, onLeft }: ChunkOptions,
): Map<number, Mergeable> {
  checkDimensions(target, set, 'mergeChunks')
  const isWanted = arrayFilter(arrays, set, 'mergeChunks')
  const found = new Map<number, Mergeable>()
  for (const [index, array] of set.header.arrays.entries()) {
    if (!isWanted(array)) continue
    const start = planMerge(array, target)
    if (start.kind === 'left') onLeft?.(array.path, start.reason)
    else if (start.kind === 'mergeable') found.set(index, start.mergeable)
  }
  return found
}

function addRows(
  candidate: MergeCandidate,
  { rows, chunk, path, paths, offset, length, raw }: ReferenceBatch,
): void {
  for (let row = 0; row < rows; row++) {
    const isRaw = path[row] === INLINE
    candidate.add(chunk[row], {
      path: isRaw ? null : paths[path[row]],
      offset: isRaw ? 0 : offset[row],
      length: isRaw ? (raw?.[row]?.length ?? 0) : length[row],
    })
  }
}

/** Goes through the references of these arrays once; an array that turns out to be no good stays as it is. */
async function decide(
  set: ReferenceSet,
  mergeables: ReadonlyMap<number, Mergeable>,
  tails: ChunkTails,
  signal: AbortSignal | undefined,
): Promise<Map<number, ChunkDecision>> {
  const candidates = new Map(
    [...mergeables].map(([index, mergeable]) => [index, new MergeCandidate(mergeable)]),
  )
  for await (const item of set.body({ arrays: [...candidates.keys()], signal })) {
    signal?.throwIfAborted()
    if (item.kind === 'footer') for (const index of item.dropped) candidates.delete(index)
    else {
      const candidate = candidates.get(item.array)
      if (candidate) addRows(candidate, await tails.measured(item))
    }
  }
  return new Map([...candidates].map(([index, candidate]) => [index, candidate.decide()]))
}

function rechunkOf(array: ArrayMetadata, index: number, chunkShape: readonly number[]): Rechunk {
  const counts = chunkShape.map((extent, axis) => extent / array.chunkShape[axis])
  const grid = mergeGrid(plainArray(array, settledShape(array, MERGE_VERB)), index, counts)
  return {
    chunkShape,
    chunkCount: chunkCount(grid.merged),
    chunkCountBeneath: chunkCount(grid.chunks),
    beneath: (from, to) => chunksOfMerged(grid, from, to),
    start: (span, context) => new MergedChunks(grid, span, context),
  }
}

/** Sets whose references are gone through at a time. */
const AT_A_TIME = 4

async function mergeSet(
  set: ReferenceSet,
  target: ChunkTarget,
  options: ChunkOptions,
  signal: AbortSignal | undefined,
): Promise<ReferenceSet> {
  const { open = openSource, onLeft } = options
  const mergeables = planSet(set, target, options)
  if (mergeables.size === 0) return set
  if (!set.replayable) {
    throw new UnsupportedError(`${MERGE_VERB} of a set whose references can be read only once`)
  }
  const tails = new ChunkTails(open, set.sources, signal)
  const rechunks = new Map<number, Rechunk>()
  try {
    for (const [index, decision] of await decide(set, mergeables, tails, signal)) {
      const array = set.header.arrays[index]
      if (decision.kind === 'left') onLeft?.(array.path, decision.reason)
      else if (decision.kind === 'change') rechunks.set(index, rechunkOf(array, index, decision.chunkShape))
    }
  } finally {
    await tails.close()
  }
  // The set may be read when its pipeline, and the signal of that, have come to their end.
  return rechunks.size === 0 ? set : rechunkedSet(set, rechunks, { open, signal: options.signal })
}

/**
 * Merges neighbouring chunks into larger ones: of the extents given along dimensions, or of so many bytes at most.
 * The chunks must lie in one file, one behind the other, so the references are gone through once beforehand. A last
 * chunk that reaches past the end of its file is copied, with zeros behind.
 * @throws UsageError for extents that are none, and for dimensions that no array of a set has.
 * @throws UnsupportedError where an array has codecs along a dimension that is named (a coordinate of its own dimension
 *   is left as it is), or its chunks do not adjoin: with the two chunks and the nearest extents that work. A size in
 *   bytes leaves such arrays as they are.
 */
export function mergeChunks(target: ChunkTarget, options: ChunkOptions = {}): Stage {
  checkChunkTarget(target, 'mergeChunks')
  return async function* (source, context = {}) {
    const signal = anySignal(options.signal, context.signal)
    const merge = (set: ReferenceSet, ending: AbortSignal) => mergeSet(set, target, options, ending)
    yield* mapOrdered(source, merge, { concurrency: AT_A_TIME, signal })
  }
}
