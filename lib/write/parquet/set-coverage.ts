/** How the arrays of a set ended, from their writers and what the body said at its end. */
import type { Header, Skipped } from '../../model/metadata.ts'
import type { Footer, Outcome } from '../../model/reference-batch.ts'
import { type ArrayCoverage, distinct, ranges, type SetCoverage } from '../records.ts'
import type { ArrayWriter } from './array-writer.ts'

/** An array's writer when it has finished, and its absent chunks. */
interface Finished {
  readonly writer: ArrayWriter
  readonly missing: number
}

/** The arrays in their order, then what is not in the set; `notes` are the sink's own, `location` is that of its files. */
export function coverageOf(
  finished: readonly Finished[],
  header: Header,
  footer: Footer,
  notes: readonly Skipped[],
  location: string,
): SetCoverage {
  const outcomes = new Map(footer.coverage.arrays.map((outcome) => [outcome.path, outcome]))
  const written = finished.filter(({ writer }) => writer.dropped === undefined)
  const arrays = written.map((each) => arrayCoverage(each, outcomes.get(each.writer.metadata.path)))
  const dropped = finished.flatMap(({ writer: { metadata, dropped: reason } }) =>
    reason === undefined ? [] : [{ path: metadata.path, reason }],
  )
  const told = new Set(finished.map(({ writer }) => writer.metadata.path))
  const untold = [...footer.coverage.arrays, ...header.skipped].filter(({ path }) => !told.has(path))
  const others = untold.map(({ path, reason = 'not in the set' }) => ({ path, reason }))
  const skipped = new Map(distinct([...dropped, ...others]).map((each) => [each.path, skippedArray(each)]))
  return {
    arrays: [...arrays, ...skipped.values()],
    notes: distinct([...header.notes, ...footer.coverage.notes, ...notes]),
    ...(arrays.some(({ copied }) => copied) && { location }),
  }
}

function arrayCoverage({ writer, missing }: Finished, known: Outcome | undefined): ArrayCoverage {
  const { references, referencedBytes, inlined, filledChunks, copiedFiles } = writer
  const { path, fillValue } = writer.metadata
  const remark = writer.fill.note(missing)
  return {
    path,
    outcome: known?.outcome ?? (inlined > 0 && references === 0 ? 'copied' : 'referenced'),
    ...(known?.reason !== undefined && { reason: known.reason }),
    chunks: references + inlined + missing,
    references,
    bytes: referencedBytes,
    inlined,
    missing,
    shards: ranges(writer.shards),
    ...(copiedFiles.length > 0 && { copied: copiedFiles }),
    ...(fillValue && { fill: fillValue }),
    ...(filledChunks.length > 0 && { filled: ranges(filledChunks) }),
    ...(remark !== undefined && { remark }),
  }
}

function skippedArray({ path, reason }: Skipped): ArrayCoverage {
  const none = { chunks: 0, references: 0, bytes: 0, inlined: 0, missing: 0, shards: [] }
  return { path, outcome: 'skipped', reason, ...none }
}

/** All that users should know of, remarks on fill values too. */
export function notesOf({ arrays, notes }: SetCoverage): Skipped[] {
  const remarks = arrays.flatMap(({ path, remark }) =>
    remark === undefined ? [] : [{ path, reason: remark }],
  )
  return [...notes, ...remarks]
}
