/** Missing steps between inputs along a coordinate whose steps are regular otherwise. */
import type { Barrier } from './barriers.ts'
import { distance, type Placed, type Segment } from './segment.ts'

/** Steps that differ by no more than this count as equal: months of 28 to 31 days do. */
const REGULAR = 1.25
/** A step this much longer than usual is a gap. */
const GAP = 1.5
/** Fewer steps between inputs of one value each show no rule. */
const LEAST_STEPS = 4
/** A longer step that comes so often, and every so many steps, belongs to the rule. */
const LEAST_TIMES = 3
const RARE = 8

interface Gaps {
  readonly barrier: Barrier
  /** Inputs before which steps are missing. */
  readonly breaks: readonly number[]
}

/** The gaps between inputs that follow one another, as one barrier; none where steps are irregular. */
export function findGaps(
  { dim, names, segments, text, units }: Placed,
  order: readonly number[],
  direction: 1 | -1,
): Gaps | undefined {
  const steps = order
    .slice(1)
    .map((input, at) => stepBetween(segments[order[at]], segments[input], direction))
  const usual = usualStep(order, segments, steps)
  if (usual === undefined) return undefined
  const gaps = steps.flatMap((step, at) => (step > usual * GAP ? [at] : []))
  const [first] = gaps
  if (first === undefined) return undefined
  const [before, after] = [order[first], order[first + 1]]
  const [a, b] = [segments[before], segments[after]]
  if (!a || !b) return undefined
  const missing = Math.round(steps[first] / usual) - 1
  const what = `${missing} ${missing === 1 ? 'step is' : 'steps are'} missing between the files`
  const barrier: Barrier = {
    kind: 'gap',
    array: dim,
    subject: units === '' ? what : `${what} (${units})`,
    inputs: [names[before], names[after]],
    values: [`ends at ${text(a.last)}`, `begins at ${text(b.first)}`],
    files: [gaps.length, gaps.length],
    advice: 'add the files between them, or say that these steps are nowhere (--allow-gaps)',
  }
  return { barrier, breaks: gaps.map((at) => order[at + 1]) }
}

/** 0 where the second begins before the first has ended. */
function stepBetween(a: Segment | undefined, b: Segment | undefined, direction: 1 | -1): number {
  if (!a || !b) return Number.NaN
  const ahead = direction === 1 ? b.first > a.last : b.first < a.last
  return ahead ? distance(a.last, b.first) : 0
}

/** The longest step that is no gap: within inputs where they have several values, else one that is common between them. */
function usualStep(
  order: readonly number[],
  segments: readonly (Segment | undefined)[],
  between: readonly number[],
): number | undefined {
  const within = order.flatMap((input) => segments[input]?.steps ?? [])
  if (within.length === 0) return between.length < LEAST_STEPS ? undefined : commonStep(between)
  const [least, greatest] = [leastOf(within), greatestOf(within)]
  if (least <= 0 || greatest > least * REGULAR) return undefined
  const longer = between.filter((step) => step > greatest * GAP)
  // Nights, weekends, other seasons: where most inputs end before a pause, only a pause that is longer is a gap.
  return longer.length < LEAST_STEPS || longer.length * 2 <= between.length ? greatest : commonStep(longer)
}

/** The median where most steps are like it, or a longer one that comes back again and again (weekends). */
function commonStep(steps: readonly number[]): number | undefined {
  const median = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)]
  const near = stepsLike(median, steps)
  if (median <= 0 || near.length * 10 < steps.length * 7) return undefined
  const others = steps.filter((step) => step > median * GAP)
  const second = others.length === 0 ? median : leastOf(others)
  const again = stepsLike(second, others)
  const isCommon = again.length >= LEAST_TIMES && again.length * RARE >= steps.length
  if (isCommon) return second
  return near.length * 5 >= steps.length * 4 ? median : undefined
}

function stepsLike(step: number, steps: readonly number[]): number[] {
  return steps.filter((other) => other * REGULAR >= step && other <= step * REGULAR)
}

function leastOf(numbers: readonly number[]): number {
  return numbers.reduce((least, number) => Math.min(least, number))
}

function greatestOf(numbers: readonly number[]): number {
  return numbers.reduce((greatest, number) => Math.max(greatest, number))
}
