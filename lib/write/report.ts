/** What every sink tells, whatever it writes. */
import type { Skipped } from '../model/metadata.ts'

/** How far a sink has come. */
export interface SinkProgress {
  /** References written, or waiting to be. */
  readonly references: number
  readonly inlined: number
  /** Bytes written. */
  readonly bytes: number
}

/** What was written, and what was not. */
export interface SinkReport {
  readonly path: string
  /** Arrays in the set. */
  readonly arrays: number
  readonly references: number
  /** Chunks whose bytes are in the set itself. */
  readonly inlined: number
  /** Bytes of these; those of fill values that the sink made do not count. */
  readonly copiedBytes: number
  /** Chunks of the grids that are not there and read as the fill value. */
  readonly missing: number
  /** Bytes of the set on disk. */
  readonly bytes: number
  /** Bytes that the references point at, those of whole files left out. */
  readonly referencedBytes: number
  readonly skipped: readonly Skipped[]
  readonly notes: readonly Skipped[]
}
