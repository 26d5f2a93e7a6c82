/** Where bytes come from. Formats read through this alone and know nothing of files or networks. */
import type { SourceInfo } from '../model/reference-set.ts'

/** How bytes are read. */
export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * `length` bytes, on an 8-byte boundary, that the source may fill and give back instead of new ones:
   * whoever reads many small blocks one after the other spares their allocation. A source may ignore it.
   */
  readonly into?: Uint8Array
}

/** A file that is open for reading, wherever it lies. */
export interface ByteSource {
  /** Absolute path or URL: what references to this source will hold. */
  readonly url: string
  /** Bytes; constant while the source is open. */
  readonly size: number
  /** What tells later that the source has changed. */
  readonly info: SourceInfo
  /**
   * Exactly `length` bytes at `offset`. Many may be in flight at once.
   * The bytes start on an 8-byte boundary of their ArrayBuffer, and are the caller's to keep.
   * @throws SourceError where they cannot be had, a read past the end included.
   */
  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array>
  close(): Promise<void>
}

/** Opens a source by its path or URL. */
export type OpenSource = (url: string, options?: ReadOptions) => Promise<ByteSource>
