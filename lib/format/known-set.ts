/** A set whose header is known from an earlier run: its file is read only where its references are asked for. */
import { isDeepStrictEqual } from 'node:util'
import { SourceError } from '../errors.ts'
import type { Header } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet, SourceInfo } from '../model/reference-set.ts'

/** A set of one file. */
export class KnownSet implements ReferenceSet {
  readonly header: Header
  readonly sources: readonly SourceInfo[]
  readonly replayable = true
  readonly #read: (signal: AbortSignal | undefined) => Promise<ReferenceSet>
  #set: ReferenceSet | undefined

  /** @param read opens the file of `info` and reads its header anew. */
  constructor(
    header: Header,
    info: SourceInfo,
    read: (signal: AbortSignal | undefined) => Promise<ReferenceSet>,
  ) {
    this.header = header
    this.sources = [info]
    this.#read = read
  }

  async *body(options: BodyOptions = {}): AsyncGenerator<ReferenceBatch | Footer> {
    this.#set ??= await this.#readChecked(options.signal)
    yield* this.#set.body(options)
  }

  async #readChecked(signal: AbortSignal | undefined): Promise<ReferenceSet> {
    const set = await this.#read(signal)
    if (isDeepStrictEqual(meaningOf(set.header), meaningOf(this.header))) return set
    const [{ url }] = this.sources
    throw new SourceError(
      url,
      'has changed since its header was read in an earlier run; start from the beginning',
    )
  }
}

/**
 * What must be equal, so that batches of the one header's arrays mean the same for the other's, and its notes are true:
 * of the files that a file names, one may be there now that was missing then.
 */
function meaningOf({ arrays, notes }: Header): unknown {
  const meanings = arrays.map(({ path, shape, chunkShape, dataType, codecs, fillValue }) => {
    return [path, shape, chunkShape, dataType, codecs, fillValue && [...fillValue]]
  })
  return [meanings, notes]
}
