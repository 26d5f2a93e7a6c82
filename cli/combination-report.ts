/** What `kstream build` says of a plan before it writes: the order, what is left out, eras and empty places. */
import type { PlanReport } from '../lib/index.ts'
import type { BuildOptions } from './build-options.ts'
import type { Combined, Unread } from './combination.ts'
import { type Surroundings, say } from './output.ts'
import { emptyCellsText, seamText } from './plan-text.ts'
import { sayFirst } from './skipped-report.ts'
import { formatCount, formatPlural } from './text-table.ts'

type ReportOptions = Pick<BuildOptions, 'onMismatch' | 'append'>

function list(around: Surroundings, title: string, items: readonly Unread[]): void {
  if (items.length === 0) return
  say(around, `${title}: ${formatPlural(items.length, 'file')}`)
  sayFirst(
    around,
    items.map(({ input, reason }) => (reason.startsWith(input) ? reason : `${input}: ${reason}`)),
  )
}

function reportEras(
  around: Surroundings,
  { eras, barriers }: PlanReport,
  { onMismatch, append }: ReportOptions,
): void {
  if (eras.length < 2 || append) return
  const groups = `${formatCount(eras.length)} eras`
  if (onMismatch !== 'eras' && barriers.length > 0) {
    say(around, `These files are ${groups}: --on-mismatch eras writes a group each; kstream plan tells more`)
    return
  }
  say(around, `Writing ${groups}, a group each`)
  for (const { name, inputs, first, last } of eras) {
    say(around, `  ${name}: ${formatPlural(inputs, 'file')}, ${first} … ${last}`)
  }
}

function reportEmptyCells(around: Surroundings, { cells, emptyCells, emptyExamples }: PlanReport): void {
  if (emptyCells === 0) return
  const more = emptyCells > emptyExamples.length ? '; …' : ''
  const where = `${emptyExamples.join('; ')}${more}`
  say(around, `No file for ${emptyCellsText(cells, emptyCells)}, which read as missing: ${where}`)
}

/** Says it; returns whether any file is left out. */
export function reportCombination(around: Surroundings, combined: Combined, options: ReportOptions): boolean {
  const { combination, unread, foundDim } = combined
  list(around, 'Could not be read', unread)
  if (!combination) return unread.length > 0
  const { report } = combination
  const { inputs, order, leftOut, seams } = report
  if (foundDim !== undefined && inputs > 1) {
    const joined = options.append
      ? `Adding ${formatPlural(inputs - 1, 'file')}`
      : `Joining ${formatPlural(inputs, 'file')}`
    say(around, `${joined} along ${foundDim}, the one unlimited dimension they share`)
  }
  if (order.moved > 0) {
    say(
      around,
      `Ordered ${order.reason}: ${formatPlural(order.moved, 'file')} moved from the place in the list`,
    )
  }
  list(around, 'Left out', leftOut)
  if (seams && options.onMismatch === 'copy') say(around, `Copied where files meet: ${seamText(seams)}`)
  reportEras(around, report, options)
  reportEmptyCells(around, report)
  return unread.length + leftOut.length > 0
}
