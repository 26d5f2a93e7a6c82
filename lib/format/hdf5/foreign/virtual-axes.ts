/** What a virtual dataset's selections select, axis by axis: pure arithmetic of runs of elements. */
import { UnsupportedError } from '../../../errors.ts'
import type { AxisSelection, Selection } from '../message/selection.ts'

/** `length` elements from `start`, along one axis. */
export type Run = readonly [start: number, length: number]

/** Elements of the virtual dataset along one axis that are elements of a source along one of its. */
interface PairedRun {
  readonly virtual: number
  readonly source: number
  readonly length: number
}

/** An axis of either dataset or one of both. Without one, the elements lie at 0 of an axis of extent 1. */
export interface AxisPair {
  readonly virtualAxis: number | undefined
  readonly sourceAxis: number | undefined
  /** Ascending on both sides. */
  readonly runs: readonly PairedRun[]
}

/** Runs that one axis of a selection may have. */
const MOST_RUNS = 1 << 16

/** The axis along which a selection has no end; undefined: none. @throws UnsupportedError where there are several. */
export function endlessAxis(selection: Selection): number | undefined {
  if (selection.kind !== 'blocks') return undefined
  const endless = [...selection.axes.keys()].filter((axis) => isEndless(selection.axes[axis]))
  if (endless.length > 1)
    throw new UnsupportedError('a virtual dataset with a selection that has no end along two axes')
  return endless.at(0)
}

function isEndless(axis: AxisSelection): boolean {
  return axis.kind === 'regular' && !Number.isFinite(axis.count * axis.block)
}

/** How many of the elements lie before `extent`. */
export function elementsWithin(axis: AxisSelection, extent: number): number {
  if (axis.kind === 'list') {
    return axis.runs.reduce((sum, [start, length]) => sum + Math.max(0, Math.min(length, extent - start)), 0)
  }
  const { start, stride, count, block } = axis
  if (extent <= start) return 0
  if (count === 1) return Math.min(block, extent - start)
  const whole = Math.min(count, Math.floor((extent - start) / stride))
  const rest = whole < count ? Math.min(block, extent - start - whole * stride) : 0
  return whole * block + rest
}

/** The first `elements` of the axis, as runs. @throws UnsupportedError where these are too many. */
export function runsOf(axis: AxisSelection, elements: number): Run[] {
  const runs: Run[] = []
  let left = elements
  const add = (start: number, length: number): void => {
    const last = runs.at(-1)
    if (last && last[0] + last[1] === start)
      runs[runs.length - 1] = [last[0], last[1] + Math.min(length, left)]
    else if (runs.push([start, Math.min(length, left)]) > MOST_RUNS)
      throw new UnsupportedError(`a virtual dataset with a selection of more than ${MOST_RUNS} pieces`)
    left -= Math.min(length, left)
  }
  if (axis.kind === 'list') for (const [start, length] of axis.runs) if (left > 0) add(start, length)
  if (axis.kind === 'regular') {
    const { start, stride, count, block } = axis
    if (stride === block || count === 1) {
      if (left > 0) add(start, left)
    } else for (let i = 0; i < count && left > 0; i++) add(start + i * stride, block)
  }
  return runs
}

/** All elements of the axis, which has an end. */
export function elementsOf(axis: AxisSelection): number {
  return axis.kind === 'regular'
    ? axis.count * axis.block
    : axis.runs.reduce((sum, [, length]) => sum + length, 0)
}

/** Block `block` of an axis without end. */
export function blockOf(axis: AxisSelection, block: number): Run {
  if (axis.kind === 'list') return axis.runs[block]
  return [axis.start + block * axis.stride, axis.block]
}

/** Where the last of the runs ends. */
export function endOf(runs: readonly Run[]): number {
  const last = runs.at(-1)
  return last ? last[0] + last[1] : 0
}

function totalOf(runs: readonly Run[]): number {
  return runs.reduce((sum, [, length]) => sum + length, 0)
}

/**
 * Pairs the axes of a selection with those of its source, both in C order: axes of one element may be on one side alone.
 * @returns undefined where the two have different numbers of elements, or are the same in C order alone.
 */
export function pairAxes(virtual: readonly Run[][], source: readonly Run[][]): AxisPair[] | undefined {
  const pairs: AxisPair[] = []
  let [v, s] = [0, 0]
  while (v < virtual.length || s < source.length) {
    const ofVirtual = v < virtual.length ? totalOf(virtual[v]) : 1
    const ofSource = s < source.length ? totalOf(source[s]) : 1
    const both = ofVirtual === ofSource
    if (!both && (ofVirtual === 1 ? v === virtual.length : ofSource !== 1 || s === source.length))
      return undefined
    const takesVirtual = v < virtual.length && (both || ofVirtual === 1)
    const takesSource = s < source.length && (both || ofVirtual !== 1)
    const virtualAxis = takesVirtual ? v++ : undefined
    const sourceAxis = takesSource ? s++ : undefined
    const virtualRuns = virtualAxis === undefined ? ([[0, 1]] as const) : virtual[virtualAxis]
    const sourceRuns = sourceAxis === undefined ? ([[0, 1]] as const) : source[sourceAxis]
    pairs.push({ virtualAxis, sourceAxis, runs: pairRuns(virtualRuns, sourceRuns) })
  }
  return pairs
}

/** Both have the same number of elements. */
function pairRuns(virtual: readonly Run[], source: readonly Run[]): PairedRun[] {
  const pairs: PairedRun[] = []
  let [v, s, vDone, sDone] = [0, 0, 0, 0]
  while (v < virtual.length && s < source.length) {
    const length = Math.min(virtual[v][1] - vDone, source[s][1] - sDone)
    pairs.push({ virtual: virtual[v][0] + vDone, source: source[s][0] + sDone, length })
    vDone += length
    sDone += length
    if (vDone === virtual[v][1]) [v, vDone] = [v + 1, 0]
    if (sDone === source[s][1]) [s, sDone] = [s + 1, 0]
  }
  return pairs
}
