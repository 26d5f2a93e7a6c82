/** The shape of what flows: stages pull from the one before, as async generator functions. */
import type { ReferenceSet } from '../model/reference-set.ts'

export interface StageContext {
  readonly signal?: AbortSignal | undefined
}

/** A transform between sets; `stream.pipeline()` takes it as it is. */
export type Stage<I = ReferenceSet, O = I> = (
  source: AsyncIterable<I>,
  context?: StageContext,
) => AsyncIterable<O>

/** The end of a pipeline. */
export type Sink<R, I = ReferenceSet> = (source: AsyncIterable<I>, context?: StageContext) => Promise<R>

/** One signal that aborts when any of these does; undefined where there is none. */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined)
  return given.length > 1 ? AbortSignal.any(given) : given[0]
}
