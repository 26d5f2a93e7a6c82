/** From many headers to the one set that is to be written. */
import {
  compose,
  concat,
  inferConcatDim,
  inline,
  isKStreamError,
  type ReferenceSet,
  rewritePaths,
  type Stage,
  select,
  UsageError,
} from '../lib/index.ts'
import type { BuildOptions } from './build-options.ts'
import { type Surroundings, say } from './output.ts'
import { formatPlural } from './text-table.ts'

/** The stages of a build, made before any file is opened: each checks its own options. */
export interface BuildStages {
  /** On the set of each file. */
  readonly before: Stage
  /** On the joined set. */
  readonly after: Stage
}

/** @throws UsageError for options that make no sense. */
export function makeStages(options: BuildOptions): BuildStages {
  const before = options.select ? [select(options.select)] : []
  // File by file: its small chunks lie together and are read together.
  if (options.inlineThreshold > 0) before.push(inline({ threshold: options.inlineThreshold }))
  // After inlining, which reads the files where they are now.
  const after = options.rewritePaths ? [rewritePaths(options.rewritePaths)] : []
  return { before: compose(...before), after: compose(...after) }
}

/** All items, in order. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The items as a stream. */
export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** Names of dimensions that arrays of every file have, in the first file's order. */
function sharedDims(sets: readonly ReferenceSet[]): string[] {
  const dims = sets.map(({ header }) => new Set(header.arrays.flatMap((array) => array.dims)))
  return [...(dims.at(0) ?? [])].filter((dim) => dims.every((own) => own.has(dim)))
}

function inferOrAsk(sets: readonly ReferenceSet[]): string {
  try {
    return inferConcatDim(sets.map(({ header }) => header))
  } catch (error) {
    if (!isKStreamError(error, 'ERR_KSTREAM_USAGE')) throw error
    const dims = sharedDims(sets)
    const candidates = dims.length > 0 ? `; dimensions they share: ${dims.join(', ')}` : ''
    throw new UsageError(`${error.message} with --concat-dims${candidates}`)
  }
}

/** The dimension to join along: the one asked for, or the one that the files leave no doubt about. */
function chooseConcatDim(
  sets: readonly ReferenceSet[],
  asked: string | undefined,
  around: Surroundings,
): string | undefined {
  if (asked !== undefined || sets.length === 1) return asked
  const dim = inferOrAsk(sets)
  say(
    around,
    `Joining ${formatPlural(sets.length, 'file')} along ${dim}, the one unlimited dimension they share`,
  )
  return dim
}

/** All headers, one plan: whatever stands in the way is said before any chunk index is read. */
export async function planSet(
  sets: AsyncIterable<ReferenceSet>,
  stages: BuildStages,
  options: BuildOptions,
  around: Surroundings,
): Promise<ReferenceSet> {
  const context = { signal: around.signal }
  const selected = await collect(stages.before(sets, context))
  const dim = chooseConcatDim(selected, options.concatDim, around)
  const join = dim === undefined ? compose() : concat(dim, { identicalDims: options.identicalDims })
  const [set] = await collect(stages.after(join(each(selected), context), context))
  return set
}
