/** References in columns: many chunks of one array at a time, never an object a chunk. */

/** In `ReferenceBatch.path`: the chunk's bytes are in `raw`. */
export const INLINE = 0xffffffff

/**
 * Rows of one array. A row with `offset` 0 and `length` 0 stands for the whole file, whose length is not told, as in
 * kerchunk's Parquet sets; a chunk of no bytes is inlined.
 * `chunk` strictly ascends over all batches of an array; a gap is a missing chunk.
 */
export interface ReferenceBatch {
  readonly kind: 'batch'
  /** Index into the header's `arrays`. */
  readonly array: number
  /** How many entries of each column count; the columns may be longer. */
  readonly rows: number
  /** Flat C-order number in the chunk grid. */
  readonly chunk: Float64Array
  /** Index into `paths`, or INLINE. */
  readonly path: Uint32Array
  /** Batches may share one list, which may grow between them. */
  readonly paths: readonly string[]
  /** Bytes from the start of the file; exact to 2^53. */
  readonly offset: Float64Array
  /** Bytes. */
  readonly length: Float64Array
  /** Inlined chunks: null where the row is a reference. */
  readonly raw?: readonly (Uint8Array | null)[]
  /** HDF5's filter mask, where some chunk of the batch skips a filter (0: none skipped). */
  readonly filterMask?: Uint32Array
}

/** How an array ended. */
export interface Outcome {
  readonly path: string
  readonly outcome: 'referenced' | 'copied' | 'skipped'
  readonly reason?: string
}

/** What became of everything that the inputs hold. */
export interface Coverage {
  readonly arrays: readonly Outcome[]
  readonly notes: readonly { readonly path: string; readonly reason: string }[]
}

/** The end of a body: what was not known at its beginning. */
export interface Footer {
  readonly kind: 'footer'
  /** The final shape of each array. */
  readonly shapes: readonly (readonly number[])[]
  /** Absent chunks, per array. */
  readonly missing: readonly number[]
  /** Arrays that were announced and then found unreferenceable: the sink discards their shards. */
  readonly dropped: readonly number[]
  readonly coverage: Coverage
}
