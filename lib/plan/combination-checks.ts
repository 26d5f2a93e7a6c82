/** Checks of a combination as a whole: names that were asked for, files given twice, places that two inputs claim. */
import { UsageError } from '../errors.ts'
import type { Barrier } from './barriers.ts'
import type { CombinationOptions, PlannedDimension } from './combination.ts'
import { findDisorder } from './coordinate-order.ts'
import { readCoordinate } from './dimension-plan.ts'
import { nameOf } from './mention.ts'
import type { PlanInput } from './plan-input.ts'
import type { JoinedDimension, PlannedArray } from './planned-array.ts'

/** @throws UsageError where an identical dimension is unknown or is joined along, or an array has a dimension twice. */
export function checkNames(inputs: readonly PlanInput[], { dims, identicalDims }: CombinationOptions): void {
  for (const name of identicalDims) {
    const named = inputs.some(({ set, indexOf }) => {
      return indexOf.has(name) || set.header.arrays.some((array) => array.dims.includes(name))
    })
    if (!named) throw new UsageError(`identical dimension ${name}: no array or dimension has that name`)
    const joined = inputs.find(({ axes, indexOf }) =>
      axes[indexOf.get(name) ?? -1]?.joins.some((join) => !join.created),
    )
    if (!dims.includes(name) && !joined) continue
    const dim = dims.includes(name) ? name : dims.join(', ')
    throw new UsageError(
      `identical dimension ${name}: it grows along ${dim}, so it cannot be the same in all files`,
    )
  }
  for (const { axes, set, name: input } of inputs) {
    const twice = axes.findIndex(({ joins }) => new Set(joins.map(({ dim }) => dim)).size < joins.length)
    if (twice < 0) continue
    const { path, dims: own } = set.header.arrays[twice]
    throw new UsageError(`${path} has a joined dimension on two axes (${own.join(', ')}) in ${input}`)
  }
}

/** The values that place an input (given by its position) along each dimension, as texts. */
type PlaceOf = (at: number) => readonly (string | undefined)[]

/**
 * A file given twice, by one name or by a link or within a set, would double its rows where no values place these elsewhere.
 * One file may be there as several groups of it.
 */
export function findRepeatedFile(
  inputs: readonly PlanInput[],
  placeOf: PlaceOf,
  mergeVariables: boolean,
): Barrier[] {
  const seen = new Map<string, PlanInput>()
  const bySize = [...inputs.keys()].sort(
    (a, b) => inputs[b].set.sources.length - inputs[a].set.sources.length,
  )
  for (const at of bySize) {
    const input = inputs[at]
    const place = JSON.stringify(placeOf(at))
    const keys = input.set.sources.map(({ identity, url }) =>
      (identity === undefined ? [url] : [url, identity]).map((name) => `${name}\0${place}`),
    )
    const earlier = keys.map((names) => seen.get(names.find((name) => seen.has(name)) ?? ''))
    const [first] = earlier
    const other = mergeVariables && first?.indexOf !== input.indexOf
    if (first && !other && earlier.every((known) => known !== undefined)) return [repeatedFile(first, input)]
    for (const name of keys.flat()) if (!seen.has(name)) seen.set(name, input)
  }
  return []
}

function repeatedFile(...pair: readonly [PlanInput, PlanInput]): Barrier {
  const [a, b] = pair[0].index < pair[1].index ? pair : [pair[1], pair[0]]
  const one = a.set.sources.length === b.set.sources.length ? 'one file is' : 'a file of two sets is'
  return {
    kind: 'duplicate',
    array: '/',
    subject:
      a.name === b.name
        ? 'a file is in the list of files twice'
        : `${one} in the list of files twice, under two names`,
    inputs: [a.name, b.name],
    values: [`number ${a.index + 1}`, `number ${b.index + 1}`],
    files: [1, 1],
    advice: 'leave one of them out',
  }
}

/** Coordinates of other groups have to run with the one that places the inputs. */
export function checkOtherCoordinates(
  arrays: readonly PlannedArray[],
  inputs: readonly PlanInput[],
  dimensions: readonly PlannedDimension[],
): Barrier[] {
  return arrays.flatMap(({ array, coordinate, joins, owners }) => {
    const dimension = dimensions[joins[0]?.dim ?? -1]
    if (coordinate !== array.path || !dimension || dimension.plan.path === array.path) return []
    if (dimension.plan.path === undefined || nameOf(dimension.plan.path) !== nameOf(array.path)) return []
    const having = Array.from(owners).sort((a, b) => dimension.slotOf[a] - dimension.slotOf[b])
    const members = having.map((at) => inputs[at])
    const rows = members.map(() => 1)
    const found = readCoordinate(array.path, members, true, rows)
    if (!found) return []
    const order = members.map((_, at) => at)
    const directed = found.segments.find((segment) => segment && segment.direction !== 0)
    const [a, b] = found.segments
    const falls = directed
      ? directed.direction === -1
      : a !== undefined && b !== undefined && b.least < a.least
    const names = members.map(({ name }) => name)
    const placed = { dim: array.path, names, extents: order, measured: false, ...found }
    return found.segments[0]?.labels ? [] : findDisorder(placed, order, falls ? -1 : 1).barriers
  })
}

/** Two inputs may share a place along every joined dimension only where the variables that stay referenced differ. */
export function checkCells(
  arrays: readonly PlannedArray[],
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
): Barrier[] {
  if (dimensions.length === 0) return []
  return arrays.flatMap(({ array, role, joins, twins }): Barrier[] => {
    if (twins.length === 0 || role !== 'along' || joins.length < dimensions.length) return []
    const [a, b] = [inputs[twins[0]], inputs[twins[1]]]
    const count = twins.length / 2
    return [
      {
        kind: 'duplicate',
        array: array.path,
        subject: `two files have it for one place along ${dimensions.map(({ name }) => name).join(' and ')}`,
        inputs: [a.name, b.name],
        values: [`number ${a.index + 1}`, `number ${b.index + 1}`],
        files: [count, count],
        advice: 'leave one of the two out',
      },
    ]
  })
}
