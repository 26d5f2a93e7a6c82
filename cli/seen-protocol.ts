/** Where the references of a set point, as they go by. */
import type { ReferenceSet } from '../lib/index.ts'

/** Notes the protocol of the first reference that goes by: a set has but one. */
export function withProtocol(set: ReferenceSet, seen: { protocol?: string }): ReferenceSet {
  return {
    header: set.header,
    sources: set.sources,
    replayable: set.replayable,
    async *body(options) {
      for await (const item of set.body(options)) {
        if (item.kind === 'batch' && item.paths.length > 0) {
          seen.protocol ??= /^([a-z][a-z0-9+.-]+):\/\//i.exec(item.paths[0])?.[1] ?? 'file'
        }
        yield item
      }
    },
  }
}
