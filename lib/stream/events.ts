/** Sets laid flat: for logs, tests and line-wise output. */
import type { Header } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../model/reference-set.ts'
import type { Stage } from './stage.ts'

/** What a set consists of, told apart by `kind`. */
export type SetEvent = Header | ReferenceBatch | Footer

/** Each set as its header, its batches and its footer, in this order. */
export function events(options: BodyOptions = {}): Stage<ReferenceSet, SetEvent> {
  return async function* (source, context) {
    for await (const set of source) {
      context?.signal?.throwIfAborted()
      yield set.header
      for await (const item of set.body({ ...options, signal: options.signal ?? context?.signal })) {
        context?.signal?.throwIfAborted()
        yield item
      }
    }
  }
}
