/** Barriers in words: what stands in the way, in which files, and what to do; equal ones of several arrays as one. */
import type { Barrier } from '../lib/index.ts'
import { formatCount, formatPlural } from './text-table.ts'
import { valueText } from './value-text.ts'

/** Arrays named in one barrier. */
const MOST_ARRAYS = 4

interface Group {
  readonly barrier: Barrier
  readonly arrays: string[]
}

/** Barriers that differ in nothing but the array, in the order of their first. */
export function groupBarriers(barriers: readonly Barrier[]): Group[] {
  const groups = new Map<string, Group>()
  for (const barrier of barriers) {
    const { array, kind, subject, inputs, values, files, advice } = barrier
    const key = JSON.stringify([kind, subject, inputs, values.map(valueText), files, advice])
    const group = groups.get(key)
    if (group) group.arrays.push(array)
    else groups.set(key, { barrier, arrays: [array] })
  }
  return [...groups.values()]
}

function arraysText(arrays: readonly string[], all: boolean): string {
  const shown = all ? arrays : arrays.slice(0, MOST_ARRAYS)
  const more = arrays.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`
}

function sideText({ values, inputs, files }: Barrier, side: 0 | 1): string {
  const others = files[side] - 1
  const count = others > 0 ? `and ${formatPlural(others, 'other')}` : '1 file'
  return `    ${valueText(values[side])} in ${inputs[side]} (${count})`
}

/** Four lines each; no more than `most`, and then how many are left. */
export function barrierLines(barriers: readonly Barrier[], most: number): string[] {
  const groups = groupBarriers(barriers)
  const lines = groups
    .slice(0, most)
    .flatMap(({ barrier, arrays }) => [
      `  ${barrier.kind}: ${arraysText(arrays, most === Number.POSITIVE_INFINITY)}: ${barrier.subject}`,
      sideText(barrier, 0),
      sideText(barrier, 1),
      `    To do: ${barrier.advice}`,
    ])
  const more = groups.length - most
  return more > 0 ? [...lines, `  and ${formatPlural(more, 'barrier')} more; --verbose shows all`] : lines
}
