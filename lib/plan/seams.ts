/** Chunks that no one grid holds as they are: where inputs of other lengths, chunks or codecs meet, they are copied. */
import { isEncodable } from '../codec/encode-chunk.ts'
import { isDecodable } from '../codec/registry.ts'
import { chunkCount, extentsSoFar, gridShape } from '../model/chunk-grid.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { BarrierKind } from './barriers.ts'
import { storageFacets } from './facets.ts'
import { arrayOf, type PlanInput } from './plan-input.ts'
import { hasChunks, type JoinedDimension, type PlannedArray } from './planned-array.ts'

/** What copying chunks heals. */
export const HEALED_KINDS: ReadonlySet<BarrierKind> = new Set(['partial-chunk', 'chunk-shape', 'codecs'])

/** The array of one input: rows `begin` to `end` of the result along the joined axis. */
export interface Stretch {
  /** Position of the input. */
  readonly at: number
  readonly array: ArrayMetadata
  readonly begin: number
  readonly end: number
  /** Rows of the result's chunk grid whose chunks are this input's own as they are: from, and to before which. */
  readonly kept: readonly [from: number, to: number]
}

export interface SeamPlan {
  /** As the result has it. */
  readonly array: ArrayMetadata
  /** The joined axis. */
  readonly axis: number
  /** Ascending along the axis; inputs without rows are none. */
  readonly stretches: readonly Stretch[]
  /** Chunks that are decoded and encoded anew, at most. */
  readonly chunks: number
  /** Bytes of them, decoded. */
  readonly bytes: number
}

/** Chunk shape and codecs that inputs have, the most common first; as many are tried. */
const CANDIDATES = 8
/** Bytes of one chunk that is put together. */
const MOST_CHUNK_BYTES = 2 ** 28

/**
 * One grid for all inputs of an array along the one joined dimension: that of the inputs which leaves the fewest bytes
 * to be copied. undefined where chunks cannot be decoded or encoded here, or the array is not joined along one axis of its own.
 */
export function planSeams(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
): SeamPlan | undefined {
  const [join] = planned.joins
  if (planned.role !== 'along' || planned.joins.length !== 1 || join.created) return undefined
  if (typeof planned.array.dataType === 'string' && planned.array.dataType === '|O') return undefined
  const own = stretchesOf(planned, inputs, dimensions[join.dim].slotOf)
  if (own.some(({ array }) => !array.codecs.every(isDecodable))) return undefined
  const plans = layoutsOf(own)
    .filter(isWritable)
    .map((layout) => planOver(planned.array, layout, join.axis, own))
  return plans.reduce<SeamPlan | undefined>(
    (best, plan) => (best && best.bytes <= plan.bytes ? best : plan),
    undefined,
  )
}

function stretchesOf(
  { array: { path }, owners, offsets: [offsets] }: PlannedArray,
  inputs: readonly PlanInput[],
  slotOf: Int32Array,
): Omit<Stretch, 'kept'>[] {
  return [...owners]
    .flatMap((at) => {
      const array = arrayOf(inputs[at], path)
      const slot = slotOf[at]
      return array && hasChunks(inputs[at], path)
        ? [{ at, array, begin: offsets[slot], end: offsets[slot + 1] }]
        : []
    })
    .sort((a, b) => a.begin - b.begin)
}

function layoutsOf(own: readonly Omit<Stretch, 'kept'>[]): ArrayMetadata[] {
  const layouts = new Map<string, { array: ArrayMetadata; count: number }>()
  for (const { array } of own) {
    const known = layouts.get(layoutKey(array))
    if (known) known.count++
    else layouts.set(layoutKey(array), { array, count: 1 })
  }
  return [...layouts.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, CANDIDATES)
    .map(({ array }) => array)
}

function layoutKey(array: ArrayMetadata): string {
  return storageFacets(array)
    .map(({ key }) => key)
    .join('\n')
}

function isWritable({ chunkShape, dataType, codecs }: ArrayMetadata): boolean {
  return codecs.every(isEncodable) && chunkCount(chunkShape) * itemSize(dataType) <= MOST_CHUNK_BYTES
}

function planOver(
  joined: ArrayMetadata,
  { chunkShape, codecs, fillValue, dataType }: ArrayMetadata,
  axis: number,
  own: readonly Omit<Stretch, 'kept'>[],
): SeamPlan {
  const array = { ...joined, chunkShape, codecs, fillValue }
  const grid = gridShape(extentsSoFar(array.shape), chunkShape)
  const total = array.shape[axis] ?? 0
  const key = layoutKey(array)
  const stretches = own.map((stretch) => ({
    ...stretch,
    kept: layoutKey(stretch.array) === key ? keptRows(stretch, chunkShape[axis], total) : ([0, 0] as const),
  }))
  const kept = stretches.reduce((rows, { kept: [from, to] }) => rows + to - from, 0)
  const chunks = (grid[axis] - kept) * (chunkCount(grid) / Math.max(1, grid[axis]))
  return { array, axis, stretches, chunks, bytes: chunks * chunkCount(chunkShape) * itemSize(dataType) }
}

/** Whole chunks of an input that begins where a chunk of the result does; the last one may be partial at the very end. */
function keptRows(
  { begin, end }: Omit<Stretch, 'kept'>,
  extent: number,
  total: number,
): readonly [from: number, to: number] {
  if (begin % extent !== 0) return [0, 0]
  const from = begin / extent
  return [from, end === total ? Math.ceil(end / extent) : Math.floor(end / extent)]
}
