/** Files to reference sets: opens each, tells its format, reads its header; the bodies are read later. */
import { resolve } from 'node:path'
import type { Format, OpenAgain } from './format/format.ts'
import { formats } from './format/registry.ts'
import { unknownFormat } from './format/unknown.ts'
import type { ReferenceSet } from './model/reference-set.ts'
import type { ByteSource, OpenSource } from './source/byte-source.ts'
import { filePath, openSource, schemeOf } from './source/open.ts'
import { type Tally, withTally } from './source/tally.ts'
import { openUnchanged } from './source/unchanged.ts'
import { mapOrdered } from './stream/map-ordered.ts'

export interface ScanOptions {
  /** Headers read at a time, ahead of whoever pulls; 4 by default. */
  readonly concurrency?: number
  /** What to do about an array that references cannot express; 'fail' by default. */
  readonly onUnsupported?: 'fail' | 'skip'
  /** Opens a source by its absolute path or URL; local files by default. */
  readonly open?: OpenSource
  /** Counts files, reads and references as they go by. */
  readonly tally?: Tally
  readonly signal?: AbortSignal | undefined
}

/** What a format is told by, at first. */
const HEAD = 1 << 13
/** A user block may push HDF5's signature this far; read only where the head tells nothing. */
const LONG_HEAD = (1 << 20) + 8

/** Absolute: references with relative paths can be read from one folder only. */
function absolute(file: string): string {
  const path = filePath(file)
  return schemeOf(path) === undefined ? resolve(path) : path
}

async function detectFormat(source: ByteSource, signal: AbortSignal): Promise<Format> {
  const head = await source.read(0, Math.min(HEAD, source.size), { signal })
  const format = formats.find(({ detect }) => detect(head))
  if (format) return format
  if (source.size > HEAD) {
    const longHead = await source.read(0, Math.min(LONG_HEAD, source.size), { signal })
    const late = formats.find(({ detect }) => detect(longHead))
    if (late) return late
  }
  throw unknownFormat(source.url, head)
}

function withReferenceCount(set: ReferenceSet, tally: Tally): ReferenceSet {
  const { header, sources, replayable } = set
  return {
    header,
    sources,
    replayable,
    async *body(options) {
      for await (const item of set.body(options)) {
        if (item.kind === 'batch') tally.references += item.rows
        yield item
      }
    },
  }
}

/** Tells the tally how many files there are: at once for an array, else when their list has ended. */
async function* countFiles(
  files: Iterable<string> | AsyncIterable<string>,
  tally: Tally,
): AsyncGenerator<string> {
  if (Array.isArray(files)) tally.filesTotal = files.length
  let count = 0
  for await (const file of files) {
    count++
    yield file
  }
  tally.filesTotal = count
}

/**
 * Reads the header of each file, several at a time, and hands the sets on in the order of the files.
 * Nothing is read before the first pull. Each file is closed when its header has been read; a body opens it again.
 * @throws SourceError where a file cannot be read, FormatError where it is damaged or of no format known here,
 *   UnsupportedError where it is valid and cannot be expressed.
 */
export async function* scan(
  files: Iterable<string> | AsyncIterable<string>,
  options: ScanOptions = {},
): AsyncGenerator<ReferenceSet> {
  const { concurrency = 4, onUnsupported = 'fail', tally } = options
  const plainOpen = options.open ?? openSource
  const open: OpenSource = tally
    ? async (url, readOptions) => withTally(await plainOpen(url, readOptions), tally)
    : plainOpen

  async function readHeader(file: string, signal: AbortSignal): Promise<ReferenceSet> {
    const source = await open(absolute(file), { signal })
    try {
      const format = await detectFormat(source, signal)
      const again = openUnchanged(open, [source.info])
      const openAgain: OpenAgain = (readOptions) => again(source.url, readOptions)
      const set = await format.open(source, openAgain, { onUnsupported, signal })
      if (tally) tally.files++
      return tally ? withReferenceCount(set, tally) : set
    } finally {
      await source.close()
    }
  }

  const counted = tally ? countFiles(files, tally) : files
  yield* mapOrdered(counted, readHeader, { concurrency, signal: options.signal })
}
