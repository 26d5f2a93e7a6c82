/** Whether inputs follow one another along a coordinate: strictly, in one direction, without overlap. */
import type { Barrier, BarrierKind } from './barriers.ts'
import type { Placed, Segment } from './segment.ts'

/** Two inputs that do not fit, in their order. */
interface Clash {
  readonly kind: BarrierKind
  readonly before: number
  readonly input: number
}

interface Disorder {
  readonly barriers: readonly Barrier[]
  /** Inputs that do not follow the one before them. */
  readonly breaks: readonly number[]
}

/** What is wrong with the order of the inputs: one barrier a kind, with the first pair that shows it. */
export function findDisorder(placed: Placed, order: readonly number[], direction: 1 | -1): Disorder {
  const clashes = new Map<BarrierKind, { first: Clash; count: number }>()
  const breaks: number[] = []
  for (const clash of clashesOf(placed, order, direction)) {
    breaks.push(clash.input)
    const known = clashes.get(clash.kind)
    if (known) known.count++
    else clashes.set(clash.kind, { first: clash, count: 1 })
  }
  const barriers = [...clashes.values()].map(({ first, count }) =>
    orderBarrier(placed, first, count, direction),
  )
  return { barriers, breaks }
}

/** Each input against the one before it that reaches farthest. */
function* clashesOf({ segments }: Placed, order: readonly number[], direction: 1 | -1): Generator<Clash> {
  let farthest: number | undefined
  for (const input of order) {
    const segment = segments[input]
    if (!segment) continue
    const before = farthest === undefined ? undefined : segments[farthest]
    const turned = segment.direction !== 0 && segment.direction !== direction
    if (before && farthest !== undefined) {
      const kind = turned ? 'unordered' : clashOf(before, segment, direction)
      if (kind) yield { kind, before: farthest, input }
    }
    const reaches =
      !before || (direction === 1 ? segment.greatest > before.greatest : segment.least < before.least)
    if (reaches) farthest = input
  }
}

function clashOf(a: Segment, b: Segment, direction: 1 | -1): BarrierKind | undefined {
  if (direction === 1 ? a.greatest < b.least : a.least > b.greatest) return undefined
  if (a.key === b.key) return 'duplicate'
  return (direction === 1 ? b.greatest < a.least : b.least > a.greatest) ? 'unordered' : 'overlap'
}

const WORDS: Readonly<Partial<Record<BarrierKind, readonly [subject: string, advice: string]>>> = {
  duplicate: ['the coordinate has the same values twice', 'leave one of the two out'],
  overlap: [
    'the coordinate overlaps',
    'leave out what is there twice; of a set of several places, combine with sets of the same places',
  ],
  unordered: [
    'the files do not follow one another along the coordinate',
    'sort the list of files by this coordinate, or let them be ordered by it (--order coordinate)',
  ],
}
const TURNED = ['the coordinate changes its direction', 'leave out the file that runs the other way'] as const

function orderBarrier(placed: Placed, clash: Clash, count: number, direction: 1 | -1): Barrier {
  const { dim, names, segments, text, units } = placed
  const [a, b] = [segments[clash.before], segments[clash.input]]
  const turned = b !== undefined && b.direction !== 0 && b.direction !== direction
  const [subject, advice] = (turned ? TURNED : WORDS[clash.kind]) ?? TURNED
  return {
    kind: clash.kind,
    array: dim,
    subject: units === '' ? subject : `${subject} (${units})`,
    inputs: [names[clash.before], names[clash.input]],
    values: [rangeText(a, text), rangeText(b, text)],
    files: [count, count],
    advice,
  }
}

function rangeText(segment: Segment | undefined, text: Placed['text']): string {
  if (!segment) return 'no values'
  const { first, last } = segment
  return first === last ? text(first) : `from ${text(first)} to ${text(last)}`
}

/** Labels have no order of their own; none may be there twice. */
export function findDuplicateLabels({ dim, names, segments }: Placed, order: readonly number[]): Disorder {
  const seen = new Map<string, number>()
  let found: Barrier | undefined
  let count = 0
  const breaks: number[] = []
  for (const input of order) {
    for (const [at, label] of (segments[input]?.labels ?? []).entries()) {
      const earlier = seen.get(label)
      seen.set(label, earlier ?? input)
      if (earlier === undefined) continue
      count++
      breaks.push(input)
      found ??= {
        kind: 'duplicate',
        array: dim,
        subject: 'a label is there twice',
        inputs: [names[earlier], names[input]],
        values: [`${label} already`, `${label} again at ${at}`],
        files: [1, 1],
        advice: 'leave out what is there twice',
      }
    }
  }
  return { barriers: found ? [{ ...found, files: [count, count] }] : [], breaks }
}
