/** A function of the caller's own on the header of each input, before inputs are combined. */
import { isDeepStrictEqual } from 'node:util'
import { PlanError } from '../errors.ts'
import type { ArrayMetadata, Header } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { Stage } from '../stream/stage.ts'
import { subsetArrays } from './array-subset.ts'
import { eachSet } from './changed-set.ts'
import { movedPaths } from './moved-paths.ts'

/** What the function is told of an input. */
export interface PreprocessInput {
  /** Absolute path or URL. */
  readonly name: string
  /** Its place in the list of inputs. */
  readonly index: number
}

export type HeaderChange = (header: Header, input: PreprocessInput) => Header

/** How the chunks are stored; a header cannot change that. */
const STORED = ['chunkShape', 'dataType', 'codecs', 'fillValue'] as const

function refused(input: PreprocessInput, problem: string, array?: string): PlanError {
  return new PlanError(`${input.name}: preprocess: ${problem}`, { array, inputs: [input.name] })
}

/** What the function made of each array, by its old path: told by the `shape` that only this array has. */
function matchArrays(given: Header, changed: Header, input: PreprocessInput): Map<string, ArrayMetadata> {
  const byShape = new Map<object, ArrayMetadata>(given.arrays.map((array) => [array.shape, array]))
  const matched = new Map<string, ArrayMetadata>()
  const paths = new Set(changed.groups.map(({ path }) => path))
  for (const array of changed.arrays) {
    const old = byShape.get(array.shape)
    if (!old) {
      const advice = 'change an array with { ...array, path: … }, and leave its shape as it is'
      throw refused(input, `${array.path} is none of the arrays of this input: ${advice}`, array.path)
    }
    if (matched.has(old.path)) throw refused(input, `${old.path} is there twice`, old.path)
    if (paths.has(array.path)) throw refused(input, `two things are called ${array.path}`, array.path)
    checkStored(old, array, input)
    paths.add(array.path)
    matched.set(old.path, array)
  }
  return matched
}

function checkStored(old: ArrayMetadata, array: ArrayMetadata, input: PreprocessInput): void {
  if (!/^[^/]+(?:\/[^/]+)*$/.test(array.path)) {
    throw refused(input, `${JSON.stringify(array.path)} is no path of an array`, old.path)
  }
  for (const field of STORED) {
    if (isDeepStrictEqual(old[field], array[field])) continue
    throw refused(input, `${field} of ${old.path} cannot change: its chunks are stored so`, old.path)
  }
  if (array.dims.length === old.dims.length) return
  const count = `${array.dims.length} dimensions and ${old.dims.length} axes`
  throw refused(input, `${old.path} would have ${count}`, old.path)
}

function changeSet(set: ReferenceSet, change: HeaderChange, index: number): ReferenceSet {
  const { header } = set
  const input = { name: set.name ?? set.sources.at(0)?.url ?? `input ${index + 1}`, index }
  const given = { ...header, arrays: header.arrays.map((array) => ({ ...array, shape: [...array.shape] })) }
  const changed = change(given, input)
  if (!Array.isArray(changed?.arrays) || !Array.isArray(changed.groups)) {
    throw refused(input, 'the function returned no header')
  }
  const matched = matchArrays(given, changed, input)
  const listed = new Set([...(changed.skipped ?? []), ...(changed.notes ?? [])].map(({ path }) => path))
  const isArray = new Set(header.arrays.map(({ path }) => path))
  const kept = subsetArrays(set, {
    keepsArray: (path) => (isArray.has(path) ? matched.has(path) : listed.has(path)),
    keepsGroup: () => true,
  })
  const result: Header = {
    kind: 'header',
    groups: changed.groups,
    arrays: kept.header.arrays.flatMap(({ path }) => matched.get(path) ?? []),
    skipped: changed.skipped ?? [],
    notes: changed.notes ?? [],
  }
  return movedPaths(kept, result, (path) => matched.get(path)?.path ?? path)
}

/**
 * Puts each input's header through a function: it may leave arrays out, give them other paths, dimension names and
 * attributes, and change groups and remarks. It cannot add arrays or change how chunks are stored (`shape`,
 * `chunkShape`, `dataType`, `codecs`, `fillValue`). An array is told by its `shape`, the very object that it came with,
 * as `{ ...array, path: 'salt' }` keeps it; the arrays stay in the input's order.
 * @throws PlanError naming input, array and field where the function changes what it cannot.
 */
export function preprocess(change: HeaderChange): Stage {
  return async function* (source, context) {
    let index = 0
    yield* eachSet((set) => changeSet(set, change, index++))(source, context)
  }
}
