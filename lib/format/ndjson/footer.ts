/** The footer's line (lib/write/ndjson.ts says what is in it). */
import type { Header, Skipped } from '../../model/metadata.ts'
import type { Outcome } from '../../model/reference-batch.ts'
import type { JsonObject } from '../python-json.ts'
import { parseExtents } from '../zarr-metadata.ts'
import type { RefuseLine } from './line-error.ts'
import { countOf, neededText, objectsOf, remarksOf, textOf, textsOf } from './members.ts'

const OUTCOMES: readonly Outcome['outcome'][] = ['referenced', 'copied', 'skipped']

/** What the footer's line says, by the arrays' indexes. */
export interface FooterLine {
  readonly shapes: ReadonlyMap<number, readonly number[]>
  readonly missing: ReadonlyMap<number, number>
  readonly dropped: readonly number[]
  /** undefined where they are left out. */
  readonly outcomes: readonly Outcome[] | undefined
  readonly notes: readonly Skipped[] | undefined
}

function parseShape(
  refuse: RefuseLine,
  json: JsonObject['shape'],
  header: readonly (number | null)[],
): number[] {
  const shape = parseExtents((key, problem) => refuse(`${key} ${problem}`), 'shape', json, 0)
  const fits =
    shape.length === header.length && header.every((extent, axis) => (extent ?? shape[axis]) === shape[axis])
  return fits ? shape : refuse(`shape [${shape.join(', ')}] is not that of the header`)
}

function parseOutcome(refuse: RefuseLine, json: JsonObject): Outcome {
  const outcome =
    OUTCOMES.find((known) => known === json.outcome) ?? refuse('coverage has an unknown outcome')
  const reason = textOf(refuse, json, 'reason')
  return { path: neededText(refuse, json, 'path'), outcome, ...(reason !== undefined && { reason }) }
}

/** @throws what `refuse` raises, where the line does not fit the header. */
export function parseFooterLine(refuse: RefuseLine, line: JsonObject, { arrays }: Header): FooterLine {
  const indexes = new Map(arrays.map(({ path }, index) => [path, index]))
  const indexOf = (path: string) =>
    indexes.get(path) ?? refuse(`the header has no array ${JSON.stringify(path)}`)
  const shapes = new Map<number, readonly number[]>()
  const missing = new Map<number, number>()
  for (const array of objectsOf(refuse, line, 'arrays')) {
    const path = neededText(refuse, array, 'path')
    const index = indexOf(path)
    const within: RefuseLine = (problem) => refuse(`array ${JSON.stringify(path)}: ${problem}`)
    if (array.shape !== undefined) shapes.set(index, parseShape(within, array.shape, arrays[index].shape))
    const count = countOf(within, array, 'missing')
    if (count !== undefined) missing.set(index, count)
  }
  const dropped = textsOf(refuse, line, 'dropped').map(indexOf)
  const outcomes = objectsOf(refuse, line, 'coverage').map((outcome) => parseOutcome(refuse, outcome))
  return {
    shapes,
    missing,
    dropped,
    outcomes: line.coverage === undefined ? undefined : outcomes,
    notes: line.notes === undefined ? undefined : remarksOf(refuse, line, 'notes'),
  }
}
