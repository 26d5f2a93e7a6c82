/** The plan of a concatenation: what becomes of every array, the header of the result, and every barrier of the headers. */

import { isDecodable } from '../codec/registry.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata, GroupMetadata, Header, Skipped } from '../model/metadata.ts'
import { isVlenString } from '../store/zarr-metadata.ts'
import { checkArray, checkExtents, checkNames, checkOnce, compareVariables } from './concat-checks.ts'
import { isAlong, type Layout, type LayoutTable, type Part, rowsIn } from './layout.ts'
import type { PlannedArray } from './planned-array.ts'

export interface ConcatPlan {
  readonly dim: string
  readonly parts: readonly Part[]
  readonly arrays: readonly PlannedArray[]
  readonly groups: readonly GroupMetadata[]
  readonly skipped: readonly Skipped[]
  readonly notes: readonly Skipped[]
}

/** Arrays of at most so many bytes in all are gathered into one chunk. */
const GATHERED_BYTES = 2 ** 24

/**
 * Plans over the headers of all parts.
 * @throws PlanError with every barrier between the first file and the first file that differs from it.
 * @throws UsageError for a name in `identicalDims` that no file has, or that grows along the dimension.
 */
export function planConcat(
  parts: readonly Part[],
  table: LayoutTable,
  identicalDims: readonly string[] = [],
): ConcatPlan {
  const { dim } = table
  const layouts = [...new Set(parts.map((part) => part.layout))]
  const [first] = layouts
  checkNames(layouts, dim, identicalDims)
  checkOnce(parts)
  const skipped = mergeSkipped(parts, layouts)
  const kept = first.header.arrays.filter(({ path }) => !skipped.has(path))
  const drafts = kept.map((array) => planArray(array, parts, dim))
  if (parts.length > 1) for (const part of parts) checkExtents(part, dim, skipped)
  for (const layout of layouts.slice(1)) compareVariables(first, layout, skipped)
  const arrays = drafts.map((draft) => checkArray(draft, parts, layouts, dim))
  return {
    dim,
    parts,
    arrays,
    groups: first.header.groups,
    skipped: [...skipped].map(([path, reason]) => ({ path, reason })),
    notes: [...mergeNotes(layouts), ...table.notes()],
  }
}

/** The header of the result, once the plan's arrays are final. */
export function planHeader(plan: ConcatPlan, arrays: readonly ArrayMetadata[]): Header {
  return { kind: 'header', groups: plan.groups, arrays, skipped: plan.skipped, notes: plan.notes }
}

/** Skipped in one file is skipped in all; where others have the array, the reason names the file. */
function mergeSkipped(parts: readonly Part[], layouts: readonly Layout[]): Map<string, string> {
  const merged = new Map<string, string>()
  for (const { layout, name } of parts) {
    for (const [path, reason] of layout.skipped) {
      if (merged.has(path)) continue
      const others = layouts.some(({ indexOf }) => indexOf.has(path))
      merged.set(path, others ? `${reason} (in ${name}; other files have it)` : reason)
    }
  }
  return merged
}

function mergeNotes(layouts: readonly Layout[]): Skipped[] {
  const notes = new Map<string, Skipped>()
  for (const note of layouts.flatMap(({ header }) => header.notes))
    notes.set(`${note.path}\0${note.reason}`, note)
  return [...notes.values()]
}

/** Decides the role; the extent of the result is the sum over the parts. */
function planArray(array: ArrayMetadata, parts: readonly Part[], dim: string): PlannedArray {
  if (!isAlong(array, dim)) return { role: 'fixed', array }
  const total = parts.reduce((sum, part) => sum + (rowsIn(part, array.path) ?? 0), 0)
  const shape = [total, ...array.shape.slice(1)]
  const coordinate = coordinateOf(array, parts[0].layout, dim)
  const small = array.dims.length === 1 || (coordinate !== undefined && coordinate !== array.path)
  const named = coordinate === undefined ? {} : { coordinate }
  if (!small || !isGatherable(array, shape, parts)) {
    return { role: 'along', array: { ...array, shape }, ...named }
  }
  const chunkShape = shape.map((extent) => Math.max(1, extent ?? 1))
  return {
    role: 'gathered',
    array: { ...array, shape, chunkShape, codecs: isVlenString(array) ? array.codecs : [] },
    ...named,
  }
}

function isGatherable(
  array: ArrayMetadata,
  shape: readonly (number | null)[],
  parts: readonly Part[],
): boolean {
  // Of a string its length is known; the strings themselves come inline and are small.
  const size = array.dataType === '|O' && !isVlenString(array) ? 0 : itemSize(array.dataType)
  const bytes = shape.reduce<number>((product, extent) => product * (extent ?? 0), size)
  if (size === 0 || bytes > GATHERED_BYTES) return false
  const layouts = new Set(parts.map((part) => part.layout))
  return [...layouts].every(({ header, indexOf }) => {
    const own = header.arrays[indexOf.get(array.path) ?? -1]
    return own === undefined || isVlenString(own) || own.codecs.every(isDecodable)
  })
}

/** The coordinate variable that this array is, or whose bounds it is. */
function coordinateOf(array: ArrayMetadata, { header }: Layout, dim: string): string | undefined {
  const slash = array.path.lastIndexOf('/') + 1
  const group = array.path.slice(0, slash)
  const coordinate = header.arrays.find(({ path, dims }) => path === group + dim && dims.length === 1)
  if (!coordinate) return undefined
  const { bounds, climatology } = coordinate.attributes
  const name = array.path.slice(slash)
  return name === dim || name === bounds || name === climatology ? coordinate.path : undefined
}
