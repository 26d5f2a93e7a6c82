/** Barriers between the metadata of inputs: for each array the facets that differ, with how many inputs are on each side. */
import type { ArrayMetadata } from '../model/metadata.ts'
import type { Barrier } from './barriers.ts'
import { commonSplit, distinctArrays } from './common-split.ts'
import { decodingFacets, type Facet, storageFacets, structureFacets, valueKey } from './facets.ts'
import { arrayOf, type PlanInput } from './plan-input.ts'
import { hasChunks, type JoinedDimension, type PlannedArray } from './planned-array.ts'
import { copyAdvice } from './seams.ts'
import { conversionBarrier } from './time-conversion.ts'

/** Facts of an array that some inputs share. */
interface Kind {
  readonly fact: number
  readonly array: ArrayMetadata
  /** Positions of the inputs. */
  readonly members: number[]
  /** Those whose chunks are taken: what is stored of others does not matter. */
  readonly chunked: number[]
}

/**
 * What the comparison of one array found: barriers, and by input a number that is equal where nothing stands between two;
 * in `structureOf` nothing but how chunks are stored.
 */
interface Comparison {
  readonly barriers: readonly Barrier[]
  readonly classOf: Int32Array
  readonly structureOf: Int32Array
}

const SPLIT_UP = 'combine these files apart from each other, or rewrite one of them'

/**
 * Compares the array over all inputs that have it.
 * `frozen`: its values cannot be converted to other units, since chunks that have its units stay as they are.
 */
export function compareArray(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
  frozen: boolean,
): Comparison {
  const joined = dimensions.map(({ name }) => name)
  const kinds = kindsOf(planned, inputs)
  const converted = !frozen && isConverted(planned, kinds)
  const facets = kinds.map(({ array }) => [
    ...structureFacets(array, joined),
    ...decodingFacets(array, converted),
  ])
  const barriers = compareFacets(planned.array.path, kinds, facets, inputs)
  if (converted) barriers.push(...conversionBarriers(kinds, inputs))
  const storage = planned.role === 'along' ? kinds.map(({ array }) => storageFacets(array)) : []
  const stored = kinds.map((kind) => ({ ...kind, members: kind.chunked }))
  const different = compareFacets(planned.array.path, stored, storage, inputs)
  const advised = different.map((barrier) => ({
    ...barrier,
    advice: storageAdvice(barrier, planned, inputs, dimensions),
  }))
  return {
    barriers: [...barriers, ...advised],
    classOf: classify(inputs.length, kinds, facets, storage),
    structureOf: classify(inputs.length, kinds, facets, []),
  }
}

/** What to do about chunks that are stored in different ways. */
function storageAdvice(
  { kind, advice }: Barrier,
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
): string {
  if (kind !== 'chunk-shape' && kind !== 'codecs') return advice
  const { array, owners, joins } = planned
  const chunked = [...owners].filter((at) => hasChunks(inputs[at], array.path))
  const arrays = chunked.flatMap((at) => arrayOf(inputs[at], array.path) ?? [])
  const split = joins.some(({ created }) => created)
    ? undefined
    : commonSplit(arrays, joins[0]?.axis ?? -1, distinctArrays(inputs))
  return split
    ? `their chunks have no filter: --split-chunks ${split} makes them alike`
    : `${advice}${copyAdvice(planned, inputs, dimensions)}`
}

function kindsOf({ valuesOf: path, owners }: PlannedArray, inputs: readonly PlanInput[]): Kind[] {
  const kinds = new Map<number, Kind>()
  const taken = new Set(owners)
  for (const [at, input] of inputs.entries()) {
    const array = arrayOf(input, path)
    if (!array) continue
    const fact = input.facts[input.indexOf.get(path) ?? 0]
    const kind = kinds.get(fact) ?? { fact, array, members: [], chunked: [] }
    kinds.set(fact, kind)
    kind.members.push(at)
    if (taken.has(at) && array.shape.every((extent) => extent !== 0)) kind.chunked.push(at)
  }
  return [...kinds.values()]
}

/** Values of a coordinate and its bounds are converted where units differ. */
function isConverted({ role, coordinate, array }: PlannedArray, kinds: readonly Kind[]): boolean {
  if (role !== 'gathered' || coordinate === undefined || array.dataType === '|O') return false
  return new Set(kinds.map((kind) => valueKey(kind.array.attributes.units))).size > 1
}

/** One barrier for each value that differs from the first input's. */
function compareFacets(
  path: string,
  kinds: readonly Kind[],
  facets: readonly (readonly Facet[])[],
  inputs: readonly PlanInput[],
): Barrier[] {
  const subjects = new Map<string, Map<string, { facet: Facet; first: number; count: number }>>()
  for (const [at, { members }] of kinds.entries()) {
    if (members.length === 0) continue
    for (const facet of facets[at] ?? []) {
      const name = `${facet.kind} ${facet.subject}`
      const values = subjects.get(name) ?? new Map()
      subjects.set(name, values)
      const known = values.get(facet.key)
      if (!known) values.set(facet.key, { facet, first: members[0], count: members.length })
      else {
        known.count += members.length
        known.first = Math.min(known.first, members[0])
      }
    }
  }
  const barriers = [...subjects.values()].flatMap((values) => {
    const [base, ...others] = [...values.values()].sort((a, b) => a.first - b.first)
    return others.map(
      ({ facet, first, count }): Barrier => ({
        kind: facet.kind,
        array: path,
        subject: facet.subject,
        inputs: [inputs[base.first].name, inputs[first].name],
        values: [base.facet.value, facet.value],
        files: [base.count, count],
        advice: SPLIT_UP,
      }),
    )
  })
  const restructured = barriers.some(({ kind }) => kind === 'dimensions' || kind === 'data-type')
  return restructured ? barriers.filter(({ kind }) => kind !== 'extent') : barriers
}

function conversionBarriers(kinds: readonly Kind[], inputs: readonly PlanInput[]): Barrier[] {
  const [first, ...others] = kinds
  for (const { array, members } of others) {
    const units = [first.array.attributes.units ?? 'absent', array.attributes.units ?? 'absent'] as const
    const names = [inputs[first.members[0]].name, inputs[members[0]].name] as const
    const barrier = conversionBarrier(array, names, units)
    if (barrier && valueKey(units[0]) !== valueKey(units[1])) return [barrier]
  }
  return []
}

/** Numbers by input, equal where all facets are; inputs without the array have -1, where no chunks are taken any storage fits. */
function classify(
  count: number,
  kinds: readonly Kind[],
  facets: readonly (readonly Facet[])[],
  storage: readonly (readonly Facet[])[],
): Int32Array {
  const classOf = new Int32Array(count).fill(-1)
  const classes = new Map<string, number>()
  const fallback = storage[kinds.findIndex(({ chunked }) => chunked.length > 0)] ?? []
  for (const [at, { members, chunked }] of kinds.entries()) {
    const own = keyOf(facets[at])
    const [taken, other] = [storage[at] ?? [], fallback].map((stored) => {
      const key = `${own}\n${keyOf(stored)}`
      const number = classes.get(key) ?? classes.size
      classes.set(key, number)
      return number
    })
    for (const member of members) classOf[member] = other
    for (const member of chunked) classOf[member] = taken
  }
  return classOf
}

function keyOf(facets: readonly Facet[]): string {
  return facets.map(({ subject, key }) => `${subject}=${key}`).join('\n')
}

/** A variable that some inputs lack. */
export function presenceBarrier(path: string, inputs: readonly PlanInput[]): Barrier | undefined {
  const has = inputs.findIndex(({ indexOf }) => indexOf.has(path))
  const lacks = inputs.findIndex(({ indexOf }) => !indexOf.has(path))
  if (has < 0 || lacks < 0) return undefined
  const present = inputs.filter(({ indexOf }) => indexOf.has(path)).length
  const hasFirst = has < lacks
  const absent = inputs.length - present
  return {
    kind: 'variable',
    array: path,
    subject: 'not all files have the variable',
    inputs: hasFirst ? [inputs[has].name, inputs[lacks].name] : [inputs[lacks].name, inputs[has].name],
    values: hasFirst ? ['present', 'absent'] : ['absent', 'present'],
    files: hasFirst ? [present, absent] : [absent, present],
    advice:
      'leave the variable out (--drop), leave out the files without it, or merge different variables (--merge-variables)',
  }
}
