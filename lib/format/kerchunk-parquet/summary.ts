/** What a Parquet set holds, without reading its references: metadata, coverage, sources and the shards that are there. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError, SourceError, systemCode } from '../../errors.ts'
import { chunkCount, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import { itemSize } from '../../model/data-type.ts'
import type { ArrayMetadata, GroupMetadata } from '../../model/metadata.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import { mapOrdered } from '../../stream/map-ordered.ts'
import { copiedName } from './copied-path.ts'
import type { ArrayRecord, CopiedFiles } from './record-line.ts'
import { readRecords } from './records.ts'
import { parseZmetadata } from './zmetadata.ts'

/** Folders that are listed at a time. */
const AT_A_TIME = 16

/** One array of a set. */
export interface ArraySummary {
  /** With the fill value of the files, where the coverage has it; else that of `.zarray`. */
  readonly metadata: ArrayMetadata
  /** Chunks of the grid. */
  readonly chunks: number
  /** Shards in the array's folder. */
  readonly shards: number
  /** Numbers of shards that the coverage lists and that are not there: their chunks read as fill values. */
  readonly lost: readonly number[]
  /** Numbers of shards beside which a file of copied bytes should lie, and none does, or one of another size. */
  readonly lostCopies: readonly number[]
  /** From the coverage; undefined for a set that kstream did not write. */
  readonly coverage: ArrayRecord | undefined
}

/** All of a set but its references. */
export interface SetSummary {
  readonly path: string
  /** Rows of a shard. */
  readonly recordSize: number
  readonly groups: readonly GroupMetadata[]
  readonly arrays: readonly ArraySummary[]
  readonly skipped: readonly ArrayRecord[]
  readonly notes: readonly { readonly path: string; readonly note: string }[]
  /**
   * What references to the set's own files of copied bytes begin with: the absolute path or URL where it was to be found
   * when it was written; undefined where it has no such files.
   */
  readonly location: string | undefined
  /** Files that the references may point into; undefined for a set that kstream did not write. */
  readonly sources: readonly SourceInfo[] | undefined
}

/**
 * Reads the summary of the set in the folder `path`.
 * @throws SourceError where there is no set, FormatError where its metadata or records are broken.
 */
export async function readSetSummary(path: string): Promise<SetSummary> {
  const text = await readFile(join(path, '.zmetadata'), 'utf8').catch((cause) => {
    throw new SourceError(path, 'is no Parquet reference set: its .zmetadata cannot be read', { cause })
  })
  const { arrays: records, unlimited, notes: recorded, location, sources } = await readRecords(path)
  const { header, recordSize } = parseZmetadata(text, path, { xarrayFills: records === undefined })
  const groups = header.groups.map((group) => {
    const unlimitedDims = unlimited.get(group.path)
    return unlimitedDims ? { ...group, unlimitedDims } : group
  })
  const summary = (metadata: ArrayMetadata) => summarize(path, metadata, records?.get(metadata.path))
  const arrays: ArraySummary[] = []
  for await (const array of mapOrdered(header.arrays, summary, { concurrency: AT_A_TIME })) arrays.push(array)
  const skipped = [...(records?.values() ?? [])].filter(({ outcome }) => outcome === 'skipped')
  const notes = [
    ...recorded,
    ...header.notes.map(({ path: array, reason }) => ({ path: array, note: reason })),
  ]
  return { path, recordSize, groups, arrays, skipped, notes, location, sources }
}

/** Numbers of the shards in an array's folder, ascending. */
export async function listShards(root: string, array: string): Promise<number[]> {
  const names = await readdir(join(root, array)).catch((cause) => {
    if (systemCode(cause) === 'ENOENT') return []
    throw new SourceError(join(root, array), 'cannot be listed', { cause })
  })
  const numbers = names.flatMap((name) => /^refs\.(0|[1-9]\d{0,14})\.parq$/.exec(name)?.[1] ?? [])
  return numbers.map(Number).sort((a, b) => a - b)
}

async function summarize(
  root: string,
  metadata: ArrayMetadata,
  coverage: ArrayRecord | undefined,
): Promise<ArraySummary> {
  const present = new Set(await listShards(root, metadata.path))
  const lost: number[] = []
  for (const [first, last] of coverage?.shards ?? []) {
    for (let shard = first; shard <= last; shard++) if (!present.has(shard)) lost.push(shard)
  }
  const chunks = chunkCount(gridShape(extentsSoFar(metadata.shape), metadata.chunkShape))
  const fill = coverage?.fill
  if (fill && fill.length !== itemSize(metadata.dataType)) {
    const at = { url: join(root, '.kstream', 'coverage.ndjson'), offset: 0, structure: 'array record' }
    throw new FormatError(at, `the fill of ${metadata.path} is not an element of its data type`)
  }
  const known = fill ? { ...metadata, fillValue: fill } : metadata
  const lostCopies = await findLostCopies(join(root, metadata.path), coverage?.copied ?? [])
  return { metadata: known, chunks, shards: present.size, lost, lostCopies, coverage }
}

async function findLostCopies(folder: string, files: CopiedFiles): Promise<number[]> {
  const lost: number[] = []
  for (const [shard, bytes] of files) {
    const stats = await stat(join(folder, copiedName(shard))).catch(() => undefined)
    if (!stats?.isFile() || stats.size !== bytes) lost.push(shard)
  }
  return lost
}
