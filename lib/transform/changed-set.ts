/** The frame of most transforms: a new header at once, and a body that changes what comes through. */
import type { Header } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet, SourceInfo } from '../model/reference-set.ts'
import type { Stage, StageContext } from '../stream/stage.ts'

/** What a transform changes; what it leaves out stays. Chunk numbers stay in any case. */
interface Change {
  readonly header?: Header
  readonly sources?: readonly SourceInfo[]
  /** The caller's array indexes to those of the set beneath. */
  readonly arrays?: (asked: readonly number[] | undefined) => readonly number[] | undefined
  /** Called anew for each body, so that what it keeps belongs to one reading. */
  readonly open?: () => BodyChange
}

interface BodyChange {
  readonly batch?: (batch: ReferenceBatch) => ReferenceBatch
  readonly footer?: (footer: Footer) => Footer
}

/** The set with its header changed now and its body as it is pulled; batches left without rows are not handed on. */
export function changedSet(set: ReferenceSet, change: Change): ReferenceSet {
  async function* body(options: BodyOptions = {}): AsyncGenerator<ReferenceBatch | Footer> {
    const { batch, footer } = change.open?.() ?? {}
    const arrays = change.arrays ? change.arrays(options.arrays) : options.arrays
    const beneath = arrays ? { ...options, arrays } : options
    options.signal?.throwIfAborted()
    for await (const item of set.body(beneath)) {
      options.signal?.throwIfAborted()
      if (item.kind === 'footer') yield footer ? footer(item) : item
      else {
        const changed = batch ? batch(item) : item
        if (changed.rows > 0) yield changed
      }
    }
  }
  return {
    ...(set.name === undefined ? {} : { name: set.name }),
    header: change.header ?? set.header,
    sources: change.sources ?? set.sources,
    replayable: set.replayable,
    body,
  }
}

/** A stage that changes each set by itself, as it comes. */
export function eachSet(change: (set: ReferenceSet, context: StageContext) => ReferenceSet): Stage {
  return async function* (source, context = {}) {
    for await (const set of source) {
      context.signal?.throwIfAborted()
      yield change(set, context)
    }
  }
}
