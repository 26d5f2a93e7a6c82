/** Concatenation of files along a dimension: all headers first, then values where they decide, then one set. */
import { UsageError } from '../errors.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { inferConcatDim } from '../plan/concat-dim.ts'
import { planConcat, planHeader } from '../plan/concat-plan.ts'
import { LayoutTable } from '../plan/layout.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { openSource } from '../source/open.ts'
import type { Stage } from '../stream/stage.ts'
import { concatBody } from './concat-body.ts'
import { settleValues } from './concat-values.ts'

export interface ConcatOptions {
  /** Dimensions or arrays that must be the same in all files; whatever lacks the dimension is compared by value anyway. */
  readonly identicalDims?: readonly string[]
  /** How the files that references point into are opened for reading values; local files by default. */
  readonly open?: OpenSource
  readonly signal?: AbortSignal | undefined
  /** Told the dimension that was found where none was given. */
  readonly onDimension?: (dim: string) => void
}

/**
 * Concatenates all sets along `dims`, the first axis of every array that has it; without one, along the one unlimited
 * dimension that all files share. Yields one set, after reading every header and the values of coordinates and of arrays
 * without the dimension. Without input it yields nothing.
 * @throws PlanError for every difference that would make the result wrong, naming both files and both values.
 * @throws UsageError for more than one dimension, or names that no file has.
 */
export function concat(dims?: string | readonly string[], options: ConcatOptions = {}): Stage {
  const names = dims === undefined ? [] : typeof dims === 'string' ? [dims] : dims
  if (names.length > 1) {
    throw new UsageError(
      `one dimension can be concatenated so far, not ${names.length} (${names.join(', ')})`,
    )
  }
  return async function* (source, context) {
    const signal = anySignal(options.signal, context?.signal)
    const sets: ReferenceSet[] = []
    for await (const set of source) {
      signal?.throwIfAborted()
      sets.push(set)
    }
    if (sets.length > 0) yield await concatSets(sets, names[0], { ...options, signal })
  }
}

async function concatSets(
  sets: readonly ReferenceSet[],
  given: string | undefined,
  options: ConcatOptions,
): Promise<ReferenceSet> {
  const dim = given ?? inferConcatDim(sets.map(({ header }) => header))
  if (given === undefined) options.onDimension?.(dim)
  const table = new LayoutTable(dim)
  const parts = sets.map((set, at) => table.add(set, set.sources[0]?.url ?? `input ${at + 1}`))
  const plan = planConcat(parts, table, options.identicalDims)
  const settled = await settleValues(plan, { open: options.open ?? openSource, signal: options.signal })
  const final = { ...plan, notes: [...plan.notes, ...settled.notes] }
  return {
    header: planHeader(final, settled.arrays),
    sources: sets.flatMap((set) => set.sources),
    replayable: sets.every((set) => set.replayable),
    body: (bodyOptions) => concatBody(final, settled, bodyOptions),
  }
}

function anySignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a && b ? AbortSignal.any([a, b]) : (a ?? b)
}
