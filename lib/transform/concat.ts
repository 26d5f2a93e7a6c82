/** Joins sets along dimensions: all headers first, then values where they decide, then one set. */
import { UsageError } from '../errors.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { anySignal, type Stage } from '../stream/stage.ts'
import { type ConcatOptions, planSets } from './plan-sets.ts'

/**
 * Joins all sets along `dims`, each an axis of arrays or a new one whose values `cooMap` tells; without any, along the one
 * unlimited dimension that all share. Yields one set, after reading every header and the values of coordinates and of
 * what must be equal. Without input it yields nothing.
 * @throws PlanError for every difference that would make the result wrong, naming both files and both values.
 * @throws UsageError for names that no file has.
 */
export function concat(dims?: string | readonly string[], options: ConcatOptions = {}): Stage {
  const named = dims === undefined || dims.length > 0 || options.mergeVariables === true
  if (!named) throw new UsageError('no dimension to join along')
  return async function* (source, context) {
    const signal = anySignal(options.signal, context?.signal)
    const iterator = source[Symbol.asyncIterator]()
    const first = await iterator.next()
    if (first.done) return
    const combination = await planSets(withFirst(first.value, iterator), dims, { ...options, signal })
    yield await combination.set()
  }
}

async function* withFirst(
  first: ReferenceSet,
  rest: AsyncIterator<ReferenceSet>,
): AsyncGenerator<ReferenceSet> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
