/** A set whose header is known from an earlier run: its file is read only where its references are asked for. */
import { SourceError } from '../errors.ts'
import type { ArrayMetadata, Header } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet, SourceInfo } from '../model/reference-set.ts'

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
    if (isSameGrid(set.header.arrays, this.header.arrays)) return set
    const [{ url }] = this.sources
    throw new SourceError(
      url,
      'has changed since its header was read in an earlier run; start from the beginning',
    )
  }
}

/** Whether batches of the one header's arrays mean the same for the other's. */
function isSameGrid(a: readonly ArrayMetadata[], b: readonly ArrayMetadata[]): boolean {
  return (
    a.length === b.length &&
    a.every((array, i) => {
      const other = b[i]
      return (
        array.path === other.path &&
        isSameList(array.shape, other.shape) &&
        isSameList(array.chunkShape, other.chunkShape)
      )
    })
  )
}

function isSameList(a: readonly (number | null)[], b: readonly (number | null)[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis])
}
