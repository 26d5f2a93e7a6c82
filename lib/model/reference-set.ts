/** A virtual Zarr dataset that travels through the pipe: a header known now and a body read later. */
import type { Header } from './metadata.ts'
import type { Footer, ReferenceBatch } from './reference-batch.ts'

/** A file that references point into, and what tells that it has changed since. */
export interface SourceInfo {
  /** Absolute path or URL, as the references spell it. */
  readonly url: string
  /** Bytes. */
  readonly size: number
  readonly etag?: string
  /** ISO 8601, UTC: a file's mtime or a server's Last-Modified. */
  readonly lastModified?: string
  /** Named by an input whose values lie in it, and no input itself. */
  readonly external?: true
  /** Equal for two names of one file (links) while both are open to this machine; never written. */
  readonly identity?: string
}

/** Which part of a body is read: chunk numbers of the grid, in C order. */
export interface BodyOptions {
  /** Only these arrays (indexes into the header's); all by default. */
  readonly arrays?: readonly number[]
  /** First chunk number, for each array asked for. */
  readonly from?: number
  /** The chunk number to stop before. */
  readonly to?: number
  readonly signal?: AbortSignal | undefined
}

/** What travels through the pipe. */
export interface ReferenceSet {
  /** What messages call it: the file or folder it was opened from. */
  readonly name?: string
  readonly header: Header
  readonly sources: readonly SourceInfo[]
  /** Whether `body` can be read more than once. */
  readonly replayable: boolean
  /** The end of the body, where it is known beforehand: a set that is written already. */
  readonly footer?: Footer
  /**
   * Pulls the references. Arrays come in the header's order or interleaved; each array's chunks ascend;
   * the footer comes last, once. Nothing is opened before the first pull, all is closed when it ends.
   */
  body(options?: BodyOptions): AsyncIterable<ReferenceBatch | Footer>
}
