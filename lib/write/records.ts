/**
 * What a Parquet set holds beside its Zarr metadata, as NDJSON in `.kstream/` (a line a record, no time of building):
 * - `sources.ndjson`: `{"url", "size", "etag"?, "lastModified"?}` for each file that references may point into;
 * - `coverage.ndjson`: `{"path", "outcome", "reason"?, "chunks", "references", "inlined", "missing", "shards"}` for each
 *   array, `shards` being the ranges `[first, last]` of those that exist, then `{"path", "note"}` for each remark.
 */
import type { Skipped } from '../model/metadata.ts'
import type { Outcome } from '../model/reference-batch.ts'
import type { SourceInfo } from '../model/reference-set.ts'
import { type JsonValue, jsonText } from './json-text.ts'

export const SOURCES_FILE = 'sources.ndjson'
export const COVERAGE_FILE = 'coverage.ndjson'

/** How one array ended, in numbers of chunks. */
export interface ArrayCoverage extends Outcome {
  /** Chunks of the grid; 0 where the array was skipped. */
  readonly chunks: number
  readonly references: number
  readonly inlined: number
  readonly missing: number
  /** Numbers of the shards that exist, as ranges with both ends in. */
  readonly shards: readonly (readonly [first: number, last: number])[]
}

/** The coverage of a written set. */
export interface SetCoverage {
  readonly arrays: readonly ArrayCoverage[]
  readonly notes: readonly Skipped[]
}

/** The text of `sources.ndjson`. */
export function sourcesText(sources: readonly SourceInfo[]): string {
  return lines(
    sources.map(({ url, size, etag, lastModified }) => ({
      url,
      size: BigInt(size),
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { lastModified }),
    })),
  )
}

/** The text of `coverage.ndjson`. */
export function coverageText(coverage: SetCoverage): string {
  const arrays = coverage.arrays.map((array) => ({
    path: array.path,
    outcome: array.outcome,
    ...(array.reason !== undefined && { reason: array.reason }),
    chunks: BigInt(array.chunks),
    references: BigInt(array.references),
    inlined: BigInt(array.inlined),
    missing: BigInt(array.missing),
    shards: array.shards.map((range) => range.map(BigInt)),
  }))
  const notes = coverage.notes.map(({ path, reason }) => ({ path, note: reason }))
  return lines([...arrays, ...notes])
}

/** Ascending numbers as ranges. */
export function ranges(numbers: readonly number[]): [first: number, last: number][] {
  const found: [number, number][] = []
  for (const number of numbers) {
    const last = found.at(-1)
    if (last && last[1] + 1 === number) last[1] = number
    else found.push([number, number])
  }
  return found
}

function lines(records: readonly JsonValue[]): string {
  return records.map((record) => `${jsonText(record)}\n`).join('')
}
