/** Lengths of references to whole files, which do not tell them. */
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { SourceInfo } from '../model/reference-set.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { openUnchanged } from '../source/unchanged.ts'
import { mapOrdered } from '../stream/map-ordered.ts'

/** Files that are opened at a time. */
const AT_A_TIME = 16
/** Sizes that are kept: the files of neighbouring chunks are often the same. */
const MOST_KEPT = 1 << 16

/** Sizes of files, as the set records them or as the files say. */
export class FileSizes {
  readonly #open: OpenSource
  readonly #known: ReadonlyMap<string, number>
  readonly #found = new Map<string, number>()
  readonly #signal: AbortSignal | undefined

  constructor(open: OpenSource, sources: readonly SourceInfo[], signal: AbortSignal | undefined) {
    this.#open = openUnchanged(open, sources)
    this.#known = new Map(sources.map(({ url, size }) => [url, size]))
    this.#signal = signal
  }

  /** Bytes of a file among the set's sources; undefined for any other. */
  recorded(path: string): number | undefined {
    return this.#known.get(path)
  }

  /**
   * The batch with every length told.
   * @throws SourceError where a file that is referenced as a whole cannot be opened.
   */
  async measured(batch: ReferenceBatch): Promise<ReferenceBatch> {
    const rows: number[] = []
    for (let row = 0; row < batch.rows; row++) {
      if (batch.length[row] === 0 && batch.offset[row] === 0 && batch.path[row] !== INLINE) rows.push(row)
    }
    if (rows.length === 0) return batch
    const sizes = await this.#sizesOf(new Set(rows.map((row) => batch.paths[batch.path[row]])))
    const length = batch.length.slice(0, batch.rows)
    for (const row of rows) length[row] = sizes.get(batch.paths[batch.path[row]]) ?? 0
    return { ...batch, length }
  }

  async #sizesOf(paths: ReadonlySet<string>): Promise<Map<string, number>> {
    if (this.#found.size + paths.size > MOST_KEPT) this.#found.clear()
    const read = async (path: string): Promise<readonly [string, number]> => {
      const size = this.#known.get(path) ?? this.#found.get(path) ?? (await this.#read(path))
      this.#found.set(path, size)
      return [path, size]
    }
    const sizes = new Map<string, number>()
    const options = { concurrency: AT_A_TIME, signal: this.#signal }
    for await (const [path, size] of mapOrdered(paths, read, options)) sizes.set(path, size)
    return sizes
  }

  async #read(path: string): Promise<number> {
    const source = await this.#open(path, { signal: this.#signal })
    await source.close()
    return source.size
  }
}
