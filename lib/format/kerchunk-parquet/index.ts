/** A Parquet reference set on disk, as a reference set: its metadata at once, its shards as they are asked for. */
import { resolve } from 'node:path'
import { FormatError, SourceError } from '../../errors.ts'
import { extentsSoFar } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, Header } from '../../model/metadata.ts'
import type { Footer, Outcome, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet, SourceInfo } from '../../model/reference-set.ts'
import { isJson2, JSON2_COPIED, VLEN_UTF8 } from '../json2.ts'
import { copiedName } from './copied-path.ts'
import { CopiedRows, cutBatch } from './copied-rows.ts'
import { withVlenUtf8 } from './json2-rows.ts'
import { countOf } from './record-line.ts'
import { ascendingTest, batchOf } from './shard-batch.ts'
import { ShardReader } from './shard-reader.ts'
import { type ArraySummary, listShards, readSetSummary, type SetSummary } from './summary.ts'

/** Rows of a batch, whatever the shard has. */
const BATCH_ROWS = 1 << 16

const NO_SOURCES =
  'a set that does not record its sources: whether a file has changed since it was written cannot be told'

/** In sets of others: those of ours are read by the same readers as ever, and may be added to. */
function becomesVlenUtf8({ metadata, coverage }: ArraySummary): boolean {
  return coverage === undefined && isJson2(metadata)
}

function metadataOf(array: ArraySummary): ArrayMetadata {
  return becomesVlenUtf8(array) ? { ...array.metadata, codecs: VLEN_UTF8 } : array.metadata
}

function headerOf({ groups, arrays, skipped, notes, sources }: SetSummary): Header {
  const unknown = sources === undefined ? [{ path: '', reason: NO_SOURCES }] : []
  return {
    kind: 'header',
    groups,
    arrays: arrays.map(metadataOf),
    skipped: skipped.map(({ path, reason = 'not in the set' }) => ({ path, reason })),
    notes: [...notes.map(({ path, note }) => ({ path, reason: note })), ...unknown],
  }
}

function outcomeOf(array: ArraySummary): Outcome {
  const {
    metadata: { path },
    coverage,
  } = array
  if (becomesVlenUtf8(array)) return { path, outcome: 'copied', reason: JSON2_COPIED }
  const outcome = coverage?.outcome ?? 'referenced'
  return coverage?.reason === undefined ? { path, outcome } : { path, outcome, reason: coverage.reason }
}

/** Chunks with a reference or bytes of the file's own, as the coverage has it; undefined where it does not add up. */
function recordedChunks({ coverage, chunks }: ArraySummary): number | undefined {
  if (!coverage || coverage.references + coverage.inlined + coverage.missing !== chunks) return undefined
  return coverage.references + coverage.inlined - countOf(coverage.filled)
}

class ParquetSet implements ReferenceSet {
  readonly name: string
  readonly replayable = true
  readonly sources: readonly SourceInfo[]
  readonly header: Header
  readonly footer?: Footer
  readonly #summary: SetSummary
  readonly #shards: ShardReader
  readonly #copies: CopiedRows | undefined

  constructor(summary: SetSummary, copies: 'references' | 'raw') {
    this.name = summary.path
    this.header = headerOf(summary)
    this.sources = summary.sources ?? []
    this.#summary = summary
    this.#shards = new ShardReader(summary)
    const hasCopies = copies === 'raw' && summary.location !== undefined
    this.#copies = hasCopies ? new CopiedRows(summary.path) : undefined
    const present = summary.arrays.map(recordedChunks)
    const missing = present.flatMap((count, i) =>
      count === undefined ? [] : summary.arrays[i].chunks - count,
    )
    if (missing.length === present.length) this.footer = this.#footer(missing)
  }

  async *body(options: BodyOptions = {}): AsyncGenerator<ReferenceBatch | Footer> {
    const { from = 0, signal } = options
    const missing = this.header.arrays.map(() => 0)
    for (const array of options.arrays ?? this.header.arrays.keys()) {
      const { chunks } = this.#summary.arrays[array]
      const to = Math.min(options.to ?? Number.POSITIVE_INFINITY, chunks)
      let present = 0
      for await (const batch of this.#batches(array, from, to, signal)) {
        present += batch.rows
        yield batch
      }
      missing[array] = Math.max(0, to - from - present)
      if (from === 0 && to === chunks) this.#checkCount(array, present)
    }
    yield this.#footer(missing)
  }

  async *#batches(
    array: number,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): AsyncGenerator<ReferenceBatch> {
    const size = this.#summary.recordSize
    const { coverage, chunks } = this.#summary.arrays[array]
    const isFilled = ascendingTest(coverage?.filled ?? [])
    for (const number of await this.#shardNumbers(array, Math.floor(from / size), Math.ceil(to / size))) {
      signal?.throwIfAborted()
      // A part of one shard is likely to be followed by its neighbour; whole shards are not asked for again.
      const shard =
        to - from < size
          ? await this.#shards.keep(array, number)
          : await this.#shards.read(array, number, signal)
      if (!shard) continue
      const first = number * size
      const url = this.#shards.url(array, number)
      if (shard.rows < Math.min(size, chunks - first)) throw tooShort(url, shard.rows, chunks - first)
      const end = Math.min(shard.rows, to - first)
      for (let row = Math.max(0, from - first); row < end; row += BATCH_ROWS) {
        const rows = { from: row, to: Math.min(end, row + BATCH_ROWS) }
        yield* this.#cut(batchOf(shard, { array, first, ...rows, isFilled, url }), url, signal)
      }
    }
  }

  /** The batch as it is handed on: with the bytes that go into other sets, in parts that carry few of them. */
  async *#cut(batch: ReferenceBatch, url: string, signal?: AbortSignal): AsyncGenerator<ReferenceBatch> {
    if (batch.rows === 0) return
    const array = this.#summary.arrays[batch.array]
    if (becomesVlenUtf8(array)) yield* withVlenUtf8(batch, array.metadata, url)
    else yield* this.#copies?.read(batch, signal) ?? cutBatch(batch)
  }

  /** Shards of `[from, to)` that are there or ought to be, ascending: a sparse grid has room for billions. */
  async #shardNumbers(array: number, from: number, to: number): Promise<number[]> {
    if (to - from <= 1) return to > from ? [from] : []
    const { metadata, lost } = this.#summary.arrays[array]
    const present = await listShards(this.#summary.path, metadata.path)
    return [...new Set([...present, ...lost])]
      .filter((number) => number >= from && number < to)
      .sort((a, b) => a - b)
  }

  /** What was written once is all there, or the set is not what it was. */
  #checkCount(array: number, present: number): void {
    const summary = this.#summary.arrays[array]
    const recorded = recordedChunks(summary)
    if (recorded === undefined || recorded === present) return
    const at = { url: this.#summary.path, offset: 0, structure: `shards of ${summary.metadata.path}` }
    throw new FormatError(at, `hold ${present} chunks, where ${recorded} were written; build the set again`)
  }

  #footer(missing: readonly number[]): Footer {
    return {
      kind: 'footer',
      shapes: this.header.arrays.map(({ shape }) => extentsSoFar(shape)),
      missing,
      dropped: [],
      coverage: { arrays: this.#summary.arrays.map(outcomeOf), notes: [] },
    }
  }
}

/** No reader finds what is said to be there. */
function tooShort(url: string, rows: number, chunks: number): FormatError {
  const at = { url, offset: 0, structure: 'Parquet shard' }
  return new FormatError(at, `has ${rows} rows, where the array has ${chunks} chunks from its first on`)
}

export interface OpenParquetSetOptions {
  /** Whether every shard that was written has to be there; if not, a lost one is an error when it is asked for. */
  readonly whole?: boolean
  /**
   * What chunks are whose bytes were copied into files of the set: references to these files, which go with it, or the
   * bytes themselves, as for whoever takes them into another set. References by default.
   */
  readonly copies?: 'references' | 'raw'
}

/**
 * Opens the set in the local folder `path`. Only its metadata is read now; a shard is read when a chunk in it is
 * asked for. A shard that never was stands for missing chunks; one that is lost or cannot be read is an error, and so is
 * reading a file that has changed since the set was written. The header and, for a set that kstream wrote, the footer
 * are those of what was written: chunks that the sink made of fill values count as missing.
 * @throws SourceError where there is no such set, FormatError where its metadata or records are broken.
 */
export async function openParquetSet(
  path: string,
  { whole = false, copies = 'references' }: OpenParquetSetOptions = {},
): Promise<ReferenceSet> {
  const summary = await readSetSummary(resolve(path))
  for (const array of whole ? summary.arrays : []) checkWhole(array, summary.path)
  return new ParquetSet(summary, copies)
}

function checkWhole({ metadata, lost, lostCopies }: ArraySummary, path: string): void {
  const refuse = (what: string): never => {
    throw new SourceError(path, `its ${what}; build the set again`)
  }
  if (lost.length > 0)
    refuse(`shard ${metadata.path}/refs.${lost[0]}.parq was written and is not there any more`)
  if (lostCopies.length === 0) return
  refuse(`file ${metadata.path}/${copiedName(lostCopies[0])} was written and is not there, or not whole`)
}
