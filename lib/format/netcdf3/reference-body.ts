/** The body of a netCDF classic file's reference set: rows that are computed, not read. */
import { chunkCount, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import { itemSize } from '../../model/data-type.ts'
import { firstIndex } from '../../model/first-index.ts'
import type { ArrayMetadata, Header } from '../../model/metadata.ts'
import { type Footer, INLINE, type Outcome, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { OpenAgain } from '../format.ts'
import { type ArrayPlan, pastTheEnd } from './array-plan.ts'
import { type PieceRuns, pieceOffset, runsOf } from './piece-runs.ts'

/** What is kept of a header until its body is read. */
export interface BodyPlan extends ArrayPlan {
  readonly header: Header
  readonly openAgain: OpenAgain
}

/** Where the chunks of one array are. */
interface Placement {
  readonly array: number
  readonly begin: number
  readonly recordBytes: number
  /** The pieces of one record where records are interleaved, else of all values. */
  readonly runs: PieceRuns
  readonly chunks: number
  /** The byte behind its last value. */
  readonly end: number
}

/** Rows of a batch. */
const BATCH_ROWS = 1 << 13
/** Copied bytes of a batch, from which on it is handed on. */
const BATCH_BYTES = 1 << 23

/** Computes the rows. The source is opened at the first pull, for its changes to be noticed, and closed at the end. */
export async function* scanBody(
  plan: BodyPlan,
  begins: readonly number[],
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const { arrays } = plan.header
  const asked = new Set(options.arrays ?? arrays.keys())
  const source = await plan.openAgain({ signal: options.signal })
  try {
    const missing = arrays.map(() => 0)
    for (const [array, metadata] of arrays.entries()) {
      if (!asked.has(array)) continue
      const placement = placementOf(plan, metadata, array, begins[array])
      const { from, to } = rangeOf(placement, options)
      let found = 0
      for await (const batch of batchesOf(source, placement, from, to, options.signal)) {
        found += batch.rows
        yield batch
      }
      missing[array] = to - from - found
    }
    yield footerOf(plan, begins, missing, source.size)
  } finally {
    await source.close()
  }
}

function placementOf(plan: ArrayPlan, metadata: ArrayMetadata, array: number, begin: number): Placement {
  const shape = extentsSoFar(metadata.shape)
  const axes = plan.interleaved[array] ? 1 : 0
  const itemBytes = itemSize(metadata.dataType)
  const runs = runsOf(shape.slice(axes), metadata.chunkShape.slice(axes), itemBytes)
  const records = plan.interleaved[array] ? shape[0] : 1
  const slab = shape.slice(axes).reduce((bytes, extent) => bytes * extent, itemBytes)
  return {
    array,
    begin,
    recordBytes: plan.recordBytes,
    runs,
    chunks: chunkCount(gridShape(shape, metadata.chunkShape)),
    end: begin + (records - 1) * plan.recordBytes + slab,
  }
}

function rangeOf(
  { chunks }: Placement,
  { from = 0, to = chunks }: BodyOptions,
): { from: number; to: number } {
  const end = Math.min(chunks, to)
  return { from: Math.min(from, end), to: end }
}

function offsetOf({ begin, recordBytes, runs }: Placement, chunk: number): number {
  return begin + Math.floor(chunk / runs.count) * recordBytes + pieceOffset(runs, chunk % runs.count)
}

/** The rows of the chunks from `from` to before `to`. */
async function* batchesOf(
  source: ByteSource,
  placement: Placement,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  // Chunks ascend in the file: those from here on are not in it as a whole.
  const whole = placement.end > source.size ? firstPast(placement, source.size) : to
  for (let chunk = from; chunk < Math.min(to, whole); chunk += BATCH_ROWS) {
    signal?.throwIfAborted()
    yield referenceRows(source.url, placement, chunk, Math.min(chunk + BATCH_ROWS, to, whole))
  }
  yield* copiedRows(source, placement, Math.max(from, whole), to, signal)
}

/** The first chunk that ends behind the file's last byte. */
function firstPast(placement: Placement, fileSize: number): number {
  const { chunks, runs } = placement
  return firstIndex(chunks, (chunk) => offsetOf(placement, chunk) + runs.pieceBytes > fileSize)
}

function referenceRows(url: string, placement: Placement, from: number, to: number): ReferenceBatch {
  const rows = to - from
  const chunk = new Float64Array(rows)
  const offset = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    chunk[row] = from + row
    offset[row] = offsetOf(placement, from + row)
  }
  const { array, runs } = placement
  const length = new Float64Array(rows).fill(runs.pieceBytes)
  return { kind: 'batch', array, rows, chunk, path: new Uint32Array(rows), paths: [url], offset, length }
}

/** Chunks that begin in the file and end behind it, with zeros there; libnetcdf reads them so. Whole zeros are no rows. */
async function* copiedRows(
  source: ByteSource,
  placement: Placement,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  const { pieceBytes } = placement.runs
  let batch: [chunk: number, bytes: Uint8Array][] = []
  for (let chunk = from; chunk < to; chunk++) {
    const offset = offsetOf(placement, chunk)
    if (offset >= source.size) break
    const there = Math.min(pieceBytes, source.size - offset)
    const bytes = new Uint8Array(pieceBytes)
    bytes.set(await source.read(offset, there, { signal }))
    batch.push([chunk, bytes])
    if (batch.length * pieceBytes < BATCH_BYTES) continue
    yield copiedBatch(source.url, placement.array, batch)
    batch = []
  }
  if (batch.length > 0) yield copiedBatch(source.url, placement.array, batch)
}

function copiedBatch(
  url: string,
  array: number,
  copied: readonly (readonly [chunk: number, bytes: Uint8Array])[],
): ReferenceBatch {
  const rows = copied.length
  return {
    kind: 'batch',
    array,
    rows,
    chunk: Float64Array.from(copied, ([chunk]) => chunk),
    path: new Uint32Array(rows).fill(INLINE),
    paths: [url],
    offset: new Float64Array(rows),
    length: Float64Array.from(copied, ([, bytes]) => bytes.length),
    raw: copied.map(([, bytes]) => bytes),
  }
}

function footerOf(
  plan: BodyPlan,
  begins: readonly number[],
  missing: readonly number[],
  fileSize: number,
): Footer {
  const { arrays, skipped, notes } = plan.header
  const outcomes = arrays.map((metadata, array): Outcome => {
    const { path } = metadata
    const { chunks, end } = placementOf(plan, metadata, array, begins[array])
    if (chunks === 0 || end <= fileSize) return { path, outcome: 'referenced' }
    const reason = `${pastTheEnd(end, fileSize)}: zeros stand for them, as libnetcdf reads them`
    return { path, outcome: 'copied', reason }
  })
  const left = skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  return {
    kind: 'footer',
    shapes: arrays.map(({ shape }) => extentsSoFar(shape)),
    missing,
    dropped: [],
    coverage: { arrays: [...outcomes, ...left], notes },
  }
}
