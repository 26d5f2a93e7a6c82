/** Says what was left out, and why. */
import type { Skipped } from '../lib/index.ts'
import { type Surroundings, say } from './output.ts'
import { formatCount, formatPlural } from './text-table.ts'

/** Arrays or files named one by one; the coverage beside a set has all of the arrays. */
const MOST_NAMED = 20

/** Says the first of the lines, and how many more there are. */
export function sayFirst(around: Surroundings, lines: readonly string[]): void {
  for (const line of lines.slice(0, MOST_NAMED)) say(around, `  ${line}`)
  if (lines.length > MOST_NAMED) say(around, `  and ${formatCount(lines.length - MOST_NAMED)} more`)
}

function list(around: Surroundings, items: readonly Skipped[]): void {
  sayFirst(
    around,
    items.map(({ path, reason }) => (path === '' ? reason : `${path}: ${reason}`)),
  )
}

/** Arrays that references cannot express. */
export function reportSkipped(around: Surroundings, skipped: readonly Skipped[]): void {
  if (skipped.length === 0) return
  say(around, `Left out: ${formatPlural(skipped.length, 'array')}`)
  list(around, skipped)
}

/** Remarks that did not cost an array. */
export function reportNotes(around: Surroundings, notes: readonly Skipped[]): void {
  if (notes.length === 0) return
  say(around, formatPlural(notes.length, 'note'))
  list(around, notes)
}
