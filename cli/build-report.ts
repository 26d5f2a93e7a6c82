/** The last lines of `kstream build`: what was written, what was not, and how to open it. */
import type { SinkReport, WriteReport } from '../lib/index.ts'
import { openingLines, type WrittenSet } from './opening-lines.ts'
import { type Surroundings, say, writeLines } from './output.ts'
import { reportNotes, reportSkipped, sayFirst } from './skipped-report.ts'
import { formatBytes, formatCount, formatPlural, formatSeconds } from './text-table.ts'

export interface Build extends WrittenSet {
  readonly report: WriteReport
  readonly files: number
  readonly seconds: number
  /** Whether copies were asked for. */
  readonly tellsCopies: boolean
}

interface Written {
  readonly report: SinkReport
  readonly output: string
  readonly files: number
  readonly seconds: number
  /** It was there already. */
  readonly unchanged?: boolean
}

/** What was written, in one line. */
export function writtenLine({ report, output, files, seconds, unchanged = false }: Written): string {
  const { arrays, references, inlined, copiedBytes, missing, bytes, referencedBytes } = report
  const chunks = references + inlined
  const perChunk = chunks > 0 ? ` (${(bytes / chunks).toFixed(1)} B a chunk)` : ''
  const parts = [
    formatPlural(arrays, 'array'),
    `${formatPlural(references, 'reference')} to ${formatBytes(referencedBytes)}`,
    `${formatCount(inlined)} in the set itself${copiedBytes > 0 ? ` (${formatBytes(copiedBytes)})` : ''}`,
    `${formatCount(missing)} missing`,
    `${formatBytes(bytes)} on disk${perChunk}`,
  ]
  const done = unchanged ? `Nothing to do, ${output} is complete` : `Wrote ${output}`
  return `${done}: ${parts.join(', ')}; from ${formatPlural(files, 'file')} in ${formatSeconds(seconds)}`
}

/** Arrays of which the set itself has chunks. */
export function reportCopied(around: Surroundings, { arrays }: WriteReport['coverage']): void {
  const copied = arrays.filter(({ outcome }) => outcome === 'copied')
  if (copied.length === 0) return
  say(around, `Copied, all or some of their chunks: ${formatPlural(copied.length, 'array')}`)
  sayFirst(
    around,
    copied.map(({ path, reason }) => `${path}: ${reason ?? 'its chunks are in the set'}`),
  )
}

/** Writes it; returns whether anything was left out. */
export async function reportBuild(around: Surroundings, build: Build): Promise<boolean> {
  const { skipped, notes } = build.report
  const { unchanged = false } = build.report
  await writeLines(around, [writtenLine({ ...build, unchanged }), ...openingLines('parquet', build)])
  if (build.tellsCopies) reportCopied(around, build.report.coverage)
  reportSkipped(around, skipped)
  reportNotes(around, notes)
  return skipped.length > 0
}
