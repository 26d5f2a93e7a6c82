/** The body of an HDF5 file's reference set: array by array, straight to where the chunks are found. */
import { UnsupportedError } from '../../errors.ts'
import { chunkCount, chunkKey, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, Header } from '../../model/metadata.ts'
import {
  type Coverage,
  type Footer,
  INLINE,
  type Outcome,
  type ReferenceBatch,
} from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import type { ArrayStorage, PlannedArray } from './array-storage.ts'
import type { ChunkColumns } from './chunk-index/index.ts'
import { scanChunks } from './chunk-index/scan.ts'
import { damageOrThrow } from './damage.ts'
import type { Hdf5File } from './file.ts'
import { activeFilters } from './filter-codec.ts'
import { scanStringChunks } from './string-chunks.ts'

/** What is kept of a header until its body is read. */
export interface BodyPlan {
  readonly header: Header
  readonly arrays: readonly PlannedArray[]
  /** All of the file but its source, which is opened anew. */
  readonly file: Omit<Hdf5File, 'source'>
  readonly openAgain: OpenAgain
  readonly onUnsupported: FormatOptions['onUnsupported']
}

interface Range {
  readonly from: number
  readonly to: number
  readonly signal?: AbortSignal | undefined
}

/** What became of one array. */
interface ArrayEnd {
  readonly missing: number
  /** Why it cannot be referenced after all. */
  readonly dropped?: string
}

const NOT_ASKED: ArrayEnd = { missing: 0 }
/** Strings are handed on when they have become this many rows, or that many bytes. */
const STRING_ROWS = 1024
const STRING_BYTES = 1 << 22

/** Arrays whose first batch is under way while the one before them is handed on: an index may be a round trip away. */
const ARRAYS_AHEAD = 8

/** Reads the chunk indexes. The source is opened at the first pull and closed when it ends, however it ends. */
export async function* scanBody(
  plan: BodyPlan,
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const asked = new Set(options.arrays ?? plan.arrays.keys())
  const wanted = [...plan.arrays.keys()].filter((array) => asked.has(array))
  const source = await plan.openAgain({ signal: options.signal })
  const open: ArrayScan[] = []
  try {
    const file = { ...plan.file, source }
    const ends: ArrayEnd[] = plan.arrays.map(() => NOT_ASKED)
    const queue = wanted[Symbol.iterator]()
    const start = (): void => {
      const { done, value: array } = queue.next()
      if (!done) open.push(startScan(file, plan.arrays[array], array, options))
    }
    for (let i = 0; i < ARRAYS_AHEAD; i++) start()
    for (let scan = open.at(0); scan; scan = open.at(0)) {
      ends[scan.array] = yield* scanArray(file, plan, scan)
      open.shift()
      start()
    }
    yield footerOf(plan, ends)
  } finally {
    await Promise.allSettled(open.map(({ batches }) => batches.return()))
    await source.close()
  }
}

/** An array whose first batch has been asked for. */
interface ArrayScan {
  readonly array: number
  readonly range: Range
  readonly batches: AsyncGenerator<ReferenceBatch, void>
  readonly first: Promise<IteratorResult<ReferenceBatch, void>>
}

function startScan(file: Hdf5File, planned: PlannedArray, array: number, options: BodyOptions): ArrayScan {
  const range = rangeOf(planned.metadata, options)
  const batches = batchesOf(file, planned, array, range)
  const first = batches.next()
  // A failure waits for its turn, and is no unhandled rejection until then.
  first.catch(() => {})
  return { array, range, batches, first }
}

function shapeOf({ shape }: ArrayMetadata): number[] {
  return shape.map((extent) => extent ?? 0)
}

function rangeOf(metadata: ArrayMetadata, { from = 0, to, signal }: BodyOptions): Range {
  const count = chunkCount(gridShape(shapeOf(metadata), metadata.chunkShape))
  const end = Math.min(count, to ?? count)
  return { from: Math.min(from, end), to: end, signal }
}

async function* scanArray(
  file: Hdf5File,
  plan: BodyPlan,
  { array, range, batches, first }: ArrayScan,
): AsyncGenerator<ReferenceBatch, ArrayEnd> {
  let found = 0
  try {
    for (let next = await first; !next.done; next = await batches.next()) {
      found += next.value.rows
      yield next.value
    }
    return { missing: range.to - range.from - found }
  } catch (error) {
    const damage = damageOrThrow(error)
    if (plan.onUnsupported === 'fail') throw failure(damage, file, plan.arrays[array])
    const dropped = damage instanceof UnsupportedError ? damage.feature : damage.message
    return { missing: range.to - range.from - found, dropped }
  }
}

/** Damage as it is; what cannot be referenced with its place, and with the way round it. */
function failure(damage: Error, file: Hdf5File, { metadata }: PlannedArray): Error {
  if (!(damage instanceof UnsupportedError)) return damage
  const { url } = file.source
  const message = `${url}: ${metadata.path}: ${damage.feature}. --on-unsupported skip goes on without the array.`
  return new UnsupportedError(damage.feature, { url, array: metadata.path }, message)
}

async function* batchesOf(
  file: Hdf5File,
  { storage, metadata }: PlannedArray,
  array: number,
  range: Range,
): AsyncGenerator<ReferenceBatch, void> {
  if (range.from >= range.to) return
  if (storage.kind === 'strings') yield* stringBatches(file, storage, array, range)
  else if (storage.kind === 'chunked') yield* chunkBatches(file, storage, metadata, array, range)
  else yield* singleRow(file, storage, array)
}

/** An array that is one chunk. */
function singleRow(
  file: Hdf5File,
  storage: Exclude<ArrayStorage, { kind: 'chunked' }>,
  array: number,
): ReferenceBatch[] {
  const kind = 'batch'
  const one = { kind, array, rows: 1, chunk: Float64Array.of(0), paths: [file.source.url] } as const
  if (storage.kind === 'compact') {
    const { data } = storage
    const inline = {
      path: Uint32Array.of(INLINE),
      offset: Float64Array.of(0),
      length: Float64Array.of(data.length),
    }
    return [{ ...one, ...inline, raw: [data] }]
  }
  if (storage.offset === undefined) return []
  const { offset, length } = storage
  return [
    { ...one, path: Uint32Array.of(0), offset: Float64Array.of(offset), length: Float64Array.of(length) },
  ]
}

async function* chunkBatches(
  file: Hdf5File,
  { dataset, filters }: ArrayStorage & { readonly kind: 'chunked' },
  metadata: ArrayMetadata,
  array: number,
  range: Range,
): AsyncGenerator<ReferenceBatch> {
  const active = activeFilters(filters)
  const paths = [file.source.url]
  for await (const columns of scanChunks(file, dataset, range)) {
    refuseMasks(columns, active, metadata)
    const { rows, chunk, offset, length } = columns
    if (rows > 0)
      yield { kind: 'batch', array, rows, chunk, path: new Uint32Array(rows), paths, offset, length }
  }
}

/** Zarr's filters apply to all chunks alike. */
function refuseMasks(
  { rows, chunk, filterMask }: ChunkColumns,
  active: number,
  metadata: ArrayMetadata,
): void {
  if (!filterMask) return
  for (let row = 0; row < rows; row++) {
    if ((filterMask[row] & active) === 0) continue
    const at = chunkCoordinatesOf(chunk[row], metadata)
    throw new UnsupportedError(
      `chunk ${at} is stored without some of its filters (filter mask ${filterMask[row]})`,
    )
  }
}

function chunkCoordinatesOf(chunk: number, metadata: ArrayMetadata): string {
  return chunkKey(chunk, gridShape(shapeOf(metadata), metadata.chunkShape))
}

async function* stringBatches(
  file: Hdf5File,
  storage: Parameters<typeof scanStringChunks>[1],
  array: number,
  range: Range,
): AsyncGenerator<ReferenceBatch> {
  let chunks: number[] = []
  let raw: Uint8Array[] = []
  let bytes = 0
  for await (const next of scanStringChunks(file, storage, range)) {
    chunks.push(next.chunk)
    raw.push(next.bytes)
    bytes += next.bytes.length
    if (raw.length < STRING_ROWS && bytes < STRING_BYTES) continue
    yield inlineBatch(file, array, chunks, raw)
    chunks = []
    raw = []
    bytes = 0
  }
  if (raw.length > 0) yield inlineBatch(file, array, chunks, raw)
}

function inlineBatch(file: Hdf5File, array: number, chunks: number[], raw: Uint8Array[]): ReferenceBatch {
  const rows = raw.length
  const length = Float64Array.from(raw, (bytes) => bytes.length)
  const path = new Uint32Array(rows).fill(INLINE)
  const chunk = Float64Array.from(chunks)
  return {
    kind: 'batch',
    array,
    rows,
    chunk,
    path,
    paths: [file.source.url],
    offset: new Float64Array(rows),
    length,
    raw,
  }
}

function footerOf({ header, arrays }: BodyPlan, ends: readonly ArrayEnd[]): Footer {
  const outcomes = arrays.map(({ metadata: { path }, storage }, i): Outcome => {
    const { dropped } = ends[i]
    if (dropped !== undefined) return { path, outcome: 'skipped', reason: dropped }
    if (storage.kind === 'strings') return { path, outcome: 'copied', reason: 'variable-length strings' }
    if (storage.kind === 'compact')
      return { path, outcome: 'copied', reason: "compact: stored in the file's header" }
    return { path, outcome: 'referenced' }
  })
  const skipped = header.skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  const coverage: Coverage = { arrays: [...outcomes, ...skipped], notes: header.notes }
  return {
    kind: 'footer',
    shapes: arrays.map(({ metadata }) => shapeOf(metadata)),
    missing: ends.map(({ missing }) => missing),
    dropped: [...ends.keys()].filter((i) => ends[i].dropped !== undefined),
    coverage,
  }
}
