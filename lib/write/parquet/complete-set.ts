/** Whether a set that is there is the one that would be written, as far as can be told before any reference is read. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArrayRecord, countOf } from '../../format/kerchunk-parquet/record-line.ts'
import { readInlinedBytes } from '../../format/kerchunk-parquet/shard.ts'
import { ascendingTest } from '../../format/kerchunk-parquet/shard-batch.ts'
import { type ArraySummary, readSetSummary, type SetSummary } from '../../format/kerchunk-parquet/summary.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import { planFill, writtenFill } from '../fill-value.ts'
import { RECORDS_FOLDER } from '../names.ts'
import { type ArrayCoverage, SOURCES_FILE, sourcesText } from '../records.ts'
import { otherLocation } from '../reference-paths.ts'
import type { FinalArray } from '../zarr-documents.ts'
import { allGroups, zmetadataTexts } from '../zmetadata.ts'
import type { WriteReport } from './report.ts'
import { notesOf } from './set-coverage.ts'

/**
 * The report of the set in the folder `path`, where it has the sources and the metadata that `set` would be written with;
 * undefined where it has not, and where there are no sources: nothing tells then that it is the same.
 * @throws PlanError where it is the same but for the location of its copied files.
 */
export async function readCompleteSet(
  set: ReferenceSet,
  path: string,
  { recordSize, location }: { readonly recordSize: number; readonly location: string },
): Promise<WriteReport | undefined> {
  if (set.sources.length === 0) return undefined
  const summary = await readSetSummary(path)
  const sources = await readFile(join(path, RECORDS_FOLDER, SOURCES_FILE), 'utf8').catch(() => undefined)
  if (sources !== sourcesText(set.sources) || summary.recordSize !== recordSize) return undefined
  const text = await readFile(join(path, '.zmetadata'), 'utf8')
  if (text !== expectedText(set, summary) || !isWhole(summary)) return undefined
  const known = summary.location
  if (known !== undefined && known !== location) throw otherLocation(path, known, location)
  return reportOf(summary)
}

function isWhole({ arrays }: SetSummary): boolean {
  return arrays.every(
    ({ coverage, lost, lostCopies }) => coverage && lost.length === 0 && lostCopies.length === 0,
  )
}

/** Its text for the set's header: of what only the body tells, extents and missing chunks, what is there is taken. */
function expectedText(set: ReferenceSet, summary: SetSummary): string | undefined {
  const { groups, arrays } = set.header
  const there = new Map(summary.arrays.map((array) => [array.metadata.path, array]))
  const skipped = new Set(summary.skipped.map(({ path }) => path))
  const final = arrays.flatMap((metadata) => {
    const known = there.get(metadata.path)
    return known ? [finalArray(metadata, known)] : []
  })
  const kept = groups.filter(({ path }) => !skipped.has(path))
  if (arrays.some(({ path }) => !there.has(path) && !skipped.has(path))) return undefined
  for (const [path, text] of zmetadataTexts(
    allGroups(
      kept,
      final.map((array) => array.metadata),
    ),
    final,
    summary.recordSize,
  )) {
    if (path === '') return text
  }
  return undefined
}

function finalArray(metadata: ArrayMetadata, { metadata: known, coverage }: ArraySummary): FinalArray {
  return {
    metadata,
    shape: metadata.shape.map((extent, axis) => extent ?? known.shape[axis] ?? 0),
    fill: writtenFill(planFill(metadata), metadata, coverage?.missing ?? 0),
  }
}

async function reportOf(summary: SetSummary): Promise<WriteReport> {
  const { path, skipped } = summary
  const arrays = summary.arrays.flatMap(({ coverage, chunks }) =>
    coverage ? [coverageOf(coverage, chunks)] : [],
  )
  const left = skipped.map((record) => coverageOf(record, 0))
  const notes = summary.notes.map((each) => ({ path: each.path, reason: each.note }))
  const { location } = summary
  const coverage = { arrays: [...arrays, ...left], notes, ...(location !== undefined && { location }) }
  const total = (count: (array: ArrayCoverage) => number) =>
    arrays.reduce((sum, array) => sum + count(array), 0)
  return {
    path,
    unchanged: true,
    arrays: arrays.length,
    references: total(({ references }) => references),
    inlined: total(({ inlined }) => inlined),
    copiedBytes: await copiedBytes(summary),
    missing: total(({ missing }) => missing),
    shards: summary.arrays.reduce((sum, { shards }) => sum + shards, 0),
    bytes: await bytesBelow(path),
    referencedBytes: total(({ bytes }) => bytes),
    skipped: left.map((array) => ({ path: array.path, reason: array.reason ?? '' })),
    notes: notesOf(coverage),
    coverage,
  }
}

/** Bytes of inlined chunks that are no fill values; those in shards are not recorded, and read where there are any. */
async function copiedBytes({ path, arrays, recordSize }: SetSummary): Promise<number> {
  let bytes = 0
  for (const { metadata, coverage } of arrays) {
    const { inlined = 0, copied = [], filled = [], shards = [] } = coverage ?? {}
    bytes += copied.reduce((sum, [, size]) => sum + size, 0)
    if (!coverage || inlined === countOf(filled)) continue
    const isFilled = ascendingTest(filled)
    for (const [first, last] of shards) {
      for (let shard = first; shard <= last; shard++) {
        const isCopied = (row: number) => !isFilled(shard * recordSize + row)
        const file = join(path, metadata.path, `refs.${shard}.parq`)
        bytes += await readInlinedBytes(file, recordSize, isCopied)
      }
    }
  }
  return bytes
}

function coverageOf(
  { copied, fill, filled, reason, remark, ...record }: ArrayRecord,
  chunks: number,
): ArrayCoverage {
  return {
    ...record,
    chunks,
    ...(reason !== undefined && { reason }),
    ...(copied.length > 0 && { copied }),
    ...(fill && { fill }),
    ...(filled.length > 0 && { filled }),
    ...(remark !== undefined && { remark }),
  }
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  let bytes = 0
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}
