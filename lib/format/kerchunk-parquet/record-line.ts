/** One line of sources.ndjson or coverage.ndjson (lib/write/records.ts), from parsed JSON. */
import type { Outcome } from '../../model/reference-batch.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import type { JsonObject, PythonJson } from '../python-json.ts'

/** Raises what is wrong with the line. */
export type RefuseLine = (problem: string, cause?: unknown) => never

/** Ascending numbers, as ranges with both ends in. */
export type Ranges = readonly (readonly [first: number, last: number])[]

/** Files of an array that hold copied bytes: the shard that each lies beside, ascending, and its bytes. */
export type CopiedFiles = readonly (readonly [shard: number, bytes: number])[]

/** How an array ended, in numbers of chunks. */
export interface ArrayRecord {
  readonly path: string
  readonly outcome: Outcome['outcome']
  readonly reason: string | undefined
  readonly references: number
  /** Bytes that these point at; 0 where that is not recorded. */
  readonly bytes: number
  /** Chunks whose bytes are in the set, those of `filled` among them. */
  readonly inlined: number
  readonly missing: number
  readonly shards: Ranges
  /** The files beside shards that hold chunks too large for them. */
  readonly copied: CopiedFiles
  /** Chunks that the files lack, inlined as the fill value. */
  readonly filled: Ranges
  /** The fill value that the files define: the bytes of one element. */
  readonly fill: Uint8Array | undefined
  /** What readers of the array should know of its fill value. */
  readonly remark: string | undefined
}

/** Shards of an array that are listed at most: more would be no folder. */
const MOST_SHARDS = 10_000_000

const OUTCOMES: readonly Outcome['outcome'][] = ['referenced', 'copied', 'skipped']

/** A line of sources.ndjson. */
export function parseSource(refuse: RefuseLine, line: JsonObject): SourceInfo {
  const { url, size, etag, lastModified, external } = line
  const known = {
    url: typeof url === 'string' ? url : refuse('has no url'),
    size: parseCount(refuse, 'size', size),
  }
  // There are thousands of these lines.
  const source: { -readonly [key in keyof SourceInfo]: SourceInfo[key] } = known
  if (typeof etag === 'string') source.etag = etag
  if (typeof lastModified === 'string') source.lastModified = lastModified
  if (external === true) source.external = external
  return source
}

/** A line of coverage.ndjson that has an outcome. */
export function parseArrayRecord(refuse: RefuseLine, path: string, line: JsonObject): ArrayRecord {
  const shards = parseRanges(refuse, 'shards', line.shards)
  return {
    path,
    outcome: OUTCOMES.find((outcome) => outcome === line.outcome) ?? refuse('has an unknown outcome'),
    reason: typeof line.reason === 'string' ? line.reason : undefined,
    references: parseCount(refuse, 'references', line.references),
    bytes: parseCount(refuse, 'bytes', line.bytes),
    inlined: parseCount(refuse, 'inlined', line.inlined),
    missing: parseCount(refuse, 'missing', line.missing),
    shards: countOf(shards) > MOST_SHARDS ? [] : shards,
    copied: parseCopiedFiles(refuse, line.copied),
    filled: parseRanges(refuse, 'filled', line.filled),
    fill: line.fill === undefined ? undefined : parseHex(refuse, 'fill', line.fill),
    remark: typeof line.remark === 'string' ? line.remark : undefined,
  }
}

/** How many numbers are in ranges. */
export function countOf(ranges: Ranges): number {
  return ranges.reduce((count, [first, last]) => count + last - first + 1, 0)
}

/** A list of names, empty where there is none. */
export function parseNames(refuse: RefuseLine, json: PythonJson | undefined): string[] {
  if (!Array.isArray(json)) return refuse('has no list of names')
  return json.map((name) => (typeof name === 'string' ? name : refuse('has a name that is no text')))
}

/** A whole number; 0 where it is left out. */
function parseCount(refuse: RefuseLine, key: string, json: PythonJson | undefined): number {
  const count = json === undefined ? 0 : typeof json === 'bigint' ? Number(json) : json
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0
    ? count
    : refuse(`${key} is no count`)
}

function parseRanges(refuse: RefuseLine, key: string, json: PythonJson | undefined): Ranges {
  if (json === undefined) return []
  if (!Array.isArray(json)) return refuse(`${key} is no list of ranges`)
  let next = 0
  return json.map((range: PythonJson): [number, number] => {
    const [first, last] = Array.isArray(range) ? range : []
    const numbers: [number, number] = [parseCount(refuse, key, first), parseCount(refuse, key, last)]
    if (first === undefined || last === undefined || numbers[0] < next || numbers[1] < numbers[0]) {
      refuse(`${key} is no ascending list of ranges`)
    }
    next = numbers[1] + 1
    return numbers
  })
}

function parseCopiedFiles(refuse: RefuseLine, json: PythonJson | undefined): CopiedFiles {
  if (json === undefined) return []
  if (!Array.isArray(json)) return refuse('copied is no list of files')
  let next = 0
  return json.map((file: PythonJson): [number, number] => {
    const [shard, bytes] = (Array.isArray(file) ? file : []).map((n) => parseCount(refuse, 'copied', n))
    if (shard === undefined || bytes === undefined || shard < next) {
      return refuse('copied is no ascending list of files')
    }
    next = shard + 1
    return [shard, bytes]
  })
}

function parseHex(refuse: RefuseLine, key: string, json: PythonJson): Uint8Array {
  const fits = typeof json === 'string' && json.length % 2 === 0 && /^[0-9a-f]*$/.test(json)
  return fits ? new Uint8Array(Buffer.from(json, 'hex')) : refuse(`${key} is no hexadecimal text`)
}
