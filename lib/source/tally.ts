/** Counts what a run has done, for progress and for tests. */
import type { ByteSource } from './byte-source.ts'

/** Counters that only grow; whoever holds the object may read them at any time. */
export class Tally {
  /** Files whose header has been read, or that were left out. */
  files = 0
  /** How many files there will be, once that is known. */
  filesTotal: number | undefined
  /** References that have gone by. */
  references = 0
  /** Bytes asked of sources. */
  bytes = 0
  /** Reads asked of sources. */
  requests = 0
}

/** Counts the reads of `source`, and their bytes, in `tally`. */
export function withTally(source: ByteSource, tally: Tally): ByteSource {
  return {
    url: source.url,
    size: source.size,
    info: source.info,
    read(offset, length, options) {
      tally.requests++
      tally.bytes += length
      return source.read(offset, length, options)
    },
    close: () => source.close(),
  }
}
