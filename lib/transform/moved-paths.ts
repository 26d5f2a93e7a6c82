/** Arrays under other paths: the header is given, and the coverage at the end follows it. */
import type { Header } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { changedSet } from './changed-set.ts'

/** The set with this header, whose arrays are the old ones in their order; `pathOf` is the new path of an old one. */
export function movedPaths(
  set: ReferenceSet,
  header: Header,
  pathOf: (path: string) => string,
): ReferenceSet {
  const move = <T extends { readonly path: string }>(item: T): T => ({ ...item, path: pathOf(item.path) })
  return changedSet(set, {
    header,
    open: () => ({
      footer: (footer) => ({
        ...footer,
        coverage: {
          arrays: footer.coverage.arrays.map(move),
          notes: footer.coverage.notes.map(move),
        },
      }),
    }),
  })
}
