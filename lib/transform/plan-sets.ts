/** Plans a combination of sets: what would be built and what stands in its way; then the set itself. */
import { PlanError, UsageError } from '../errors.ts'
import type { BuildJournal } from '../model/build-journal.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { barrierError, formatBarrier } from '../plan/barriers.ts'
import type { CombinationOptions } from '../plan/combination.ts'
import { type CooMap, parseCoordinateSource } from '../plan/coordinate-source.ts'
import { planEras, planLeftOut } from '../plan/eras.ts'
import type { PlanInput } from '../plan/plan-input.ts'
import type { PlanReport } from '../plan/plan-report.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { openSource } from '../source/open.ts'
import { combinedSet, eraSet } from './combined-set.ts'
import { healSeams } from './healed-plan.ts'
import { inferDims, readInputs } from './read-inputs.ts'
import { reportPlan } from './report-plan.ts'
import { type SettledPlan, settlePlan } from './settled-plan.ts'
import { ValueClasses } from './value-classes.ts'

export interface ConcatOptions {
  /** Dimensions or arrays that must be the same in all files; whatever lacks a joined dimension is compared by value anyway. */
  readonly identicalDims?: readonly string[]
  /** By the values of coordinates (the default), or as the inputs come. */
  readonly order?: 'coordinate' | 'list'
  /** Where the values of coordinates come from; the variables themselves by default. */
  readonly cooMap?: CooMap
  /** Whether inputs may hold different variables of one place. */
  readonly mergeVariables?: boolean
  /**
   * What to do where inputs do not fit: an error, a group for each run that fits, without those that differ from most, or
   * with copies of the chunks that no one grid of chunks and codecs holds as they are.
   */
  readonly onMismatch?: 'fail' | 'eras' | 'skip' | 'copy'
  /** Whether steps may be missing along a regular coordinate. */
  readonly allowGaps?: boolean
  /** The first input is a set that is written already; the others come behind it, and only they are read. */
  readonly append?: boolean
  /** Remembers what was read, so that a build that was killed can go on. */
  readonly journal?: BuildJournal | undefined
  /** How the files that references point into are opened for reading values; local files by default. */
  readonly open?: OpenSource
  readonly signal?: AbortSignal | undefined
  /** Told the dimension that was found where none was given. */
  readonly onDimension?: (dim: string) => void
}

export interface Combination {
  readonly report: PlanReport
  /** The set, whose references are read when its body is. @throws PlanError with every barrier that remains. */
  set(): Promise<ReferenceSet>
}

/** Rounds of leaving inputs out, each because of what the one before uncovered. */
const MOST_ROUNDS = 16

/**
 * Reads every header, and the values of coordinates and of what must be equal; then plans to join the sets along `dims`
 * (none given: along the one unlimited dimension that all share).
 * @throws UsageError where nothing comes, for names that no input has, and where nothing tells how to place inputs.
 */
export async function planSets(
  source: AsyncIterable<ReferenceSet>,
  dims?: string | readonly string[],
  options: ConcatOptions = {},
): Promise<Combination> {
  const { open = openSource, signal, mergeVariables = false, identicalDims = [] } = options
  const found = dims === undefined ? await inferDims(source, mergeVariables) : undefined
  const names = found?.dims ?? (typeof dims === 'string' ? [dims] : (dims ?? []))
  if (found && names.length > 0) options.onDimension?.(names[0])
  const combining = combinationOptions(names, options)
  const sets = found ? each(found.sets) : source
  const inputs = await readInputs(sets, {
    ...combining,
    identicalDims,
    mergeVariables,
    journal: options.journal,
    open,
    signal,
  })
  if (inputs.length === 0) throw new UsageError('no input')
  const classes = new ValueClasses({ open, signal })
  try {
    return await combine(inputs, combining, options, classes)
  } finally {
    await classes.close()
  }
}

function combinationOptions(dims: readonly string[], options: ConcatOptions): CombinationOptions {
  const { cooMap = {}, order = 'coordinate', identicalDims = [] } = options
  const twice = dims.find((dim, at) => dims.indexOf(dim) < at)
  if (twice !== undefined) throw new UsageError(`dimension ${twice} is named twice`)
  for (const dim of Object.keys(cooMap)) {
    if (!dims.includes(dim))
      throw new UsageError(`${dim} is given values, but is no dimension to join along (${dims.join(', ')})`)
  }
  if (options.onMismatch === 'eras' && dims.length !== 1) {
    throw new UsageError('eras are runs of files along one dimension: name one')
  }
  const sources = dims.map((dim) =>
    Object.hasOwn(cooMap, dim) ? parseCoordinateSource(dim, cooMap[dim]) : undefined,
  )
  if (options.onMismatch === 'copy' && options.append) {
    throw new UsageError('chunks cannot be copied where a set is added to: build it anew from all files')
  }
  const { mergeVariables = false, allowGaps = false } = options
  return { dims, sources, identicalDims, order, mergeVariables, allowGaps }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

async function combine(
  inputs: readonly PlanInput[],
  combining: CombinationOptions,
  options: ConcatOptions,
  classes: ValueClasses,
): Promise<Combination> {
  const whole = await settlePlan(inputs, combining, classes)
  const { onMismatch = 'fail', journal, append = false, open = openSource } = options
  if (whole.barriers.length === 0) return combination(whole, { journal, append, open })
  if (onMismatch === 'skip') return leaveOut(whole, combining, options, classes)
  const healed = healSeams(whole)
  if (onMismatch === 'copy' && healed.barriers.length === 0) {
    return combination(healed, { journal, append, open })
  }
  const eras = eraInputs(whole, combining)
  if (onMismatch === 'eras') {
    const settled = await settleEras(eras, combining, classes)
    const report = reportPlan(whole, { eras: settled.map(({ plan }) => plan.inputs), leftOut: [], healed })
    return { report, set: () => eraSet(settled, { journal, open }) }
  }
  const refused = onMismatch === 'copy' ? healed : whole
  const report = reportPlan(refused, { eras, leftOut: [], healed })
  return { report, set: async () => Promise.reject(barrierError(refused.barriers)) }
}

/** Of a plan without barriers. */
function combination(settled: SettledPlan, options: Parameters<typeof combinedSet>[1]): Combination {
  return {
    report: reportPlan(settled, { eras: [settled.plan.inputs], leftOut: [], healed: settled }),
    set: () => combinedSet(settled, options),
  }
}

/** The inputs of each era; none where inputs are joined along other than one dimension. */
function eraInputs(
  { plan, valueClasses }: SettledPlan,
  { dims, mergeVariables }: CombinationOptions,
): (readonly PlanInput[])[] {
  if (dims.length !== 1 || mergeVariables) return []
  const begins = planEras(plan, valueClasses)
  return begins.map((begin, at) => plan.inputs.slice(begin, begins[at + 1]))
}

/** A plan for each era. @throws PlanError where barriers remain within one. */
async function settleEras(
  eras: readonly (readonly PlanInput[])[],
  combining: CombinationOptions,
  classes: ValueClasses,
): Promise<SettledPlan[]> {
  const plans: SettledPlan[] = []
  for (const members of eras) {
    const settled = await settlePlan(members, { ...combining, order: 'list', identicalDims: [] }, classes)
    // Among fewer files the usual step is another, so that more steps may be missing.
    const parts = settled.barriers.length > 0 ? eraInputs(settled, combining) : []
    if (parts.length > 1) plans.push(...(await settleEras(parts, combining, classes)))
    else if (settled.barriers.length > 0) throw barrierError(settled.barriers)
    else plans.push(settled)
  }
  return plans
}

/** Leaves out the inputs that do not fit, until the rest does; gaps that this makes are none of the inputs'. */
async function leaveOut(
  whole: SettledPlan,
  combining: CombinationOptions,
  { journal, append = false, open = openSource }: ConcatOptions,
  classes: ValueClasses,
): Promise<Combination> {
  let settled = whole
  const leftOut: { input: string; reason: string }[] = []
  const gap = whole.barriers.some(({ kind }) => kind === 'gap')
  for (let round = 0; settled.barriers.length > 0 && !gap && round < MOST_ROUNDS; round++) {
    const unlike = planLeftOut(settled.plan, settled.valueClasses)
    // The set that is added to cannot be left out: what it does not fit is.
    const odd = new Set(append ? withoutBase(settled.plan, unlike) : unlike)
    const kept = settled.plan.inputs.filter((_, at) => !odd.has(at))
    if (odd.size === 0 || kept.length === 0) break
    for (const at of odd) {
      const input = settled.plan.inputs[at]
      leftOut.push({
        input: input.name,
        reason: await reasonFor(input, settled, kept[0], combining, classes),
      })
    }
    settled = await settlePlan(kept, { ...combining, allowGaps: true }, classes)
  }
  const report = reportPlan(settled, { eras: [settled.plan.inputs], leftOut, healed: settled })
  const set = async () => {
    if (settled.barriers.length > 0) throw barrierError(settled.barriers)
    return combinedSet(settled, { journal, append, open })
  }
  return { report, set }
}

/** Positions to leave out when the first of the list has to stay: all others where that was unlike them. */
function withoutBase({ inputs }: SettledPlan['plan'], unlike: readonly number[]): number[] {
  const base = inputs.findIndex(({ index }) => index === 0)
  if (!unlike.includes(base)) return [...unlike]
  return [...inputs.keys()].filter((at) => !unlike.includes(at))
}

/** What stands between an input that is left out and one that is kept. */
async function reasonFor(
  input: PlanInput,
  settled: SettledPlan,
  kept: PlanInput,
  combining: CombinationOptions,
  classes: ValueClasses,
): Promise<string> {
  const named = settled.barriers.find(({ inputs }) => inputs[1] === input.name)
  if (named) return formatBarrier(named)
  try {
    const pair = await settlePlan(
      [kept, input],
      { ...combining, allowGaps: true, identicalDims: [] },
      classes,
    )
    const [barrier = settled.barriers[0]] = pair.barriers
    return formatBarrier(barrier)
  } catch (error) {
    if (error instanceof PlanError || error instanceof UsageError) return error.message
    throw error
  }
}
