/** What sinks that write one set take of a stream of them. */
import { PlanError, UsageError } from '../errors.ts'
import type { ReferenceSet } from '../model/reference-set.ts'

/**
 * The one set of a stream; sets are opened when their body is read, so the next one may be asked for before.
 * @param sink what messages call who asks.
 * @throws UsageError where no set comes, PlanError where two do.
 */
export async function onlySet(source: AsyncIterable<ReferenceSet>, sink: string): Promise<ReferenceSet> {
  let only: ReferenceSet | undefined
  for await (const set of source) {
    if (only) throw new PlanError(`${sink} takes one reference set: concat them first`)
    only = set
  }
  if (!only) throw new UsageError('no input')
  return only
}
