/** What a format is to the rest: how to tell it, and how to open it as a reference set. */
import type { Interning } from '../model/interning.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { ByteSource, ReadOptions } from '../source/byte-source.ts'

/** How a file is opened by the name that another file gives it. */
export interface OpenExternalOptions extends ReadOptions {
  /** The file that gives the name, where that is not the input itself: a file that was opened so before. */
  readonly from?: string | undefined
}

/** Opens a file by the name that another file gives it. */
export type OpenExternal = (name: string, options?: OpenExternalOptions) => Promise<ByteSource>

/** How a file is opened as a set. */
export interface FormatOptions {
  /** What to do about an array that references cannot express: an error, or an entry in the header's `skipped`. */
  readonly onUnsupported: 'fail' | 'skip'
  /** Whether what references cannot express is decoded and encoded anew where that is possible: bytes inline, and what remains goes by `onUnsupported`. */
  readonly copies?: boolean
  /**
   * Opens another file that this one names, by the name it gives: a path relative to its own folder, or an absolute one.
   * Only where whoever scans allows it; absent where a source has no files beside it.
   * @throws UnsupportedError where the file lies outside the folders that may be read, with the way round it.
   */
  readonly openExternal?: OpenExternal
  /** Bytes of rows that may be held to put them in order, before they go to disk; 64 MiB by default. */
  readonly memoryBytes?: number | undefined
  /** Shares what is equal with the sets of other files; a set shares within itself without it. */
  readonly interning?: Interning
  readonly signal?: AbortSignal | undefined
}

/** Opens the same source again; an error where it has changed since. */
export type OpenAgain = (options?: ReadOptions) => Promise<ByteSource>

/** One format, as the registry lists it. */
export interface Format {
  /** 'hdf5': for messages and options. */
  readonly name: string
  /** Read from front to back alone (`scanPieces`), so that the file may be compressed by gzip or zstd. */
  readonly sequential?: true
  /** Whether a file that begins so (8 KiB, decompressed, or all of a smaller file) is of this format. */
  detect(head: Uint8Array): boolean
  /**
   * Reads the header. `source` is closed when this returns; the set's body opens it by `openAgain`,
   * and closes it when the body ends.
   */
  open(source: ByteSource, openAgain: OpenAgain, options: FormatOptions): Promise<ReferenceSet>
}
