/** The values of one input along a joined dimension, reduced to what placing it among the others needs. */

export type Comparable = number | bigint | string

export interface Segment {
  /** Equal for inputs with the same values, each at the same index. */
  readonly key: string
  readonly least: Comparable
  readonly greatest: Comparable
  readonly first: Comparable
  readonly last: Comparable
  /** 1 strictly ascending, -1 strictly descending, 0 neither (one value included). */
  readonly direction: 1 | -1 | 0
  /** Least and greatest distance of neighbours; absent for one value, and for labels. */
  readonly steps?: readonly [number, number]
  /** All values, where they are labels. */
  readonly labels?: readonly string[]
}

/** What is known of the inputs along the dimension; all lists are by input. */
export interface Placed {
  readonly dim: string
  readonly names: readonly string[]
  /** undefined where an input has no value. */
  readonly segments: readonly (Segment | undefined)[]
  /** Extents along the dimension. */
  readonly extents: ArrayLike<number>
  /** A value as messages show it. */
  readonly text: (value: Comparable) => string
  /** Units, for messages. */
  readonly units: string
  /** Whether missing steps can be told: of times and other numbers read from arrays. */
  readonly measured: boolean
}

/** Reduces the values of one input; `isFill` values and NaN do not count. undefined where none is left. */
export function reduceSegment(
  values: Iterable<Comparable>,
  isFill: (value: number | bigint) => boolean,
): Segment | undefined {
  const kept: Comparable[] = []
  const all: Comparable[] = []
  for (const value of values) {
    const counts = typeof value === 'string' || !(Number.isNaN(value) || isFill(value))
    if (counts) kept.push(value)
    all.push(counts ? value : '')
  }
  if (kept.length === 0) return undefined
  return kept.every((value) => typeof value === 'string')
    ? labelSegment(kept)
    : { ...numberSegment(kept), key: all.join() }
}

function labelSegment(labels: readonly string[]): Segment {
  const [first, last] = [labels[0], labels[labels.length - 1]]
  return { key: JSON.stringify(labels), least: first, greatest: first, first, last, direction: 0, labels }
}

function numberSegment(values: readonly Comparable[]): Omit<Segment, 'key'> {
  let [least, greatest] = [values[0], values[0]]
  let [rises, falls] = [true, true]
  let [shortest, longest] = [Number.POSITIVE_INFINITY, 0]
  for (let at = 1; at < values.length; at++) {
    const [before, value] = [values[at - 1], values[at]]
    rises &&= value > before
    falls &&= value < before
    const step = distance(before, value)
    shortest = Math.min(shortest, step)
    longest = Math.max(longest, step)
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  const direction = values.length < 2 || rises === falls ? 0 : rises ? 1 : -1
  return {
    least,
    greatest,
    first: values[0],
    last: values[values.length - 1],
    direction,
    ...(values.length > 1 && { steps: [shortest, longest] }),
  }
}

/** How far apart two numbers are; NaN for labels. */
export function distance(a: Comparable, b: Comparable): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return Math.abs(Number(b - a))
  return Math.abs(Number(b) - Number(a))
}
