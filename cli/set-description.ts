/** What a Parquet set holds, from its metadata and records: nothing is loaded that reading those does not need. */
import { realpath } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { readSetSummary, type SetSummary } from '../lib/index.ts'
import { EXIT } from './exit-code.ts'
import { countText, headerLines, headerOf } from './header-text.ts'
import { type Surroundings, say, writeLines } from './output.ts'
import { reportNotes, reportSkipped } from './skipped-report.ts'
import { formatCount, formatPlural } from './text-table.ts'

/** Sums of the coverage; a set that kstream did not write has none. */
function coverageText({ arrays }: SetSummary): string {
  const records = arrays.map(({ coverage }) => coverage)
  if (records.some((record) => record === undefined)) return 'no coverage: kstream did not write this set'
  const bytes = records.reduce((total, record) => total + (record?.bytes ?? 0), 0)
  const copied = records
    .flatMap((record) => record?.copied ?? [])
    .reduce((total, [, size]) => total + size, 0)
  return countText(records, { referenced: bytes > 0 ? bytes : undefined, copied })
}

/** Where the set's own files are referenced, where that is a place on this machine and not this one. */
async function movedFrom({ path, location }: SetSummary): Promise<string | undefined> {
  if (location === undefined || !isAbsolute(location)) return undefined
  return (await realpath(path)) === location ? undefined : location
}

/** Describes the set in the folder `path`; returns the exit code. */
export async function describeSet(path: string, around: Surroundings): Promise<number> {
  const summary = await readSetSummary(path)
  const { recordSize, groups, arrays, skipped, notes, sources } = summary
  const shards = arrays.reduce((total, array) => total + array.shards, 0)
  await writeLines(around, [
    `${path}: ${formatPlural(arrays.length, 'array')} in ${formatPlural(shards, 'shard')} of ${formatCount(recordSize)} rows`,
    coverageText(summary),
    ...(sources === undefined ? [] : [`references into ${formatPlural(sources.length, 'file')}`]),
    ...headerLines(headerOf(groups, arrays)),
  ])
  reportSkipped(
    around,
    skipped.map(({ path: array, reason = '' }) => ({ path: array, reason })),
  )
  const remarks = arrays.flatMap(({ metadata, coverage }) =>
    coverage?.remark === undefined ? [] : [{ path: metadata.path, reason: coverage.remark }],
  )
  reportNotes(around, [...notes.map(({ path: array, note }) => ({ path: array, reason: note })), ...remarks])
  const lost = arrays.flatMap((array) =>
    array.lost.map((shard) => `${array.metadata.path}/refs.${shard}.parq`),
  )
  for (const shard of lost)
    say(around, `Lost: ${shard} was written and is not there; its chunks would read as fill`)
  const copies = arrays.flatMap((array) =>
    array.lostCopies.map((shard) => `${array.metadata.path}/copied.${shard}.bin`),
  )
  for (const file of copies)
    say(around, `Lost: ${file} was written and is not there, or not whole; its chunks cannot be read`)
  const moved = await movedFrom(summary)
  if (moved !== undefined) {
    const heal = `kstream build ${path} -o NEW makes a set that is whole where it lies`
    say(around, `Moved: its references to bytes copied into it point at ${moved}; ${heal}`)
  }
  return lost.length + copies.length > 0 ? EXIT.refused : EXIT.done
}
