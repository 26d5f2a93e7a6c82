/** From files to the plan of what they make together: `kstream build` and `kstream plan` up to the first reference. */
import {
  type BuildJournal,
  type Combination,
  group,
  isKStreamError,
  mergeChunks,
  type OpenSource,
  planSets,
  type ReferenceSet,
  rename,
  type ScanOptions,
  SourceError,
  type Stage,
  scan,
  select,
  splitChunks,
  type Tally,
  UsageError,
} from '../lib/index.ts'
import type { LeftAsIs } from './left-as-is.ts'
import type { Surroundings } from './output.ts'
import type { PlanningOptions } from './planning-options.ts'
import { formatPlural } from './text-table.ts'

interface CombinationRequest {
  readonly files: readonly string[] | AsyncIterable<string>
  readonly options: PlanningOptions
  /** On the set of each file. */
  readonly before: Stage
  readonly tally: Tally
  /** How files are read, beside what the options say. */
  readonly reading?: Pick<ScanOptions, 'format' | 'memoryBytes' | 'version'>
  readonly journal?: BuildJournal | undefined
  /** How values are read at planning; local files by default. */
  readonly open?: OpenSource | undefined
  /** The set that the files are appended to; takes those that it does not hold yet. */
  readonly appendTo?:
    | {
        readonly set: ReferenceSet
        newOf(sets: AsyncIterable<ReferenceSet>): AsyncIterable<ReferenceSet>
      }
    | undefined
}

/** A file that was left out, and why. */
export interface Unread {
  readonly input: string
  readonly reason: string
}

/** What became of the files. */
export interface Combined {
  /** undefined where there is nothing to append. */
  readonly combination: Combination | undefined
  /** Files that could not be read (`--on-error skip`). */
  readonly unread: readonly Unread[]
  /** The dimension that was found where none was asked for. */
  readonly foundDim: string | undefined
}

/**
 * The stages on the set of each file, made before any is opened: each checks its own options.
 * @throws UsageError for options that make no sense.
 */
export function planningStages(options: PlanningOptions, onLeft: LeftAsIs['add']): Stage[] {
  const {
    group: root,
    select: arrays,
    drop,
    rename: names,
    splitChunks: pieces,
    mergeChunks: larger,
  } = options
  return [
    ...(root === undefined ? [] : [group(root)]),
    ...(arrays || drop ? [select({ ...(arrays && { arrays }), ...(drop && { drop }) })] : []),
    ...(names ? [rename(names)] : []),
    ...(pieces === undefined ? [] : [splitChunks(pieces, { onLeft: onLeft('split') })]),
    ...(larger === undefined ? [] : [mergeChunks(larger, { onLeft: onLeft('merged') })]),
  ]
}

/** Notes the sets that go by: how many, and the dimensions that arrays of all of them have. */
class Watch {
  sets = 0
  dims: readonly string[] = []

  async *through(sets: AsyncIterable<ReferenceSet>): AsyncGenerator<ReferenceSet> {
    for await (const set of sets) {
      const own = new Set(set.header.arrays.flatMap((array) => array.dims))
      this.dims = this.sets === 0 ? [...own] : this.dims.filter((dim) => own.has(dim))
      this.sets++
      yield set
    }
  }
}

/** The library says what is missing; the command line says which option gives it. */
function withCandidates(error: unknown, { concatDims }: PlanningOptions, dims: readonly string[]): unknown {
  const asks = isKStreamError(error, 'ERR_KSTREAM_USAGE') && /unlimited dimension/.test(error.message)
  if (!asks || concatDims !== undefined) return error
  const candidates = dims.length > 0 ? `; dimensions they share: ${dims.join(', ')}` : ''
  return new UsageError(`${error.message} with --concat-dims${candidates}`)
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The items as a stream. */
export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** Reads all headers, and what planning needs of values. */
export async function combineFiles(request: CombinationRequest, around: Surroundings): Promise<Combined> {
  const { files, options, before, tally, reading, journal, open, appendTo } = request
  const { onUnsupported, allowExternal, onError } = options
  const { signal } = around
  const unread: Unread[] = []
  const onSkipped = (input: string, error: Error) => unread.push({ input, reason: error.message })
  const kept = { onUnsupported, allowExternal, onError, onSkipped, journal, tally, signal }
  const scanning = { ...kept, ...reading }
  const sets = before(scan(files, scanning), { signal })
  const watch = new Watch()
  const fresh = appendTo ? await collect(appendTo.newOf(sets)) : undefined
  if (appendTo && fresh?.length === 0) return { combination: undefined, unread, foundDim: undefined }
  const source = appendTo ? each([appendTo.set, ...(fresh ?? [])]) : sets
  let foundDim: string | undefined
  const onDimension = (dim: string) => {
    foundDim = dim
  }
  const append = appendTo !== undefined
  const combining = { ...concatOptions(options), append, journal, open, signal, onDimension }
  try {
    const combination = await planSets(watch.through(source), options.concatDims, combining)
    return { combination, unread, foundDim }
  } catch (error) {
    if (watch.sets === 0 && unread.length > 0) throw nothingRead(unread)
    throw withCandidates(error, options, watch.dims)
  }
}

function concatOptions({
  identicalDims,
  order,
  cooMap,
  mergeVariables,
  onMismatch,
  allowGaps,
}: PlanningOptions) {
  return { identicalDims, order, cooMap, mergeVariables, onMismatch, allowGaps }
}

function nothingRead([{ input, reason }, ...others]: readonly Unread[]): SourceError {
  const all = others.length > 0 ? `, nor could any of ${formatPlural(others.length, 'other')}` : ''
  return new SourceError(input, `cannot be read${all}: ${reason}`)
}
