/**
 * What a Parquet set remembers beside its Zarr metadata, as NDJSON in `.kstream/`: a JSON object a line, in ASCII, keys
 * in this order, no time of building, nothing of how its inputs were grouped. Read by format/kerchunk-parquet/records.ts.
 *
 * `sources.ndjson`, a line for each file that references may point into, in the order of the inputs:
 *     {"url": "/data/a.nc", "size": 123, "etag"?: "\"x\"", "lastModified"?: "2020-01-01T00:00:00.000Z"}
 *
 * `coverage.ndjson`, first a line for each array of the set, in the set's order:
 *     {"path": "g/t", "outcome": "referenced", "reason"?: "why copied", "chunks": 9, "references": 5, "bytes": 500,
 *      "inlined": 3, "missing": 1, "shards": [[0, 0]], "copied"?: [[0, 9000000]], "fill"?: "ff", "filled"?: [[4, 5]], "remark"?: "what to know of its fill value"}
 * - `outcome`: `referenced`, or `copied` where its values are in the set itself for a reason;
 * - `chunks` of the grid = `references` + `inlined` + `missing`; `bytes` is what the references point at, left out where 0;
 * - `shards` that exist, as ranges with both ends in: one that is listed and not there is lost;
 * - `inlined`: chunks whose bytes are in the set: in a shard, or in a file `copied.<shard>.bin` beside one;
 * - `copied`: those files, as the number of the shard and bytes; left out where there are none;
 * - `fill`: one element as the files define it, in hexadecimal; `.zarray` has it only where readers need it there;
 * - `filled`: of the inlined chunks those that no file has, made by the sink; they count as missing when the set is read;
 * - `remark`: made of the above anew whenever the set is written.
 * Then, by path, a line for what is not in the set, all counts being 0:
 *     {"path": "v", "outcome": "skipped", "reason": "object references", "chunks": 0, ..., "shards": []}
 * Then a line for each group with dimensions that may grow, in the set's order, and, by path, one for each note:
 *     {"group": "", "unlimited": ["time"]}
 *     {"path": "g/t", "note": "an attribute that could not be read"}
 * Last, where any array has files of copied bytes, what the references to them begin with:
 *     {"location": "s3://bucket/ocean.parq"}
 */
import type { CopiedFiles, Ranges } from '../format/kerchunk-parquet/record-line.ts'
import type { FillValue, GroupMetadata, Skipped } from '../model/metadata.ts'
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
  /** Bytes that the references point at; recorded where a number holds them exactly. */
  readonly bytes: number
  /** Chunks whose bytes are in the set itself. */
  readonly inlined: number
  readonly missing: number
  /** Numbers of the shards that exist. */
  readonly shards: Ranges
  /** The files beside shards that hold inlined chunks too large for these. */
  readonly copied?: CopiedFiles
  /** The files' own fill value: the bytes of one element. */
  readonly fill?: FillValue
  /** Of the inlined chunks: those that the files lack, made of the fill value. */
  readonly filled?: Ranges
  /** What readers of the array should know of its fill value. */
  readonly remark?: string
}

/** The coverage of a written set. */
export interface SetCoverage {
  readonly arrays: readonly ArrayCoverage[]
  readonly notes: readonly Skipped[]
  /** What references to the set's own files begin with, where it has any. */
  readonly location?: string
}

/** The text of `sources.ndjson`. */
export function sourcesText(sources: readonly SourceInfo[]): string {
  return lines(
    sources.map(({ url, size, etag, lastModified, external }) => ({
      url,
      size: BigInt(size),
      ...(external && { external }),
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { lastModified }),
    })),
  )
}

/** The text of `coverage.ndjson`. */
export function coverageText(coverage: SetCoverage, groups: readonly GroupMetadata[]): string {
  const unlimited = groups.flatMap(({ path, unlimitedDims = [] }) =>
    unlimitedDims.length > 0 ? [{ group: path, unlimited: unlimitedDims }] : [],
  )
  const notes = coverage.notes.map(({ path, reason }) => ({ path, note: reason }))
  const location = coverage.location === undefined ? [] : [{ location: coverage.location }]
  return lines([...coverage.arrays.map(arrayLine), ...unlimited, ...notes, ...location])
}

function arrayLine(array: ArrayCoverage): JsonValue {
  const { path, outcome, reason, copied = [], fill, filled = [], remark } = array
  return {
    path,
    outcome,
    ...(reason !== undefined && { reason }),
    chunks: BigInt(array.chunks),
    references: BigInt(array.references),
    ...(array.bytes > 0 && Number.isSafeInteger(array.bytes) && { bytes: BigInt(array.bytes) }),
    inlined: BigInt(array.inlined),
    missing: BigInt(array.missing),
    shards: rangesJson(array.shards),
    ...(copied.length > 0 && { copied: rangesJson(copied) }),
    ...(fill && { fill: Buffer.from(fill).toString('hex') }),
    ...(filled.length > 0 && { filled: rangesJson(filled) }),
    ...(remark !== undefined && { remark }),
  }
}

function rangesJson(ranges: Ranges): JsonValue {
  return ranges.map((range) => range.map(BigInt))
}

/** Each once, by path and reason: an order that does not tell who said it first. */
export function distinct(notes: readonly Skipped[]): Skipped[] {
  const found = new Map(notes.map(({ path, reason }) => [`${path}\0${reason}`, { path, reason }]))
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, note]) => note)
}

/** Ascending numbers as ranges. */
export function ranges(numbers: readonly number[]): Ranges {
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
