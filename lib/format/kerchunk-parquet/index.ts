/** A Parquet reference set on disk, as a reference set: its metadata at once, its shards as they are asked for. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError, isKStreamError, SourceError, UnsupportedError } from '../../errors.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, Header } from '../../model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet, SourceInfo } from '../../model/reference-set.ts'
import { openFile } from '../../source/file.ts'
import { readShard, type Shard } from './shard.ts'
import { readSetSummary, type SetSummary } from './summary.ts'

/** Shards kept after use: neighbouring chunks lie in one shard, and a shard is a few megabytes. */
const KEPT_SHARDS = 16

function isMissingFile(error: unknown): boolean {
  const cause = isKStreamError(error, 'ERR_KSTREAM_SOURCE') ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}

class ShardReader {
  readonly #summary: SetSummary
  /** In the order of last use. */
  readonly #kept = new Map<string, Promise<Shard | undefined>>()
  constructor(summary: SetSummary) {
    this.#summary = summary
  }

  /** Shard `number` of an array; undefined where there is none, all of whose chunks are missing. */
  read(array: number, number: number): Promise<Shard | undefined> {
    const { metadata, lost } = this.#summary.arrays[array]
    const url = `${this.#summary.path}/${metadata.path}/refs.${number}.parq`
    const shard = this.#kept.get(url) ?? this.#read(url, lost.includes(number))
    this.#kept.delete(url)
    this.#kept.set(url, shard)
    shard.catch(() => this.#kept.delete(url))
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > KEPT_SHARDS && oldest !== undefined) this.#kept.delete(oldest)
    return shard
  }

  async #read(url: string, lost: boolean): Promise<Shard | undefined> {
    if (lost)
      throw new SourceError(url, 'this shard was written and is not there any more; build the set again')
    try {
      const source = await openFile(url)
      try {
        return await readShard(source, this.#summary.recordSize)
      } finally {
        await source.close()
      }
    } catch (error) {
      if (isMissingFile(error)) return undefined
      throw error
    }
  }
}

/** Rows `[from, to)` of a shard as a batch; chunk numbers count from `first`. */
function batchOf(
  array: number,
  shard: Shard,
  first: number,
  from: number,
  to: number,
  url: string,
): ReferenceBatch {
  const chunk = new Float64Array(to - from)
  const path = new Uint32Array(to - from)
  const offset = new Float64Array(to - from)
  const length = new Float64Array(to - from)
  const raw: (Uint8Array | null)[] = []
  const dictionary = new Map<string, number>()
  let rows = 0
  for (let row = from; row < to; row++) {
    const bytes = inlinedBytes(shard.raw?.[row] ?? null)
    const target = shard.path?.[row] ?? null
    if (bytes === null && target === null) continue
    chunk[rows] = first + row
    path[rows] = INLINE
    raw.push(bytes)
    if (bytes === null && target !== null) {
      if (!dictionary.has(target)) dictionary.set(target, dictionary.size)
      path[rows] = dictionary.get(target) ?? 0
      offset[rows] = Number(shard.offset?.[row] ?? 0)
      length[rows] = Number(shard.size?.[row] ?? 0)
      if (length[rows] === 0) throw new UnsupportedError('references to whole files', { url })
      if (!Number.isSafeInteger(offset[rows]) || offset[rows] < 0 || length[rows] < 0) {
        throw new FormatError({ url, offset: 0, structure: 'Parquet shard' }, `row ${row} points nowhere`)
      }
    }
    rows++
  }
  return { kind: 'batch', array, rows, chunk, path, paths: [...dictionary.keys()], offset, length, raw }
}

function extentOf(metadata: ArrayMetadata): number[] {
  return metadata.shape.map((extent) => extent ?? 0)
}

class ParquetSet implements ReferenceSet {
  readonly replayable = true
  readonly sources: readonly SourceInfo[]
  readonly header: Header
  readonly #summary: SetSummary
  readonly #shards: ShardReader
  constructor(summary: SetSummary) {
    const { groups, arrays } = summary
    this.header = {
      kind: 'header',
      groups,
      arrays: arrays.map(({ metadata }) => metadata),
      skipped: [],
      notes: [],
    }
    this.sources = summary.sources ?? []
    this.#summary = summary
    this.#shards = new ShardReader(summary)
  }

  async *body(options: BodyOptions = {}): AsyncGenerator<ReferenceBatch | Footer> {
    const missing = this.header.arrays.map(() => 0)
    for (const array of options.arrays ?? this.header.arrays.keys()) {
      const { shape, chunkShape } = {
        ...this.header.arrays[array],
        shape: extentOf(this.header.arrays[array]),
      }
      const from = options.from ?? 0
      const to = Math.min(options.to ?? Number.POSITIVE_INFINITY, chunkCount(gridShape(shape, chunkShape)))
      let present = 0
      for await (const batch of this.#batches(array, from, to, options.signal)) {
        present += batch.rows
        yield batch
      }
      missing[array] = Math.max(0, to - from - present)
    }
    yield this.#footer(missing)
  }

  async *#batches(
    array: number,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): AsyncGenerator<ReferenceBatch> {
    const { path } = this.header.arrays[array]
    const size = this.#summary.recordSize
    for (const number of await this.#shardNumbers(array, Math.floor(from / size), Math.ceil(to / size))) {
      signal?.throwIfAborted()
      const shard = await this.#shards.read(array, number)
      if (!shard) continue
      const first = number * size
      const last = Math.min(shard.rows, to - first)
      const url = `${this.#summary.path}/${path}/refs.${number}.parq`
      const batch = batchOf(array, shard, first, Math.max(0, from - first), Math.max(0, last), url)
      if (batch.rows > 0) yield batch
    }
  }

  /** Shards of `[from, to)` that are there or ought to be, ascending: a sparse grid has room for billions. */
  async #shardNumbers(array: number, from: number, to: number): Promise<number[]> {
    if (to - from <= 1) return to > from ? [from] : []
    const { metadata, lost } = this.#summary.arrays[array]
    const names = await readdir(join(this.#summary.path, metadata.path)).catch(() => [])
    const present = names.flatMap((name) => /^refs\.(\d+)\.parq$/.exec(name)?.[1] ?? []).map(Number)
    return [...new Set([...present, ...lost])]
      .filter((number) => number >= from && number < to)
      .sort((a, b) => a - b)
  }

  #footer(missing: readonly number[]): Footer {
    const { arrays } = this.header
    return {
      kind: 'footer',
      shapes: arrays.map(extentOf),
      missing,
      dropped: [],
      coverage: { arrays: arrays.map(({ path }) => ({ path, outcome: 'referenced' })), notes: [] },
    }
  }
}

/**
 * Opens the set in the local folder `path`. Only its metadata is read now; a shard is read when a chunk in it is
 * asked for. A shard that never was stands for missing chunks; one that is lost or cannot be read is an error, and so is
 * reading a file that has changed since the set was written.
 * @throws SourceError where there is no such set, FormatError where its metadata is broken.
 */
export async function openParquetSet(path: string): Promise<ReferenceSet> {
  return new ParquetSet(await readSetSummary(path))
}

const BASE64_MARK = Buffer.from('base64:')

/** Inlined bytes that begin so stand for what their base64 decodes to, as fsspec reads them. */
function inlinedBytes(raw: Uint8Array | null): Uint8Array | null {
  if (!raw || !BASE64_MARK.equals(raw.subarray(0, BASE64_MARK.length))) return raw
  return Buffer.from(Buffer.from(raw.subarray(BASE64_MARK.length)).toString('latin1'), 'base64')
}
