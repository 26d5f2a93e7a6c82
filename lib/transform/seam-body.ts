/** The references of an array whose inputs no one grid holds: their own chunks where these fit, copies between them. */
import { chunkCoordinates, chunkCount, extentsSoFar, gridShape, gridStrides } from '../model/chunk-grid.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { PlanInput } from '../plan/plan-input.ts'
import { chunkBytes, type SeamPlan, type Stretch } from '../plan/seams.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { mapOrdered } from '../stream/map-ordered.ts'
import { ReferenceSorter } from '../stream/sort-spill.ts'
import { SeamChunks } from './seam-chunks.ts'

/** What is read, and how. */
export interface SeamBodyOptions {
  readonly inputs: readonly PlanInput[]
  readonly open: OpenSource
  /** Chunk numbers of the result. */
  readonly from: number
  readonly to: number
  /** Told the footer of each body that is read. */
  readonly onFooter: (input: PlanInput, footer: Footer) => void
  readonly signal?: AbortSignal | undefined
}

/** Bytes of copied chunks that one batch carries, about. */
const BATCH_BYTES = 1 << 22
/** Chunks that are put together at a time, and bytes of them, decoded, where these are more than one has. */
const AT_A_TIME = 4
const BYTES_AT_A_TIME = 1 << 26

/** The array's rows in ascending order; `array` is its index in the result. */
export async function* seamBody(
  plan: SeamPlan,
  array: number,
  options: SeamBodyOptions,
): AsyncGenerator<ReferenceBatch> {
  const grid = gridShape(extentsSoFar(plan.array.shape), plan.array.chunkShape)
  const isAscending = grid.slice(0, plan.axis).every((extent) => extent <= 1)
  if (isAscending) {
    yield* rowsInTurn(plan, array, grid, options)
    return
  }
  const sorter = new ReferenceSorter({ signal: options.signal })
  try {
    for await (const batch of rowsInTurn(plan, array, grid, options)) await sorter.add(batch)
    yield* sorter.batches()
  } finally {
    await sorter.close()
  }
}

/** Along the joined axis: ascending where no axis before it has more than one chunk. */
async function* rowsInTurn(
  plan: SeamPlan,
  array: number,
  grid: readonly number[],
  options: SeamBodyOptions,
): AsyncGenerator<ReferenceBatch> {
  const dropped = new Map<number, Footer>()
  const chunks = new SeamChunks(plan, { ...options, onDropped: (at, footer) => dropped.set(at, footer) })
  try {
    let row = 0
    for (const stretch of plan.stretches) {
      const [from, to] = stretch.kept
      if (from >= to) continue
      yield* copiedRows(plan, array, grid, [row, from], chunks, options)
      if (isMet(plan, grid, stretch.kept, options)) yield* keptRows(plan, array, grid, stretch, options)
      row = to
    }
    yield* copiedRows(plan, array, grid, [row, grid[plan.axis]], chunks, options)
    // Chunks are read side by side: in the order of the inputs these are the same each time.
    for (const [at, footer] of [...dropped].sort(([a], [b]) => a - b)) {
      options.onFooter(options.inputs[at], footer)
    }
  } finally {
    await chunks.close()
  }
}

/** Whether chunks that are asked for may lie in these rows of the grid along the joined axis. */
function isMet(
  { axis }: SeamPlan,
  grid: readonly number[],
  [first, last]: readonly [number, number],
  { from, to }: SeamBodyOptions,
): boolean {
  const behind = gridStrides(grid)[axis]
  const outermost = (chunkCount(grid.slice(0, axis)) - 1) * grid[axis]
  return first * behind < to && (outermost + last) * behind > from
}

/** Numbers of the chunks in rows of the grid along the joined axis, of those asked for. */
function* numbersOf(
  { axis }: SeamPlan,
  grid: readonly number[],
  [first, last]: readonly [number, number],
  { from, to }: SeamBodyOptions,
): Generator<number> {
  const strides = gridStrides(grid)
  const before = chunkCount(grid.slice(0, axis))
  const behind = strides[axis] ?? 1
  for (let row = first; row < last; row++) {
    for (let outer = 0; outer < before; outer++) {
      const start = (outer * grid[axis] + row) * behind
      for (let number = Math.max(start, from); number < Math.min(start + behind, to); number++) yield number
    }
  }
}

async function* copiedRows(
  plan: SeamPlan,
  array: number,
  grid: readonly number[],
  rows: readonly [number, number],
  chunks: SeamChunks,
  options: SeamBodyOptions,
): AsyncGenerator<ReferenceBatch> {
  const { signal } = options
  const read = async (number: number) => ({ number, bytes: await chunks.read(number) })
  let found: { number: number; bytes: Uint8Array }[] = []
  let size = 0
  const numbers = numbersOf(plan, grid, rows, options)
  const concurrency = Math.max(1, Math.min(AT_A_TIME, Math.floor(BYTES_AT_A_TIME / chunkBytes(plan.array))))
  for await (const { number, bytes } of mapOrdered(numbers, read, { concurrency, signal })) {
    if (!bytes) continue
    found.push({ number, bytes })
    size += bytes.length
    if (size < BATCH_BYTES) continue
    yield copiedBatch(array, found)
    found = []
    size = 0
  }
  if (found.length > 0) yield copiedBatch(array, found)
  await chunks.release(rows[1] * plan.array.chunkShape[plan.axis])
}

function copiedBatch(array: number, found: readonly { number: number; bytes: Uint8Array }[]): ReferenceBatch {
  const rows = found.length
  return {
    kind: 'batch',
    array,
    rows,
    chunk: Float64Array.from(found, ({ number }) => number),
    path: new Uint32Array(rows).fill(INLINE),
    paths: [],
    offset: new Float64Array(rows),
    length: Float64Array.from(found, ({ bytes }) => bytes.length),
    raw: found.map(({ bytes }) => bytes),
  }
}

/** The chunks of one input that stay where they are. */
async function* keptRows(
  plan: SeamPlan,
  array: number,
  grid: readonly number[],
  { at, begin, kept: [from, to], array: own }: Stretch,
  options: SeamBodyOptions,
): AsyncGenerator<ReferenceBatch> {
  const { axis } = plan
  const input = options.inputs[at]
  const index = input.indexOf.get(own.path) ?? -1
  const ownGrid = gridShape(extentsSoFar(own.shape), own.chunkShape)
  const strides = gridStrides(grid)
  const shift = begin / plan.array.chunkShape[axis]
  const numberOf = (chunk: number): number => {
    const coordinates = chunkCoordinates(chunk, ownGrid)
    const row = coordinates[axis] + shift
    if (row < from || row >= to) return -1
    return coordinates.reduce((number, each, k) => number + (k === axis ? row : each) * strides[k], 0)
  }
  for await (const item of input.set.body({ arrays: [index], signal: options.signal })) {
    if (item.kind === 'footer') options.onFooter(input, item)
    else if (item.array === index) yield* within(item, array, numberOf, options)
  }
}

/** The rows whose number in the result is one that is asked for. */
function* within(
  batch: ReferenceBatch,
  array: number,
  numberOf: (chunk: number) => number,
  { from, to }: SeamBodyOptions,
): Generator<ReferenceBatch> {
  const numbers = batch.chunk.subarray(0, batch.rows).map(numberOf)
  const rows = [...numbers.keys()].filter((row) => numbers[row] >= Math.max(0, from) && numbers[row] < to)
  if (rows.length === 0) return
  const { raw, filterMask } = batch
  yield {
    kind: 'batch',
    array,
    rows: rows.length,
    chunk: Float64Array.from(rows, (row) => numbers[row]),
    path: Uint32Array.from(rows, (row) => batch.path[row]),
    paths: batch.paths,
    offset: Float64Array.from(rows, (row) => batch.offset[row]),
    length: Float64Array.from(rows, (row) => batch.length[row]),
    ...(raw && { raw: rows.map((row) => raw[row]) }),
    ...(filterMask && { filterMask: Uint32Array.from(rows, (row) => filterMask[row]) }),
  }
}
