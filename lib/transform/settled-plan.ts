/** A plan with all that only values can tell: what must be equal is compared, small coordinates are gathered. */
import { chunkCoordinates } from '../model/chunk-grid.ts'
import type { ArrayMetadata, Header, Skipped } from '../model/metadata.ts'
import type { Barrier } from '../plan/barriers.ts'
import type { CombinationOptions, CombinationPlan } from '../plan/combination.ts'
import { planCombination } from '../plan/combination-plan.ts'
import { commonTimes, gatherChunk } from '../plan/gathered-chunk.ts'
import type { PlanInput } from '../plan/plan-input.ts'
import type { PlannedArray } from '../plan/planned-array.ts'
import type { SeamPlan } from '../plan/seams.ts'
import type { ValueDifference } from '../store/compare-values.ts'
import type { ValueClasses } from './value-classes.ts'

export interface SettledPlan {
  readonly plan: CombinationPlan
  /** As the result has them. */
  readonly arrays: readonly ArrayMetadata[]
  /** By array: the one chunk of each gathered one. */
  readonly chunks: ReadonlyMap<number, Uint8Array>
  readonly notes: readonly Skipped[]
  readonly barriers: readonly Barrier[]
  /** By path of arrays that are the same in all inputs: numbers by position, equal where the values are. */
  readonly valueClasses: ReadonlyMap<string, Int32Array>
  /** By array: where its chunks are copied because no one grid holds those of all inputs. */
  readonly seams?: ReadonlyMap<number, SeamPlan>
}

/** Plans over the inputs, given in the order of the list. */
export async function settlePlan(
  list: readonly PlanInput[],
  options: CombinationOptions,
  classes: ValueClasses,
): Promise<SettledPlan> {
  const plan = planCombination(list, options)
  const barriers = [...plan.barriers]
  const valueClasses = new Map<string, Int32Array>()
  for (const planned of plan.arrays) {
    if (!isCompared(planned, plan)) continue
    const { path } = planned.array
    const compared = await compareTwins(planned, plan, classes)
    barriers.push(...compared.barriers)
    if (planned.joins.length === 0) valueClasses.set(path, compared.classOf)
  }
  const chunks = new Map(plan.created)
  const notes = [...plan.notes]
  const arrays = plan.arrays.map((planned, index) => {
    const unread = planned.role !== 'gathered' || plan.created.has(index)
    if (unread || barriers.some(({ array }) => array === planned.array.path)) return planned.array
    const gathered = gatherChunk(planned, plan.inputs, plan.dimensions)
    if ('kind' in gathered) {
      barriers.push(gathered)
      return planned.array
    }
    chunks.set(index, gathered.bytes)
    notes.push(...gathered.notes)
    return gathered.array
  })
  return { plan, arrays, chunks, notes, barriers, valueClasses }
}

/** The header of the result. */
export function settledHeader({ plan, arrays, notes }: SettledPlan): Header {
  return { kind: 'header', groups: plan.groups, arrays, skipped: plan.skipped, notes }
}

/** Whether inputs that share a place must have equal values in it; the coordinate that placed them has. */
function isCompared({ twins, role, joins, array }: PlannedArray, { dimensions }: CombinationPlan): boolean {
  if (twins.length === 0 || dimensions.some(({ plan }) => plan.path === array.path)) return false
  return role !== 'along' || joins.length < dimensions.length
}

interface ComparedTwins {
  readonly barriers: readonly Barrier[]
  /** By position; -1 for inputs without the array. */
  readonly classOf: Int32Array
}

async function compareTwins(
  planned: PlannedArray,
  plan: CombinationPlan,
  classes: ValueClasses,
): Promise<ComparedTwins> {
  const { inputs } = plan
  const { path } = planned.array
  const structure = plan.structures.get(path) ?? new Int32Array(0)
  const classOf = new Int32Array(inputs.length).fill(-1)
  const barriers: Barrier[] = []
  let next = 0
  // Of other shapes or types the values are not compared: that they differ is said already.
  for (const alike of groupsOf(planned.twins).flatMap((members) => alikeOf(members, structure))) {
    const members = alike.map((at) => inputs[at])
    const times = commonTimes(planned, inputs, alike)
    const found = times ? classifyTimes(times) : await classes.classify(path, members)
    for (const [index, at] of alike.entries()) classOf[at] = next + found[index]
    next += 1 + found.reduce((most, number) => Math.max(most, number), 0)
    const differing = firstOfEach(found)
    if (barriers.length > 0) continue
    for (const index of differing.slice(1)) {
      const difference = times
        ? timeDifference(planned, times[0], times[index])
        : await classes.difference(path, members[0], members[index])
      if (difference) barriers.push(valueBarrier(planned, plan, members, found, index, difference))
    }
  }
  return { barriers, classOf }
}

function classifyTimes(times: readonly (readonly (number | bigint)[])[]): Int32Array {
  const classes = new Map<string, number>()
  return Int32Array.from(times, (values) => {
    const key = values.join()
    const number = classes.get(key) ?? classes.size
    classes.set(key, number)
    return number
  })
}

function timeDifference(
  { array }: PlannedArray,
  a: readonly (number | bigint)[],
  b: readonly (number | bigint)[],
): ValueDifference {
  const at = a.findIndex((value, index) => String(value) !== String(b[index]))
  const index = chunkCoordinates(at, [a.length, ...array.shape.slice(1).map((extent) => extent ?? 1)])
  return { index, values: [a[at], b[at] ?? 'none'] }
}

/** Those with equal structure together. */
function alikeOf(members: readonly number[], structure: Int32Array): number[][] {
  const alike = new Map<number, number[]>()
  for (const at of members) {
    const own = alike.get(structure[at])
    if (own) own.push(at)
    else alike.set(structure[at], [at])
  }
  return [...alike.values()]
}

/** Differences of one array that are told, each against the first values. */
const MOST_TOLD = 8

function firstOfEach(classOf: Int32Array): number[] {
  const firsts = new Map<number, number>()
  for (const [index, number] of classOf.entries()) if (!firsts.has(number)) firsts.set(number, index)
  return [...firsts.values()].slice(0, MOST_TOLD + 1)
}

function valueBarrier(
  { array: { path, dims } }: PlannedArray,
  { options }: CombinationPlan,
  members: readonly PlanInput[],
  classOf: Int32Array,
  index: number,
  difference: ValueDifference,
): Barrier {
  const without = options.dims.filter((dim) => !dims.includes(dim))
  const lacking = without.length > 0 ? `it has no dimension ${without.join(', ')}, so` : 'of merged variables'
  return {
    kind: 'values',
    array: path,
    subject: `the value at [${difference.index.join(', ')}]`,
    inputs: [members[0].name, members[index].name],
    values: difference.values,
    files: [count(classOf, 0), count(classOf, classOf[index])],
    advice: `${lacking} it must be the same in all files: leave the array out (--drop), or the files that differ`,
  }
}

function count(classOf: Int32Array, number: number): number {
  return classOf.reduce((sum, each) => sum + (each === number ? 1 : 0), 0)
}

/** Positions that share a place, each group with its owner first. */
function groupsOf(twins: Int32Array): number[][] {
  const groups = new Map<number, number[]>()
  for (let at = 0; at < twins.length; at += 2) {
    const group = groups.get(twins[at]) ?? [twins[at]]
    groups.set(twins[at], group)
    group.push(twins[at + 1])
  }
  return [...groups.values()]
}
