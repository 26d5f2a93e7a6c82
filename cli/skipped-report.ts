/** Says what was left out, and why. */
import type { Skipped } from '../lib/index.ts'
import { type Surroundings, say } from './output.ts'
import { formatPlural } from './text-table.ts'

/** Arrays named one by one; the coverage beside a set has all of them. */
const MOST_NAMED = 20

function list(around: Surroundings, items: readonly Skipped[]): void {
  for (const { path, reason } of items.slice(0, MOST_NAMED)) {
    say(around, path === '' ? `  ${reason}` : `  ${path}: ${reason}`)
  }
  if (items.length > MOST_NAMED) say(around, `  and ${items.length - MOST_NAMED} more`)
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
