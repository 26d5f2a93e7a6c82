/** Where the references of a set point, as they go by. */
import type { ReferenceSet } from '../lib/index.ts'

/** fsspec's name for where a path or URL leads. */
export function protocolOf(path: string): string {
  return /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1] ?? 'file'
}

/** Notes the protocol of the first reference that goes by: a set has but one. */
export function withProtocol(set: ReferenceSet, seen: { protocol?: string }): ReferenceSet {
  return {
    header: set.header,
    sources: set.sources,
    replayable: set.replayable,
    async *body(options) {
      for await (const item of set.body(options)) {
        if (item.kind === 'batch' && item.paths.length > 0) {
          seen.protocol ??= protocolOf(item.paths[0])
        }
        yield item
      }
    },
  }
}
