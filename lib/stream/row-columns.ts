/** Batches of rows while they are put together. */
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'

/** Rows of a batch, and the inlined bytes beyond which it has fewer. */
export const BATCH_ROWS = 4096
export const BATCH_BYTES = 1 << 18

/** The columns of a batch that is being filled. */
export interface Columns {
  readonly chunk: Float64Array
  readonly path: Uint32Array
  readonly offset: Float64Array
  readonly length: Float64Array
  readonly filterMask: Uint32Array
}

/** Columns with room for so many rows. */
export function newColumns(rows: number): Columns {
  return {
    chunk: new Float64Array(rows),
    path: new Uint32Array(rows),
    offset: new Float64Array(rows),
    length: new Float64Array(rows),
    filterMask: new Uint32Array(rows),
  }
}

/** What a batch has beside its columns. */
interface Rows extends Pick<ReferenceBatch, 'array' | 'rows' | 'paths' | 'raw'> {
  /** Whether any row has a mask. */
  readonly masked: boolean
}

/** A batch of these columns; masks and inlined bytes only where there are some. */
export function batchOf({ filterMask, ...columns }: Columns, { raw, masked, ...rows }: Rows): ReferenceBatch {
  return { kind: 'batch', ...rows, ...columns, ...(raw && { raw }), ...(masked && { filterMask }) }
}

/** The batch of an array that is one inlined chunk. */
export function inlinedBatch(array: number, bytes: Uint8Array): ReferenceBatch {
  return {
    kind: 'batch',
    array,
    rows: 1,
    chunk: Float64Array.of(0),
    path: Uint32Array.of(INLINE),
    paths: [],
    offset: Float64Array.of(0),
    length: Float64Array.of(bytes.length),
    raw: [bytes],
  }
}
