/** The set that is added to, and what of it stays as it is. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { PlanError, SourceError, WriteError } from '../../errors.ts'
import { copiedName } from '../../format/kerchunk-parquet/copied-path.ts'
import { openParquetSet } from '../../format/kerchunk-parquet/index.ts'
import type { ArrayRecord } from '../../format/kerchunk-parquet/record-line.ts'
import { readSetSummary, type SetSummary } from '../../format/kerchunk-parquet/summary.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'

/** The set that is added to. */
export interface AppendedSet {
  readonly set: ReferenceSet
  /** The same, with the bytes of its own files instead of references to them, which go with it. */
  readonly rows: ReferenceSet
  readonly summary: SetSummary
  /** Tells the folder from one that another build puts in its place. */
  readonly identity: string
}

/** An array whose first chunks are those of the set that is added to. */
export interface Takeover {
  /** Its index in the header of that set. */
  readonly index: number
  readonly record: ArrayRecord
  /** Its chunks there. */
  readonly chunks: number
  /** Shards that are the same in the new set. */
  readonly linked: readonly number[]
  /** The first chunk that is read; `chunks` where none is. */
  readonly from: number
}

/**
 * @throws PlanError for a set whose counts are not recorded, SourceError where shards of it are lost, WriteError where
 * the folder holds another set than `set`.
 */
export async function readAppendedSet(path: string, set: ReferenceSet): Promise<AppendedSet> {
  const identity = await identityOf(path)
  const summary = await readSetSummary(path)
  const known = summary.arrays.map(({ metadata }) => [metadata.path, metadata.shape])
  const expected = set.header.arrays.map((array) => [array.path, array.shape])
  if (!isDeepStrictEqual(known, expected)) throw replacedMeanwhile(path)
  for (const { metadata, coverage, lost, lostCopies } of summary.arrays) {
    if (!coverage || !summary.sources) {
      throw new PlanError(
        `${path} does not record what it holds, so that nothing can be added: build it anew`,
      )
    }
    const shard = join(path, metadata.path, `refs.${lost[0]}.parq`)
    if (lost.length > 0) throw new SourceError(shard, 'this shard was written and is not there any more')
    const copied = join(path, metadata.path, copiedName(lostCopies[0] ?? 0))
    if (lostCopies.length > 0)
      throw new SourceError(copied, 'this file was written and is not there, or not whole')
  }
  const rows = summary.location === undefined ? set : await openParquetSet(path, { copies: 'raw' })
  return { set, rows, summary, identity }
}

/** @throws PlanError where `set` lacks a file of the set whose place it takes: a set that is added to loses nothing. */
export function checkSourcesKept(path: string, { set: before }: AppendedSet, set: ReferenceSet): void {
  const kept = new Set(set.sources.map(({ url }) => url))
  const lost = before.sources.find(({ url }) => !kept.has(url))
  if (!lost) return
  const message = `${path} holds ${lost.url}, which what is to be written lacks: only a set that begins with it can take its place`
  throw new PlanError(message, { inputs: [path, lost.url] })
}

/** Changes when another build replaces the set in this folder. */
export async function identityOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true })
  return `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`
}

/** The error for a set that is not the one that was opened. */
export function replacedMeanwhile(path: string): WriteError {
  return new WriteError(path, 'another build has put a set there meanwhile, which stays')
}

/** What of `array` is taken over; undefined where it is new, or its chunks are other ones than they were. */
export function planTakeover({ summary }: AppendedSet, array: ArrayMetadata): Takeover | undefined {
  const index = summary.arrays.findIndex(({ metadata }) => metadata.path === array.path)
  const known = summary.arrays[index]
  if (!known?.coverage || !continues(known.metadata, array)) return undefined
  const { chunks, coverage: record } = known
  const { recordSize } = summary
  // Missing chunks that were filled in are counted anew: how many may be depends on all of them together.
  const whole = record.filled.length > 0
  const end = sameGrid(known.metadata, array) ? chunks : Math.floor(chunks / recordSize) * recordSize
  const from = whole ? 0 : end
  const shards = whole ? [] : record.shards.flatMap(([first, last]) => range(first, last))
  return { index, record, chunks, from, linked: shards.filter((shard) => shard * recordSize < end) }
}

/** Whether each chunk that was there is the same chunk, of the same number. */
function continues(before: ArrayMetadata, after: ArrayMetadata): boolean {
  const same = (['chunkShape', 'codecs', 'dataType'] as const).every((key) =>
    isDeepStrictEqual(before[key], after[key]),
  )
  if (!same || !isDeepStrictEqual(before.shape.slice(1), after.shape.slice(1))) return false
  if (sameGrid(before, after)) return true
  const [old, extent] = [before.shape[0] ?? 0, after.shape[0] ?? Number.POSITIVE_INFINITY]
  return extent > old && old % before.chunkShape[0] === 0
}

function sameGrid(before: ArrayMetadata, after: ArrayMetadata): boolean {
  return isDeepStrictEqual(before.shape, after.shape)
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
