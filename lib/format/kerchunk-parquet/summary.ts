/** What a Parquet set holds, without reading its references: metadata, coverage, sources and the shards that are there. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError, SourceError } from '../../errors.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, GroupMetadata } from '../../model/metadata.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import { isJsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import { parseZmetadata } from './zmetadata.ts'

/** Files of a set are not read beyond this. */
const MOST_SHARDS_LISTED = 10_000_000

export interface ArraySummary {
  readonly metadata: ArrayMetadata
  /** Chunks of the grid. */
  readonly chunks: number
  /** Shards in the array's folder. */
  readonly shards: number
  /** Numbers of shards that the coverage lists and that are not there: their chunks read as fill values. */
  readonly lost: readonly number[]
  /** From the coverage; undefined for a set that kstream did not write. */
  readonly coverage: ArrayRecord | undefined
}

/** A line of `coverage.ndjson`: how an array ended. */
export interface ArrayRecord {
  readonly path: string
  readonly outcome: string
  readonly reason: string | undefined
  readonly references: number
  readonly inlined: number
  readonly missing: number
  readonly shards: readonly (readonly [first: number, last: number])[]
}

export interface SetSummary {
  readonly path: string
  /** Rows of a shard. */
  readonly recordSize: number
  readonly groups: readonly GroupMetadata[]
  readonly arrays: readonly ArraySummary[]
  readonly skipped: readonly ArrayRecord[]
  readonly notes: readonly { readonly path: string; readonly note: string }[]
  /** Files that the references may point into; undefined for a set that kstream did not write. */
  readonly sources: readonly SourceInfo[] | undefined
}

/**
 * Reads the summary of the set in the folder `path`.
 * @throws SourceError where there is no set, FormatError where its metadata or coverage is broken.
 */
export async function readSetSummary(path: string): Promise<SetSummary> {
  const text = await readFile(join(path, '.zmetadata'), 'utf8').catch((cause) => {
    throw new SourceError(path, 'is no Parquet reference set: its .zmetadata cannot be read', { cause })
  })
  const { header, recordSize } = parseZmetadata(text, path)
  const lines = (await readLines(join(path, '.kstream', 'coverage.ndjson'))) ?? []
  const records = new Map(lines.flatMap(parseRecord).map((record) => [record.path, record]))
  const arrays: ArraySummary[] = []
  for (const metadata of header.arrays) {
    arrays.push(await summarize(path, metadata, records.get(metadata.path)))
  }
  const notes = lines.flatMap((line) =>
    typeof line.note === 'string' ? [{ path: textOf(line.path), note: line.note }] : [],
  )
  const skipped = [...records.values()].filter(({ outcome }) => outcome === 'skipped')
  const sources = (await readLines(join(path, '.kstream', 'sources.ndjson')))?.map(parseSource)
  return { path, recordSize, groups: header.groups, arrays, skipped, notes, sources }
}

async function summarize(
  root: string,
  metadata: ArrayMetadata,
  coverage: ArrayRecord | undefined,
): Promise<ArraySummary> {
  const names = await readdir(join(root, metadata.path)).catch(() => [])
  const present = new Set(names.flatMap((name) => /^refs\.(\d+)\.parq$/.exec(name)?.[1] ?? []).map(Number))
  const lost: number[] = []
  for (const [first, last] of coverage?.shards ?? []) {
    for (let shard = first; shard <= last; shard++) if (!present.has(shard)) lost.push(shard)
  }
  const shape = metadata.shape.map((extent) => extent ?? 0)
  const chunks = chunkCount(gridShape(shape, metadata.chunkShape))
  return { metadata, chunks, shards: present.size, lost, coverage }
}

type JsonObject = { readonly [key: string]: PythonJson }

/** The objects of an NDJSON file; undefined where there is no such file. */
async function readLines(path: string): Promise<JsonObject[] | undefined> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    if (cause.code !== 'ENOENT') throw new SourceError(path, 'cannot be read', { cause })
  })
  let offset = 0
  return text?.split('\n').flatMap((line) => {
    const at = offset
    offset += Buffer.byteLength(line) + 1
    return line === '' ? [] : [parseLine(line, path, at)]
  })
}

function parseLine(line: string, url: string, offset: number): JsonObject {
  try {
    const value = parsePythonJson(line)
    if (isJsonObject(value)) return value
  } catch (cause) {
    throw new FormatError({ url, offset, structure: 'NDJSON line' }, 'is not JSON', { cause })
  }
  throw new FormatError({ url, offset, structure: 'NDJSON line' }, 'is no object')
}

function parseSource({ url, size, etag, lastModified }: JsonObject): SourceInfo {
  return {
    url: textOf(url),
    size: numberOf(size),
    ...(typeof etag === 'string' && { etag }),
    ...(typeof lastModified === 'string' && { lastModified }),
  }
}

function parseRecord(line: JsonObject): ArrayRecord[] {
  if (typeof line.path !== 'string' || typeof line.outcome !== 'string') return []
  const reason = typeof line.reason === 'string' ? line.reason : undefined
  const { references, inlined, missing } = line
  return [
    {
      path: line.path,
      outcome: line.outcome,
      reason,
      references: numberOf(references),
      inlined: numberOf(inlined),
      missing: numberOf(missing),
      shards: parseRanges(line.shards),
    },
  ]
}

/** Ranges of shards, as far as a folder could hold them. */
function parseRanges(value: PythonJson | undefined): [number, number][] {
  if (!Array.isArray(value)) return []
  let room = MOST_SHARDS_LISTED
  return value.flatMap((range): [number, number][] => {
    if (!Array.isArray(range) || range.length !== 2) return []
    const first = numberOf(range[0])
    const last = numberOf(range[1])
    room -= Math.max(0, last - first + 1)
    return room < 0 ? [] : [[first, last]]
  })
}

function numberOf(value: PythonJson | undefined): number {
  return typeof value === 'bigint' ? Number(value) : 0
}

function textOf(value: PythonJson | undefined): string {
  return typeof value === 'string' ? value : ''
}
