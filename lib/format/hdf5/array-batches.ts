/** The rows of one array: references straight to its chunks, or the bytes that references could not say. */
import { UnsupportedError } from '../../errors.ts'
import { chunkKey, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { ArrayStorage, PlannedArray } from './array-storage.ts'
import type { ChunkColumns } from './chunk-index/index.ts'
import { scanChunks } from './chunk-index/scan.ts'
import type { Hdf5File } from './file.ts'
import { activeFilters } from './filter-codec.ts'
import { type ChunkRange, scanStringChunks } from './string-chunks.ts'
import { convertStrings } from './string-conversion.ts'

/** Strings are handed on when they have become this many rows, or that many bytes. */
const STRING_ROWS = 1024
const STRING_BYTES = 1 << 22

/** The batches of one array, in the order of its chunks. */
export async function* batchesOf(
  file: Hdf5File,
  { storage, metadata, padded }: PlannedArray,
  array: number,
  range: ChunkRange,
): AsyncGenerator<ReferenceBatch, void> {
  if (range.from >= range.to) return
  if (storage.kind === 'strings') {
    yield* stringBatches(file, storage, array, range)
    return
  }
  const batches =
    storage.kind === 'chunked'
      ? chunkBatches(file, storage, metadata, array, range)
      : singleRow(file, storage, array)
  if (!padded || storage.kind === 'compact') {
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
  range: ChunkRange,
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

function chunkCoordinatesOf(chunk: number, { shape, chunkShape }: ArrayMetadata): string {
  return chunkKey(chunk, gridShape(extentsSoFar(shape), chunkShape))
}

async function* stringBatches(
  file: Hdf5File,
  storage: Parameters<typeof scanStringChunks>[1],
  array: number,
  range: ChunkRange,
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
