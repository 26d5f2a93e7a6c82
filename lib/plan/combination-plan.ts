/** The plan of a combination: the order of the inputs, what becomes of every array, and everything that stands in the way. */
import { UsageError } from '../errors.ts'
import type { GroupMetadata } from '../model/metadata.ts'
import type { CombinationOptions, CombinationPlan, PlannedDimension } from './combination.ts'
import { checkCells, checkNames, checkOtherCoordinates, findRepeatedFile } from './combination-checks.ts'
import { type DimensionPlan, planDimension, rawUnitsBarrier } from './dimension-plan.ts'
import { DimensionExtents } from './extents.ts'
import { compareArray, presenceBarrier } from './facet-barriers.ts'
import { findPartialChunks } from './partial-chunks.ts'
import type { PlanInput } from './plan-input.ts'
import { type PlannedArray, planArray } from './planned-array.ts'
import { collectRemarks } from './remarks.ts'
import { withCreatedCoordinate } from './replaced-coordinate.ts'

/**
 * Plans over all inputs, given in the order of the list.
 * @throws UsageError for names that no input has, and where nothing tells how to place inputs.
 */
export function planCombination(list: readonly PlanInput[], options: CombinationOptions): CombinationPlan {
  const { dims, sources, mergeVariables } = options
  checkNames(list, options)
  const shared = dims.length > 1 || mergeVariables
  const placing = { order: options.order, shared, allowGaps: options.allowGaps }
  const plans = dims.map((name, dim) => planDimension(dim, name, sources[dim], list, placing))
  checkPlaceable(plans, list, shared)
  const order = finalOrder(list, plans)
  const inputs = order.map((at) => list[at])
  const dimensions = plans.map((plan, dim) => joinDimension(plan, dim, order, inputs))
  const breaks = (at: number) => plans.some(({ placement }) => placement.breaks.has(at))
  const clashes = (at: number) => plans.some(({ placement }) => placement.clashes.has(at))
  const notes = collectRemarks(usedInputs(inputs, dimensions), { mergeVariables, ordered: !shared })
  const skipped = mergeSkipped(inputs)
  return {
    options,
    inputs,
    dimensions,
    ...planArrays(inputs, order, dimensions, options, skipped),
    breaks: order.map(breaks),
    clashes: order.map(clashes),
    groups: mergeGroups(inputs, mergeVariables),
    skipped: inOrder(
      [...skipped].map(([path, reason]) => ({ path, reason })),
      shared,
    ),
    notes: inOrder(notes, shared),
  }
}

/** What becomes of every array, and all that stands in the way. */
function planArrays(
  inputs: readonly PlanInput[],
  order: readonly number[],
  dimensions: readonly PlannedDimension[],
  { sources, mergeVariables }: CombinationOptions,
  skipped: ReadonlyMap<string, string>,
): Pick<CombinationPlan, 'arrays' | 'created' | 'classes' | 'structures' | 'barriers'> {
  const paths = unionPaths(inputs).filter((path) => !skipped.has(path))
  const planned = paths.map((path) => planArray(path, inputs, dimensions))
  const frozen = frozenCoordinates(planned)
  const compared = planned.map((array) =>
    compareArray(array, inputs, dimensions, frozen.has(array.array.path)),
  )
  const { arrays, created } = withCreatedCoordinate(planned, inputs, dimensions, mergeVariables)
  const placeOf = (at: number) => dimensions.map(({ plan }) => plan.segments?.[order[at]]?.key)
  const barriers = [
    ...findRepeatedFile(inputs, placeOf, mergeVariables),
    ...(mergeVariables ? [] : paths.flatMap((path) => presenceBarrier(path, inputs) ?? [])),
    ...compared.flatMap((comparison) => comparison.barriers),
    ...sources.flatMap((source) => rawUnitsBarrier(source, inputs) ?? []),
    ...dimensions.flatMap(({ plan }) => plan.placement.barriers),
    ...dimensions.flatMap(({ extents }) => extents.barriers),
    ...checkOtherCoordinates(arrays, inputs, dimensions),
    ...checkCells(arrays, inputs, dimensions),
    ...arrays.flatMap((array) => findPartialChunks(array, inputs, dimensions)),
  ]
  const classes = new Map(compared.map(({ classOf }, index) => [paths[index], classOf]))
  const structures = new Map(compared.map(({ structureOf }, index) => [paths[index], structureOf]))
  return { arrays, created, classes, structures, barriers }
}

/** Inputs that have a place along each dimension of theirs; all of them where none has one. Nothing is taken of the others. */
export function usedInputs(
  inputs: readonly PlanInput[],
  dimensions: readonly PlannedDimension[],
): readonly PlanInput[] {
  const used = inputs.filter(({ axes }, at) => {
    const lying = new Set(axes.flatMap(({ joins }) => joins.map(({ dim }) => dim)))
    return dimensions.every(({ slotOf }, dim) => slotOf[at] >= 0 || !lying.has(dim))
  })
  return used.length > 0 ? used : inputs
}

/** Where inputs have no order of their own, that of the paths. */
function inOrder<T extends { readonly path: string }>(items: readonly T[], sorted: boolean): readonly T[] {
  return sorted ? [...items].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) : items
}

/** Those of the first input, and where variables are merged those that others add. */
function mergeGroups(inputs: readonly PlanInput[], mergeVariables: boolean): readonly GroupMetadata[] {
  const own = inputs[0].set.header.groups
  if (!mergeVariables) return own
  const merged = new Map(own.map((group) => [group.path, group]))
  for (const { set } of inputs) {
    for (const group of set.header.groups) if (!merged.has(group.path)) merged.set(group.path, group)
  }
  return inOrder([...merged.values()], true)
}

function joinDimension(
  plan: DimensionPlan,
  dim: number,
  order: readonly number[],
  inputs: readonly PlanInput[],
): PlannedDimension {
  const { slotOf: byList, slots } = plan.placement
  const slotOf = Int32Array.from(order, (at) => byList[at])
  const extents = new DimensionExtents(plan.name, dim, inputs, slotOf, slots.length)
  const created = inputs.every(({ axes }) =>
    axes.every(({ joins }) => joins.every((join) => join.dim !== dim || join.created)),
  )
  return { name: plan.name, created, slotOf, slots: slots.length, extents, plan }
}

/** Without values nothing tells which inputs belong to one place. */
function checkPlaceable(plans: readonly DimensionPlan[], list: readonly PlanInput[], shared: boolean): void {
  for (const { name, path, given, segments } of plans) {
    const created = list.every(({ axes }, at) => !hasDimension(list[at], name) && axes.length >= 0)
    if (given || (path !== undefined && segments)) continue
    if (created && path === undefined) {
      const dims = [...new Set(list.flatMap(({ set }) => set.header.arrays.flatMap((array) => array.dims)))]
      throw new UsageError(
        `no array has the dimension ${name} to join along (there are: ${dims.join(', ') || 'none'}); for a new one say where its values come from: --coo-map ${name}=...`,
      )
    }
    const lacking = path === undefined || list.some((input) => lacksValues(input, name, path))
    if (shared && list.length > 1 && lacking) {
      throw new UsageError(
        `${name} has no coordinate variable${path === undefined ? '' : ' in some files'}, so that nothing tells where each file lies along it; say where its values come from: --coo-map ${name}=...`,
      )
    }
  }
}

function lacksValues(input: PlanInput, name: string, path: string): boolean {
  return hasDimension(input, name) && !input.indexOf.has(path)
}

function hasDimension({ set }: PlanInput, name: string): boolean {
  return set.header.arrays.some(({ dims }) => dims.includes(name))
}

/** By places, the dimension of the outermost axis first; inputs without a place come last, in the order of the list. */
function finalOrder(list: readonly PlanInput[], plans: readonly DimensionPlan[]): number[] {
  const major = majorOrder(list, plans.length)
  const order = Array.from(list, (_, at) => at)
  const slot = (dim: number, at: number) => {
    const own = plans[dim].placement.slotOf[at]
    return own < 0 ? Number.POSITIVE_INFINITY : own
  }
  return order.sort((a, b) => {
    for (const dim of major) {
      const [x, y] = [slot(dim, a), slot(dim, b)]
      if (x !== y) return x < y ? -1 : 1
    }
    return a - b
  })
}

/** Dimensions as the axes of the array that has most of them: then most chunks come in their order, file after file. */
function majorOrder(list: readonly PlanInput[], count: number): number[] {
  const joins = list[0].axes
    .map((axes) => axes.joins)
    .reduce((most, own) => (own.length > most.length ? own : most), [])
  const first = [...joins].sort((a, b) => a.axis - b.axis).map(({ dim }) => dim)
  return [...new Set([...first, ...Array.from({ length: count }, (_, dim) => dim)])]
}

/** In the order in which they first appear. */
function unionPaths(inputs: readonly PlanInput[]): string[] {
  const tables = new Set(inputs.map(({ indexOf }) => indexOf))
  return [...new Set([...tables].flatMap((table) => [...table.keys()]))]
}

/** Coordinates whose bounds stay referenced: these have their units. */
function frozenCoordinates(planned: readonly PlannedArray[]): Set<string> {
  return new Set(
    planned.flatMap(({ role, coordinate, array }) =>
      role === 'along' && coordinate !== undefined && coordinate !== array.path ? [coordinate] : [],
    ),
  )
}

/** Skipped in one file is skipped in all; where others have the array, the reason names the file. */
function mergeSkipped(inputs: readonly PlanInput[]): Map<string, string> {
  const merged = new Map<string, string>()
  for (const { set, name } of inputs) {
    for (const { path, reason } of set.header.skipped) {
      if (merged.has(path)) continue
      const others = inputs.some(({ indexOf }) => indexOf.has(path))
      const placed = reason.endsWith(')') && reason.includes(' (in ')
      merged.set(
        path,
        others && !placed ? `${reason} (in ${set.sources[0]?.url ?? name}; other files have it)` : reason,
      )
    }
  }
  return merged
}
