/** The rows of one array: references straight to its chunks, or the bytes that references could not say. */
import { UnsupportedError } from '../../errors.ts'
import { chunkKey, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import { inlinedBatch } from '../../stream/row-columns.ts'
import { scanChunks } from './chunk-index/scan.ts'
import { copyRows, isRewritable } from './decoded/copied-rows.ts'
import { type ChunkRange, scanStringChunks } from './decoded/string-chunks.ts'
import { convertStrings } from './decoded/string-conversion.ts'
import { scanStructureChunks } from './decoded/structure-chunks.ts'
import type { Hdf5File } from './file.ts'
import { activeFilters } from './filter-codec.ts'
import type { ArrayStorage, PlannedArray } from './planned-array.ts'

/** Strings are handed on when they have become this many rows, or that many bytes. */
const STRING_ROWS = 1024
const STRING_BYTES = 1 << 22

/** How the chunks of an array are read. */
export interface BatchOptions extends ChunkRange {
  /** Whether chunks that references cannot express are copied. */
  readonly copies: boolean
  /** Told once, where chunks are copied because they skip some of their filters. */
  readonly onMasked: () => void
}

/** The batches of one array, in the order of its chunks. */
export async function* batchesOf(
  file: Hdf5File,
  planned: PlannedArray,
  array: number,
  range: BatchOptions,
): AsyncGenerator<ReferenceBatch, void> {
  const { storage, metadata, padded, recoded } = planned
  if (range.from >= range.to) return
  if (storage.kind === 'foreign') {
    yield* storage.chunks.batches(array, range)
    return
  }
  if ('pointers' in storage) {
    const chunks =
      storage.kind === 'strings'
        ? scanStringChunks(file, storage, range)
        : scanStructureChunks(file, storage, metadata.codecs, range)
    yield* inlineBatches(file, chunks, array)
    return
  }
  const batches =
    storage.kind === 'chunked'
      ? chunkBatches(file, { ...planned, storage }, array, range)
      : singleRow(file, storage, array)
  if (!padded || recoded || storage.kind === 'compact') {
    yield* batches
    return
  }
  for await (const batch of batches) {
    yield* convertStrings(file.source, batch, { metadata, padded }, range.signal)
  }
}

/** An array that is one chunk. */
function singleRow(
  file: Hdf5File,
  storage: Exclude<ArrayStorage, { kind: 'chunked' }>,
  array: number,
): ReferenceBatch[] {
  if (storage.kind === 'compact') return [inlinedBatch(array, storage.data)]
  if (storage.offset === undefined) return []
  const { offset, length } = storage
  const place = { path: Uint32Array.of(0), offset: Float64Array.of(offset), length: Float64Array.of(length) }
  return [{ kind: 'batch', array, rows: 1, chunk: Float64Array.of(0), paths: [file.source.url], ...place }]
}

interface ChunkedArray extends PlannedArray {
  readonly storage: ArrayStorage & { readonly kind: 'chunked' }
}

async function* chunkBatches(
  file: Hdf5File,
  { metadata, padded, recoded, storage: { dataset, filters } }: ChunkedArray,
  array: number,
  range: BatchOptions,
): AsyncGenerator<ReferenceBatch> {
  const { copies, onMasked, signal } = range
  const active = activeFilters(filters)
  const paths = [file.source.url]
  const copied = { metadata, filters, padded, which: recoded ? 'all' : 'masked' } as const
  for await (const { rows, chunk, offset, length, filterMask } of scanChunks(file, dataset, range)) {
    if (rows === 0) continue
    const batch = {
      kind: 'batch',
      array,
      rows,
      chunk,
      path: new Uint32Array(rows),
      paths,
      offset,
      length,
    } as const
    const masked = filterMask?.findIndex((mask, row) => row < rows && (mask & active) !== 0) ?? -1
    if (!recoded && masked < 0) yield batch
    else {
      if (!recoded && !(copies && isRewritable(metadata)))
        throw maskRefusal(chunk[masked], filterMask?.[masked], metadata)
      if (!recoded) onMasked()
      yield* copyRows(file.source, filterMask ? { ...batch, filterMask } : batch, copied, signal)
    }
  }
}

/** Zarr's filters apply to all chunks alike. */
function maskRefusal(chunk: number, mask: number | undefined, metadata: ArrayMetadata): UnsupportedError {
  const at = chunkCoordinatesOf(chunk, metadata)
  const feature = `chunk ${at} is stored without some of its filters (filter mask ${mask})`
  return new UnsupportedError(feature, { copyable: isRewritable(metadata) })
}

function chunkCoordinatesOf(chunk: number, { shape, chunkShape }: ArrayMetadata): string {
  return chunkKey(chunk, gridShape(extentsSoFar(shape), chunkShape))
}

/** Chunks that are encoded as an array's are. */
async function* inlineBatches(
  file: Hdf5File,
  chunks: AsyncIterable<{ readonly chunk: number; readonly bytes: Uint8Array }>,
  array: number,
): AsyncGenerator<ReferenceBatch> {
  let numbers: number[] = []
  let raw: Uint8Array[] = []
  let bytes = 0
  for await (const next of chunks) {
    numbers.push(next.chunk)
    raw.push(next.bytes)
    bytes += next.bytes.length
    if (raw.length < STRING_ROWS && bytes < STRING_BYTES) continue
    yield inlineBatch(file, array, numbers, raw)
    numbers = []
    raw = []
    bytes = 0
  }
  if (raw.length > 0) yield inlineBatch(file, array, numbers, raw)
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
