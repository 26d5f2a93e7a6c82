/** What kstream keeps of a Parquet set in `.kstream/`: sources.ndjson and coverage.ndjson (lib/write/records.ts). */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError, SourceError, systemCode } from '../../errors.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import { isJsonObject, type JsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import {
  type ArrayRecord,
  parseArrayRecord,
  parseNames,
  parseSource,
  type RefuseLine,
} from './record-line.ts'

/** All records of a set. */
interface SetRecords {
  /** By the array's path, skipped ones among them; undefined for a set that kstream did not write. */
  readonly arrays: ReadonlyMap<string, ArrayRecord> | undefined
  /** Names of dimensions that may grow, by the group's path. */
  readonly unlimited: ReadonlyMap<string, readonly string[]>
  readonly notes: readonly { readonly path: string; readonly note: string }[]
  /** What references to the set's own files begin with; undefined where it has none. */
  readonly location: string | undefined
  /** Undefined for a set that kstream did not write. */
  readonly sources: readonly SourceInfo[] | undefined
}

/**
 * Reads the records of the set in the folder `root`.
 * @throws SourceError where a file cannot be read, FormatError where a line of it is broken.
 */
export async function readRecords(root: string): Promise<SetRecords> {
  // Many lines of text and small counts, which need none of the care that Python's numbers do.
  const sources = await readLines(join(root, '.kstream', 'sources.ndjson'), parseSource, JSON.parse)
  const arrays = new Map<string, ArrayRecord>()
  const unlimited = new Map<string, readonly string[]>()
  const notes: { path: string; note: string }[] = []
  let location: string | undefined
  const lines = await readLines(join(root, '.kstream', 'coverage.ndjson'), (refuse, line) => {
    const { path, group, note, outcome } = line
    if (typeof line.location === 'string') location = line.location
    else if (typeof group === 'string') unlimited.set(group, parseNames(refuse, line.unlimited))
    else if (typeof path === 'string' && typeof note === 'string') notes.push({ path, note })
    else if (typeof path === 'string' && outcome !== undefined)
      arrays.set(path, parseArrayRecord(refuse, path, line))
  })
  return { arrays: lines && arrays, unlimited, notes, location, sources }
}

/** What `parse` makes of each line of an NDJSON file, itself made of JSON by `read`; undefined where there is no such file. */
async function readLines<T>(
  url: string,
  parse: (refuse: RefuseLine, line: JsonObject) => T,
  read: (text: string) => PythonJson = parsePythonJson,
): Promise<T[] | undefined> {
  const text = await readFile(url, 'utf8').catch((cause) => {
    if (systemCode(cause) !== 'ENOENT') throw new SourceError(url, 'cannot be read', { cause })
  })
  if (text === undefined) return undefined
  const found: T[] = []
  let start = 0
  const refuse = (problem: string, cause?: unknown): never => {
    const at = { url, offset: Buffer.byteLength(text.slice(0, start)), structure: 'NDJSON line' }
    throw new FormatError(at, problem, { cause })
  }
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, end)
    if (line !== '') found.push(parse(refuse, parseObject(refuse, line, read)))
    start = end + 1
  }
  return found
}

function parseObject(refuse: RefuseLine, line: string, read: (text: string) => PythonJson): JsonObject {
  let value: PythonJson
  try {
    value = read(line)
  } catch (cause) {
    return refuse('is not JSON', cause)
  }
  return isJsonObject(value) ? value : refuse('is no object')
}
