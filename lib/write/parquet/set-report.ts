/** What is told of a set that was written. */
import type { SetCoverage } from '../records.ts'
import type { ArrayWriter } from './array-writer.ts'
import type { WriteReport } from './report.ts'
import { notesOf } from './set-coverage.ts'

/** `bytes`: of all files but those beside shards. */
export function reportOf(
  writers: readonly ArrayWriter[],
  coverage: SetCoverage,
  bytes: number,
): Omit<WriteReport, 'path'> {
  const kept = writers.filter(({ dropped }) => dropped === undefined)
  const total = (count: (writer: ArrayWriter) => number) => kept.reduce((sum, each) => sum + count(each), 0)
  return {
    arrays: kept.length,
    references: total(({ references }) => references),
    inlined: total(({ inlined }) => inlined),
    copiedBytes: total(({ copiedBytes }) => copiedBytes),
    missing: coverage.arrays.reduce((sum, { missing }) => sum + missing, 0),
    shards: total(({ shards }) => shards.length),
    bytes: bytes + total(({ fileBytes }) => fileBytes),
    referencedBytes: total(({ referencedBytes }) => referencedBytes),
    skipped: coverage.arrays.flatMap(({ path, outcome, reason = '' }) =>
      outcome === 'skipped' ? [{ path, reason }] : [],
    ),
    notes: notesOf(coverage),
    coverage,
  }
}
