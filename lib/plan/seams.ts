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

/** How an array is joined of inputs that no one grid holds. */
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
/** Bytes of one chunk that is decoded or put together. */
const MOST_CHUNK_BYTES = 2 ** 28

/**
 * One grid for all inputs of an array along the one joined dimension: that of the inputs which leaves the fewest bytes
 * to be copied, of these the one with the smallest chunks. undefined where chunks cannot be decoded or encoded here, or
 * the array is not joined along one axis of its own.
 */
export function planSeams(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
): SeamPlan | undefined {
  const [join] = planned.joins
  if (planned.role !== 'along' || planned.joins.length !== 1 || join.created) return undefined
  if (planned.array.dataType === '|O') return undefined
  const own = stretchesOf(planned, inputs, dimensions[join.dim].slotOf)
  if (!own.every(({ array }) => isReadable(array))) return undefined
  const plans = layoutsOf(own)
    .filter(isWritable)
    .map((layout) => planOver(planned.array, layout, join.axis, own))
  const [best] = plans.sort((a, b) => a.bytes - b.bytes || chunkBytes(a.array) - chunkBytes(b.array))
  return best
}

/** What to do where this is all that stands in the way of the array; nothing where it cannot be done. */
export function copyAdvice(...args: Parameters<typeof planSeams>): string {
  return planSeams(...args)
    ? '; or copy the chunks that do not fit (--on-mismatch copy; kstream plan tells how much that is)'
    : ''
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

/** Of a chunk without codecs parts can be read. */
function isReadable(array: ArrayMetadata): boolean {
  const { codecs } = array
  return codecs.length === 0 || (codecs.every(isDecodable) && chunkBytes(array) <= MOST_CHUNK_BYTES)
}

function isWritable(array: ArrayMetadata): boolean {
  return array.codecs.every(isEncodable) && chunkBytes(array) <= MOST_CHUNK_BYTES
}

/** Decoded. */
export function chunkBytes({ chunkShape, dataType }: ArrayMetadata): number {
  return chunkCount(chunkShape) * itemSize(dataType)
}

function planOver(
  joined: ArrayMetadata,
  { chunkShape, codecs, fillValue }: ArrayMetadata,
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
  return { array, axis, stretches, chunks, bytes: chunks * chunkBytes(array) }
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
