/** What the Parquet sink is asked for, and what it tells. */
import type { Skipped } from '../../model/metadata.ts'
import type { SetCoverage } from '../records.ts'

export interface WriteProgress {
  /** References written or waiting in an open shard. */
  readonly references: number
  readonly inlined: number
  readonly shards: number
  /** Bytes written. */
  readonly bytes: number
}

export interface WriteParquetOptions {
  /** Rows of a shard; 100,000 by default. */
  readonly recordSize?: number
  /** Replace a reference set that is there. */
  readonly overwrite?: boolean
  /** What becomes of an array that references cannot express; 'fail' by default. */
  readonly onUnsupported?: 'fail' | 'skip'
  readonly signal?: AbortSignal | undefined
  /** Called after each batch, without waiting. */
  readonly onProgress?: (progress: WriteProgress) => void
}

/** What was written, and what was not. */
export interface WriteReport {
  readonly path: string
  /** Arrays in the set. */
  readonly arrays: number
  readonly references: number
  /** Chunks whose bytes are in the set itself. */
  readonly inlined: number
  /** Chunks of the grids that are not there and read as the fill value. */
  readonly missing: number
  readonly shards: number
  /** Bytes of the set on disk. */
  readonly bytes: number
  /** Bytes that the references point at. */
  readonly referencedBytes: number
  readonly skipped: readonly Skipped[]
  readonly notes: readonly Skipped[]
  readonly coverage: SetCoverage
}
