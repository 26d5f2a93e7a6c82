/** What a format is to the rest: how to tell it, and how to open it as a reference set. */
import type { Interning } from '../model/interning.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { ByteSource, ReadOptions } from '../source/byte-source.ts'

/** How a file is opened as a set. */
export interface FormatOptions {
  /** What to do about an array that references cannot express: an error, or an entry in the header's `skipped`. */
  readonly onUnsupported: 'fail' | 'skip'
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
  /** Whether a file that begins so (8 KiB, or all of a smaller file) is of this format. */
  detect(head: Uint8Array): boolean
  /**
   * Reads the header. `source` is closed when this returns; the set's body opens it by `openAgain`,
   * and closes it when the body ends.
   */
  open(source: ByteSource, openAgain: OpenAgain, options: FormatOptions): Promise<ReferenceSet>
}
