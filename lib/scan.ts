/** Inputs to reference sets: opens each, tells its format, reads its header; the bodies are read later. */
import { resolve } from 'node:path'
import { isKStreamError } from './errors.ts'
import type { FormatOptions, OpenAgain } from './format/format.ts'
import type { IcechunkVersion } from './format/icechunk/repository.ts'
import { checkNoVersion, type InputFormat, isFolder, openFileInput, openFolderInput } from './format/input.ts'
import { KnownSet } from './format/known-set.ts'
import type { BuildJournal } from './model/build-journal.ts'
import { Interning } from './model/interning.ts'
import type { BodyOptions, ReferenceSet, SourceInfo } from './model/reference-set.ts'
import type { ByteSource, OpenSource } from './source/byte-source.ts'
import { externalFiles } from './source/external.ts'
import { withHead } from './source/head.ts'
import { filePath, openSource, schemeOf } from './source/open.ts'
import { type Tally, withTally } from './source/tally.ts'
import { openUnchanged } from './source/unchanged.ts'
import { mapOrdered } from './stream/map-ordered.ts'

/** How inputs are opened. */
export interface ScanOptions {
  /** Headers read at a time, ahead of whoever pulls; 4 by default. */
  readonly concurrency?: number
  /**
   * What to do about an array that references cannot express; 'fail' by default. 'copy': decode and encode it anew where
   * that is possible, and fail for the rest; 'copy-or-skip': leave the rest out.
   */
  readonly onUnsupported?: 'fail' | 'copy' | 'skip' | 'copy-or-skip'
  /** Folders beside those of the inputs whose files may be read where an input refers to them. */
  readonly allowExternal?: readonly string[]
  /** What to do about a file that cannot be opened, read or understood; 'fail' by default. */
  readonly onError?: 'fail' | 'skip'
  /** With `onError: 'skip'`: told of each file that is left out, as the list spells it, in the order of the list. */
  readonly onSkipped?: (file: string, error: Error) => void
  /**
   * Knows headers from an earlier run, and is given those that are read now. What a header holds depends on
   * `onUnsupported`: a journal is for one set of options alone, as whoever opens it makes sure.
   */
  readonly journal?: BuildJournal
  /** What the inputs are; each is told by its bytes by default. */
  readonly format?: InputFormat | undefined
  /** Which commit of an Icechunk repository is read; the newest of the branch `main` by default. */
  readonly version?: IcechunkVersion | undefined
  /** Bytes of rows that one input may hold to put them in order, before they go to disk; 64 MiB by default. */
  readonly memoryBytes?: number | undefined
  /** Opens a source by its absolute path or URL; local files by default. */
  readonly open?: OpenSource
  /** Counts files, reads and references as they go by. */
  readonly tally?: Tally
  readonly signal?: AbortSignal | undefined
}

/** Bytes at the beginning of each file that are read at once: all the metadata of most. */
const HEAD = 1 << 16

/** Absolute: references with relative paths can be read from one folder only. */
function absolute(file: string): string {
  const path = filePath(file)
  return schemeOf(path) === undefined ? resolve(path) : path
}

/** A set whose references count in the tally. */
class CountedSet implements ReferenceSet {
  readonly #set: ReferenceSet
  readonly #tally: Tally
  constructor(set: ReferenceSet, tally: Tally) {
    this.#set = set
    this.#tally = tally
  }

  get name() {
    return this.#set.name
  }

  get header() {
    return this.#set.header
  }

  get sources() {
    return this.#set.sources
  }

  get replayable() {
    return this.#set.replayable
  }

  get footer() {
    return this.#set.footer
  }

  async *body(options?: BodyOptions) {
    for await (const item of this.#set.body(options)) {
      if (item.kind === 'batch') this.#tally.references += item.rows
      yield item
    }
  }
}

/** Reads headers; what they have in common is kept once for all of them. */
class HeaderReader {
  readonly #options: ScanOptions
  readonly #open: OpenSource
  readonly #interning = new Interning()
  /** Buffers for the beginnings of files, as many as were ever read at a time. */
  readonly #heads: Uint8Array[] = []

  constructor(options: ScanOptions) {
    const { open = openSource, tally } = options
    this.#options = options
    this.#open = tally ? async (url, read) => withTally(await open(url, read), tally) : open
  }

  async read(file: string, signal: AbortSignal): Promise<ReferenceSet> {
    const url = absolute(file)
    let source: ByteSource
    try {
      source = await this.#open(url, { signal })
    } catch (error) {
      if (!isKStreamError(error, 'ERR_KSTREAM_SOURCE') || !(await isFolder(url))) throw error
      const options = { ...this.#formatOptions(signal), ...this.#options.version }
      return this.#counted(await openFolderInput(url, options, this.#options.format))
    }
    try {
      checkNoVersion(url, this.#options.version ?? {})
      return this.#counted(await this.#readFile(source, signal))
    } finally {
      await source.close()
    }
  }

  #counted(set: ReferenceSet): ReferenceSet {
    const { tally } = this.#options
    return tally ? new CountedSet(set, tally) : set
  }

  async #readFile(source: ByteSource, signal: AbortSignal): Promise<ReferenceSet> {
    const { journal } = this.#options
    const { info } = source
    const known = journal?.header(info)
    if (known) return this.#knownSet(info, this.#interning.share(known, 'header'))
    const set = await this.#openSet(source, signal)
    // A reference set has other files for its sources: its header does not tell them, and is read quickly.
    if (set.sources.length === 1 && set.sources[0] === info) await journal?.putHeader(info, set.header)
    return set
  }

  async #openSet(source: ByteSource, signal: AbortSignal | undefined): Promise<ReferenceSet> {
    const head = this.#heads.pop() ?? new Uint8Array(HEAD)
    try {
      const headed = await withHead(source, head, { signal })
      const openExternal = externalFiles(source.url, this.#options.allowExternal ?? [], this.#open)
      const options = { ...this.#formatOptions(signal), openExternal }
      return await openFileInput(headed, this.#openAgain(source.info), options, this.#options.format)
    } finally {
      this.#heads.push(head)
    }
  }

  #formatOptions(signal: AbortSignal | undefined): FormatOptions {
    const { onUnsupported = 'fail', memoryBytes } = this.#options
    return {
      onUnsupported: onUnsupported.endsWith('skip') ? 'skip' : 'fail',
      copies: onUnsupported.startsWith('copy'),
      interning: this.#interning,
      memoryBytes,
      signal,
    }
  }

  /** Apart from whoever has the open source: a closure there would keep it. */
  #openAgain(info: SourceInfo): OpenAgain {
    const open = this.#open
    return (options) => openUnchanged(open, [info])(info.url, options)
  }

  #knownSet(info: SourceInfo, header: ReferenceSet['header']): ReferenceSet {
    return new KnownSet(header, info, async (signal) => {
      const source = await this.#openAgain(info)({ signal })
      try {
        return await this.#openSet(source, signal)
      } finally {
        await source.close()
      }
    })
  }
}

type Outcome = { readonly set: ReferenceSet } | { readonly file: string; readonly error: Error }

/** Errors that say something of the file; others say something of the run. */
const OF_FILES = ['ERR_KSTREAM_SOURCE', 'ERR_KSTREAM_FORMAT', 'ERR_KSTREAM_UNSUPPORTED'] as const

async function outcomeOf(
  file: string,
  reading: Promise<ReferenceSet>,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    return { set: await reading }
  } catch (error) {
    signal.throwIfAborted()
    if (isKStreamError(error) && OF_FILES.some((code) => code === error.code)) return { file, error }
    throw error
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
 * Reads the header of each input, several at a time, and hands the sets on in the order of the list: of files in a
 * format known here, and of reference sets in local folders.
 * Nothing is read before the first pull. Each file is closed when its header has been read; a body opens it again.
 * Equal parts of the sets' metadata are the same frozen objects.
 * @throws SourceError where a file cannot be read, FormatError where it is damaged or of no format known here,
 *   UnsupportedError where it is valid and cannot be expressed; with `onError: 'skip'` such a file is left out.
 */
export async function* scan(
  files: Iterable<string> | AsyncIterable<string>,
  options: ScanOptions = {},
): AsyncGenerator<ReferenceSet> {
  const { concurrency = 4, onError = 'fail', onSkipped, tally, signal } = options
  const reader = new HeaderReader(options)
  const work = (file: string, ending: AbortSignal): Promise<Outcome> => {
    const reading = reader.read(file, ending)
    return onError === 'skip' ? outcomeOf(file, reading, ending) : reading.then((set) => ({ set }))
  }
  const inputs = tally ? countFiles(files, tally) : files
  for await (const outcome of mapOrdered(inputs, work, { concurrency, signal })) {
    if (tally) tally.files++
    if ('set' in outcome) yield outcome.set
    else onSkipped?.(outcome.file, outcome.error)
  }
}
