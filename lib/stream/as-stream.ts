/** A stage as a Node stream, for those who write `.pipe()`. */
import { Duplex } from 'node:stream'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { Stage } from './stage.ts'

/**
 * A Duplex in object mode around `stage`. It stays a pull: one item or two are made ahead of the reader.
 * An item costs about 3 µs, against 0.2 µs for the stage alone.
 * `stream.pipeline()` takes stages as they are and needs this not.
 */
export function asStream<I = ReferenceSet, O = I>(stage: Stage<I, O>): Duplex {
  return Duplex.from(async function* (source: AsyncIterable<I>, context?: { signal?: AbortSignal }) {
    yield* stage(source, { signal: context?.signal })
  })
}
