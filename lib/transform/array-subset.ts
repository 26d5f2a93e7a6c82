/** Some of a set's arrays: indexes, footers and coverage follow. */
import type { GroupMetadata, Skipped } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { changedSet } from './changed-set.ts'

/** What stays of a set. */
export interface Subset {
  /** Whether the array of this path stays, were it skipped or referenced. */
  readonly keepsArray: (path: string) => boolean
  readonly keepsGroup: (group: GroupMetadata) => boolean
}

/** Old indexes of the arrays that stay, and new ones by old index (-1: gone). */
interface Renumbering {
  readonly kept: readonly number[]
  readonly newIndex: readonly number[]
}

function renumberFooter(
  footer: Footer,
  { kept, newIndex }: Renumbering,
  keepsPath: (path: string) => boolean,
): Footer {
  return {
    kind: 'footer',
    shapes: kept.map((array) => footer.shapes[array]),
    missing: kept.map((array) => footer.missing[array]),
    dropped: footer.dropped.map((array) => newIndex[array]).filter((array) => array >= 0),
    coverage: {
      arrays: footer.coverage.arrays.filter(({ path }) => keepsPath(path)),
      notes: footer.coverage.notes.filter(({ path }) => keepsPath(path)),
    },
  }
}

/**
 * The set with the arrays and groups that `subset` keeps, in the order in which they were.
 * What was left out on request is no loss: it vanishes from `skipped` and the coverage too.
 */
export function subsetArrays(set: ReferenceSet, subset: Subset): ReferenceSet {
  const { header } = set
  const kept = header.arrays.flatMap(({ path }, array) => (subset.keepsArray(path) ? [array] : []))
  const newIndex = new Array<number>(header.arrays.length).fill(-1)
  for (const [index, array] of kept.entries()) newIndex[array] = index
  const groups = header.groups.filter(subset.keepsGroup)
  const goneGroups = new Set(
    header.groups.filter((group) => !subset.keepsGroup(group)).map(({ path }) => path),
  )
  // Remarks name arrays, groups or links: only what is an array is asked for as one.
  const keepsPath = (path: string) => !goneGroups.has(path) && (isGroup(path) || subset.keepsArray(path))
  const groupPaths = new Set(header.groups.map(({ path }) => path))
  const isGroup = (path: string) => groupPaths.has(path)
  const keepsRemark = ({ path }: Skipped) => keepsPath(path)
  const renumbering = { kept, newIndex }
  return changedSet(set, {
    header: {
      kind: 'header',
      groups,
      arrays: kept.map((array) => header.arrays[array]),
      skipped: header.skipped.filter(keepsRemark),
      notes: header.notes.filter(keepsRemark),
    },
    arrays: (asked) => asked?.map((index) => kept[index]) ?? kept,
    open: () => ({
      batch: (batch: ReferenceBatch) => ({ ...batch, array: newIndex[batch.array] }),
      footer: (footer: Footer) => renumberFooter(footer, renumbering, keepsPath),
    }),
  })
}
