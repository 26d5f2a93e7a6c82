/** Shards of a set by array and number: read from their files, and some kept. */
import { isKStreamError, SourceError, systemCode } from '../../errors.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { openFile } from '../../source/file.ts'
import { absolutePath, checkRelative } from '../reference-path.ts'
import { isCopiedPath } from './copied-path.ts'
import { readShard } from './shard.ts'
import type { Shard } from './shard-columns.ts'
import type { SetSummary } from './summary.ts'

/** Shards kept after use, and their rows, of 20 bytes each: neighbouring chunks lie in one shard. */
const KEPT_SHARDS = 16
const KEPT_ROWS = 1_600_000
/** Bytes of inlined chunks in them, beyond which the least lately used are not kept. */
const KEPT_RAW = 1 << 26

/** Reads the shards of one set. */
export class ShardReader {
  readonly #summary: SetSummary
  /** In the order of last use. */
  readonly #kept = new Map<string, Promise<Shard | undefined>>()
  /** Bytes of inlined chunks in those of them that are read. */
  readonly #rawBytes = new Map<string, number>()

  constructor(summary: SetSummary) {
    this.#summary = summary
  }

  /** The file of a shard. */
  url(array: number, number: number): string {
    return `${this.#summary.path}/${this.#summary.arrays[array].metadata.path}/refs.${number}.parq`
  }

  /**
   * Shard `number` of an array; undefined where there is none, all of whose chunks are missing.
   * @throws SourceError where it is lost, FormatError where it is damaged.
   */
  async read(array: number, number: number, signal?: AbortSignal): Promise<Shard | undefined> {
    const url = this.url(array, number)
    return (await this.#kept.get(url)) ?? this.#read(url, array, number, signal)
  }

  /** As `read`, and kept for whoever asks for its neighbours. */
  keep(array: number, number: number): Promise<Shard | undefined> {
    const url = this.url(array, number)
    const shard = this.#kept.get(url) ?? this.#read(url, array, number)
    this.#kept.delete(url)
    this.#kept.set(url, shard)
    shard.then(
      (found) => this.#weigh(url, found),
      () => this.#forget(url),
    )
    const [oldest] = this.#kept.keys()
    const room = Math.max(1, Math.min(KEPT_SHARDS, Math.floor(KEPT_ROWS / this.#summary.recordSize)))
    if (this.#kept.size > room && oldest !== undefined) this.#forget(oldest)
    return shard
  }

  /** Forgets those that were used least lately, where the inlined chunks of all have no room. */
  #weigh(url: string, shard: Shard | undefined): void {
    if (!shard?.raw || !this.#kept.has(url)) return
    this.#rawBytes.set(
      url,
      shard.raw.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0),
    )
    let sum = [...this.#rawBytes.values()].reduce((total, bytes) => total + bytes, 0)
    for (const other of this.#kept.keys()) {
      if (sum <= KEPT_RAW || this.#kept.size === 1) return
      sum -= this.#rawBytes.get(other) ?? 0
      this.#forget(other)
    }
  }

  #forget(url: string): void {
    this.#kept.delete(url)
    this.#rawBytes.delete(url)
  }

  /** Where a file of the set's own is now; any other path as it is. */
  #present(path: string): string {
    const { location, path: root } = this.#summary
    const isOwn = location !== undefined && isCopiedPath(path, location)
    return isOwn ? root + path.slice(location.length) : path
  }

  async #read(url: string, array: number, number: number, signal?: AbortSignal): Promise<Shard | undefined> {
    if (this.#summary.arrays[array].lost.includes(number))
      throw new SourceError(url, 'this shard was written and is not there any more; build the set again')
    const source = await openIfThere(url, signal)
    if (!source) return undefined
    try {
      const { recordSize, arrays } = this.#summary
      const shard = await readShard(source, recordSize, {
        signal,
        trusting: arrays[array].coverage !== undefined,
      })
      const paths = shard.paths.map(absolutePath)
      for (const { relative } of paths) if (relative !== undefined) await checkRelative(relative, url)
      return { ...shard, paths: paths.map(({ path }) => this.#present(path)) }
    } finally {
      await source.close()
    }
  }
}

async function openIfThere(url: string, signal?: AbortSignal): Promise<ByteSource | undefined> {
  try {
    return await openFile(url, { signal })
  } catch (error) {
    if (isKStreamError(error, 'ERR_KSTREAM_SOURCE') && systemCode(error.cause) === 'ENOENT') return undefined
    throw error
  }
}
