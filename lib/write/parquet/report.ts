/** What the Parquet sink is asked for, and what it tells. */
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { Journal } from '../journal.ts'
import type { SetCoverage } from '../records.ts'
import type { SinkProgress, SinkReport } from '../report.ts'

/** Bytes of one chunk that are kept in a shard where nothing else is asked for. */
export const INLINE_LIMIT = 1 << 20

/** How far the sink has come. */
export interface WriteProgress extends SinkProgress {
  readonly shards: number
}

/** How a set is written. */
export interface WriteParquetOptions {
  /** Rows of a shard; 100,000 by default. */
  readonly recordSize?: number
  /** Replace a reference set that is there. */
  readonly overwrite?: boolean
  /**
   * The set at the very path that is written to, opened: the one written begins with its chunks and takes its place. Full
   * shards are linked, so that the cost is that of what is new; what comes of them in the body is passed over.
   */
  readonly append?: ReferenceSet | undefined
  /** Keeps what is done, so that a build which is killed can be gone on with; ends with this build. */
  readonly journal?: Journal | undefined
  /**
   * The path or URL by which readers will reach the set: what references to bytes that are copied into files of the set
   * begin with; the absolute path that is written to by default.
   */
  readonly location?: string | undefined
  /** Bytes of one chunk that are kept in a shard; larger ones go to a file beside it. 1 MiB by default. */
  readonly inlineLimit?: number | undefined
  /**
   * Bytes of rows in open shards, one an array, that are held before some go to a temporary file; 64 MiB by default. With a
   * journal all of them are held.
   */
  readonly memoryBytes?: number | undefined
  /** What becomes of an array that references cannot express; 'fail' by default. */
  readonly onUnsupported?: 'fail' | 'skip'
  readonly signal?: AbortSignal | undefined
  /** Called after each batch, without waiting. */
  readonly onProgress?: (progress: WriteProgress) => void
}

/** What was written, and what was not. */
export interface WriteReport extends SinkReport {
  /** The set was there already as it would have been written, and nothing was done: only where a journal resumes. */
  readonly unchanged?: boolean
  readonly shards: number
  readonly coverage: SetCoverage
}
