/** What the Icechunk sink is asked for, and what it tells. */
import type { SinkProgress, SinkReport } from '../report.ts'

/** How a repository is written. */
export interface WriteIcechunkOptions {
  /** Replace an Icechunk repository or a Parquet reference set that is there. */
  readonly overwrite?: boolean | undefined
  /** References that one commit brings at most, or a manifest more; 1,000,000 by default. */
  readonly commitReferences?: number | undefined
  /** References in one manifest, which readers fetch as a whole; 250,000 by default, fewer where arrays are many. */
  readonly manifestReferences?: number | undefined
  /** What commit messages call the set; its name by default. */
  readonly name?: string | undefined
  /** What becomes of an array that Zarr v3 or Icechunk cannot express; 'fail' by default. */
  readonly onUnsupported?: 'fail' | 'skip' | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after each batch, without waiting. */
  readonly onProgress?: ((progress: SinkProgress) => void) | undefined
}

/** What was written, and what was not. */
export interface IcechunkReport extends SinkReport {
  /** Commits after the one that every repository begins with. */
  readonly commits: number
  readonly manifests: number
  /** The id of the last snapshot, to which the branch `main` points. */
  readonly snapshot: string
  /** Prefixes of URLs that readers have to authorise. */
  readonly containers: readonly string[]
}
