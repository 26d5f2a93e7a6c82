/** Chunks that skip some of their array's filters: decoded, and encoded as the others are. */
import { decodeChunk } from '../../codec/decode-chunk.ts'
import { encodeChunk, isEncodable } from '../../codec/encode-chunk.ts'
import { isDecodable } from '../../codec/registry.ts'
import { UnsupportedError } from '../../errors.ts'
import { chunkCount } from '../../model/chunk-grid.ts'
import { itemSize } from '../../model/data-type.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { FormatOptions } from '../format.ts'
import type { PlannedArray } from './array-plan.ts'
import { codecsOf } from './filter-codec.ts'

/** Bytes of a chunk that is copied. */
const MOST_BYTES = 1 << 26
/** Bytes that a batch is handed on with, once it has as many. */
const BATCH_BYTES = 1 << 22

/** What they are called in the coverage, and where they are refused. */
export const MASKED = 'chunks stored without some of their filters'

type Options = Pick<FormatOptions, 'openExternal' | 'signal'>

/** Whether chunks of the array can be decoded and encoded anew. */
export function isRewritable({ codecs, chunkShape, dataType }: ArrayMetadata): boolean {
  const size = chunkCount(chunkShape) * itemSize(dataType)
  return size <= MOST_BYTES && codecs.every((codec) => isDecodable(codec) && isEncodable(codec))
}

/** The rows of a batch, those with a mask as bytes. */
export async function* copyMasked(
  batch: ReferenceBatch,
  planned: PlannedArray,
  options: Options,
): AsyncGenerator<ReferenceBatch> {
  let from = 0
  let raw: (Uint8Array | null)[] = []
  let bytes = 0
  for (let row = 0; row < batch.rows; row++) {
    const copy = await copyChunk(batch, row, planned, options)
    raw.push(copy)
    bytes += copy?.length ?? 0
    if (bytes < BATCH_BYTES) continue
    yield withRaw(batch, from, raw)
    from = row + 1
    raw = []
    bytes = 0
  }
  if (raw.length > 0) yield withRaw(batch, from, raw)
}

async function copyChunk(
  batch: ReferenceBatch,
  row: number,
  { masked, metadata }: PlannedArray,
  { openExternal, signal }: Options,
): Promise<Uint8Array | null> {
  const mask = (batch.filterMask?.[row] ?? 0) & (masked?.bits ?? 0)
  if (!masked || mask === 0) return null
  const [offset, length] = [batch.offset[row], batch.length[row]]
  const url = batch.paths[batch.path[row]]
  if (!openExternal || length > MOST_BYTES)
    throw new UnsupportedError(`a chunk of ${length} bytes without some of its filters`, {
      url,
      array: metadata.path,
    })
  const source = await openExternal(url, { signal })
  const stored = await readAndClose(source, offset, length, signal)
  const size = chunkCount(metadata.chunkShape) * itemSize(metadata.dataType)
  const place = { url, offset, array: metadata.path }
  const bytes = await decodeChunk(stored, codecsOf(masked.filters, mask), { size, ...place })
  return encodeChunk(bytes, metadata.codecs)
}

async function readAndClose(
  source: ByteSource,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    return await source.read(offset, length, { signal })
  } finally {
    await source.close()
  }
}

/** The rows from `from` on, with these bytes where there are any. */
function withRaw(batch: ReferenceBatch, from: number, raw: readonly (Uint8Array | null)[]): ReferenceBatch {
  const { kind, array, paths } = batch
  const to = from + raw.length
  const [path, offset, length] = [batch.path, batch.offset, batch.length].map((column) =>
    column.slice(from, to),
  )
  for (const [row, bytes] of raw.entries()) {
    if (!bytes) continue
    path[row] = INLINE
    offset[row] = 0
    length[row] = bytes.length
  }
  return {
    kind,
    array,
    paths,
    rows: raw.length,
    chunk: batch.chunk.slice(from, to),
    path: Uint32Array.from(path),
    offset: Float64Array.from(offset),
    length: Float64Array.from(length),
    raw,
  }
}
