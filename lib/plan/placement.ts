/** The places of inputs along one joined dimension: in the order of their coordinate's values, or of the list. */
import type { Barrier } from './barriers.ts'
import { findGaps } from './coordinate-gaps.ts'
import { findDisorder, findDuplicateLabels } from './coordinate-order.ts'
import type { Placed, Segment } from './segment.ts'

export interface PlacementOptions {
  readonly order: 'coordinate' | 'list'
  /** Whether several inputs may have one place: where inputs are joined along other dimensions too, or merged. */
  readonly shared: boolean
  readonly allowGaps: boolean
}

export interface Placement {
  /** By input: its place along the dimension, -1 where it has none. */
  readonly slotOf: Int32Array
  /** An input of each place. */
  readonly slots: readonly number[]
  readonly barriers: readonly Barrier[]
  /** Inputs that do not follow the one before them. */
  readonly breaks: ReadonlySet<number>
  /** Those of them that take what an earlier input has. */
  readonly clashes: ReadonlySet<number>
}

const NONE: ReadonlySet<number> = new Set()

/** Places without a coordinate: those of the list. */
export function placeByList(extents: ArrayLike<number>): Placement {
  const slots = Array.from(extents, (_, input) => input)
  return { slotOf: Int32Array.from(slots), slots, barriers: [], breaks: NONE, clashes: NONE }
}

/** Places inputs by their values. */
export function placeByValues(placed: Placed, options: PlacementOptions): Placement {
  const { segments } = placed
  const direction = directionOf(placed, options)
  const slots = distinctInputs(placed, options)
  const valued = slots.filter((input) => segments[input] !== undefined)
  if (options.order === 'coordinate') sortByValue(valued, segments, direction)
  const order = options.order === 'list' ? slots : [...valued, ...slots.filter((input) => !segments[input])]
  const disorder = segments[valued[0]]?.labels
    ? findDuplicateLabels(placed, valued)
    : findDisorder(placed, valued, direction)
  const barriers = [...findValueless(placed, order, options), ...disorder.barriers]
  const comparable = placed.measured && disorder.barriers.every(({ kind }) => kind !== 'unordered')
  const gaps = comparable && !options.allowGaps ? findGaps(placed, valued, direction) : undefined
  if (gaps) barriers.push(gaps.barrier)
  const clashes = new Set(disorder.breaks)
  const breaks = new Set([...clashes, ...(gaps?.breaks ?? [])])
  return { slotOf: slotsByInput(placed, order, options), slots: order, barriers, breaks, clashes }
}

/** One input for each place; inputs without rows have none. */
function distinctInputs({ segments, extents }: Placed, { shared }: PlacementOptions): number[] {
  const seen = new Set<string>()
  return segments.flatMap((segment, input) => {
    if (extents[input] === 0) return []
    if (!shared || !segment) return [input]
    if (seen.has(segment.key)) return []
    seen.add(segment.key)
    return [input]
  })
}

function slotsByInput(
  { segments, extents }: Placed,
  order: readonly number[],
  { shared }: PlacementOptions,
): Int32Array {
  const slotOf = new Int32Array(segments.length).fill(-1)
  const slotOfKey = new Map<string, number>()
  for (const [slot, input] of order.entries()) {
    slotOf[input] = slot
    const segment = segments[input]
    if (segment) slotOfKey.set(segment.key, slot)
  }
  if (!shared) return slotOf
  for (const [input, segment] of segments.entries()) {
    if (segment && extents[input] > 0) slotOf[input] = slotOfKey.get(segment.key) ?? -1
  }
  return slotOf
}

/** The direction in which files run; single values ascend, but in the order of the list they may descend. */
function directionOf({ segments }: Placed, { order }: PlacementOptions): 1 | -1 {
  const directed = segments.find((segment) => segment && segment.direction !== 0)
  if (directed) return directed.direction === -1 ? -1 : 1
  const [a, b] = segments.filter((segment) => segment !== undefined)
  return order === 'list' && a && b && b.least < a.least ? -1 : 1
}

/** Ties keep the order of the list. */
function sortByValue(inputs: number[], segments: readonly (Segment | undefined)[], direction: 1 | -1): void {
  const keyOf = (input: number) => {
    const segment = segments[input]
    return (direction === 1 ? segment?.least : segment?.greatest) ?? 0
  }
  inputs.sort((a, b) => {
    const [x, y] = [keyOf(a), keyOf(b)]
    return x < y ? -direction : x > y ? direction : a - b
  })
}

/** An input with rows and without a value cannot be placed by value. */
function findValueless(
  { dim, names, segments }: Placed,
  order: readonly number[],
  options: PlacementOptions,
): Barrier[] {
  const without = order.filter((input) => segments[input] === undefined)
  const withValue = order.find((input) => segments[input] !== undefined)
  if (options.order === 'list' || without.length === 0 || withValue === undefined) return []
  return [
    {
      kind: 'no-coordinate',
      array: dim,
      subject: 'some files have no values of the coordinate',
      inputs: [names[withValue], names[without[0]]],
      values: ['values', 'none but fill values'],
      files: [order.length - without.length, without.length],
      advice: 'leave out the files without values, or keep the order of the list (--order list)',
    },
  ]
}
