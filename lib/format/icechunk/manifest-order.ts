/** In which order an array's manifests are read so that its chunks ascend, and which must be read together. */
import { gridStrides } from '../../model/chunk-grid.ts'
import type { ManifestRef } from './snapshot.ts'

/** Comparisons of manifests' extents with each other. */
const MOST_COMPARISONS = 1 << 26

type Refuse = (problem: string) => never

/** A manifest, and the first and last chunk number that it may have. */
interface ManifestSpan {
  readonly ref: ManifestRef
  readonly first: number
  readonly last: number
}

/** Manifests whose chunk numbers interleave, and the first and last of these; mostly one manifest. */
export interface ManifestGroup {
  readonly refs: readonly ManifestRef[]
  readonly first: number
  readonly last: number
}

/** Undefined where the manifest has no chunk within the grid. */
function spanOf(ref: ManifestRef, grid: readonly number[], refuse: Refuse): ManifestSpan | undefined {
  const strides = gridStrides(grid)
  const { from, to } = ref
  if (from.length !== 0 && from.length !== grid.length)
    refuse(`has extents along ${from.length} axes for an array of ${grid.length}`)
  let [first, last] = [0, 0]
  for (const [axis, extent] of grid.entries()) {
    const begin = from[axis] ?? 0
    const end = Math.min(to[axis] ?? extent, extent)
    if (end <= begin) return undefined
    first += begin * strides[axis]
    last += (end - 1) * strides[axis]
  }
  return { ref, first, last }
}

/**
 * The groups, ascending and apart.
 * @param refuse told of extents that do not fit the grid, or that two manifests of one array share.
 */
export function orderManifests(
  manifests: readonly ManifestRef[],
  grid: readonly number[],
  refuse: Refuse,
): ManifestGroup[] {
  const spans = manifests.flatMap((ref) => spanOf(ref, grid, refuse) ?? []).sort((a, b) => a.first - b.first)
  const groups: { refs: ManifestRef[]; first: number; last: number }[] = []
  for (const { ref, first, last } of spans) {
    const group = groups.at(-1)
    if (group && first <= group.last) {
      group.refs.push(ref)
      group.last = Math.max(group.last, last)
    } else groups.push({ refs: [ref], first, last })
  }
  for (const { refs } of groups) checkApart(refs, grid.length, refuse)
  return groups
}

/** Icechunk would read but one of two manifests that may both have a chunk. */
function checkApart(refs: readonly ManifestRef[], rank: number, refuse: Refuse): void {
  if (refs.length < 2) return
  const axis = busiestAxis(refs, rank)
  const sorted = refs.toSorted((a, b) => (a.from[axis] ?? 0) - (b.from[axis] ?? 0))
  let open: ManifestRef[] = []
  let comparisons = 0
  for (const ref of sorted) {
    open = open.filter(({ to }) => (to[axis] ?? Number.POSITIVE_INFINITY) > (ref.from[axis] ?? 0))
    comparisons += open.length
    if (comparisons > MOST_COMPARISONS) refuse(`has more manifests that interleave than kstream compares`)
    const other = open.find((candidate) => overlap(candidate, ref))
    if (other) refuse(`has manifests ${other.name} and ${ref.name} for the same chunks`)
    open.push(ref)
  }
}

/** The axis along which manifests begin at the most places. */
function busiestAxis(refs: readonly ManifestRef[], rank: number): number {
  let [busiest, most] = [0, 0]
  for (let axis = 0; axis < rank; axis++) {
    const places = new Set(refs.map(({ from }) => from[axis])).size
    if (places > most) [busiest, most] = [axis, places]
  }
  return busiest
}

function overlap(a: ManifestRef, b: ManifestRef): boolean {
  if (a.from.length === 0 || b.from.length === 0) return true
  return a.from.every((from, axis) => from < b.to[axis] && b.from[axis] < a.to[axis])
}

/** Whether a manifest may have the chunk with these coordinates: Icechunk looks for it in no other. */
export function mayHave({ from, to }: ManifestRef, index: readonly number[]): boolean {
  for (let axis = 0; axis < from.length; axis++)
    if (index[axis] < from[axis] || index[axis] >= to[axis]) return false
  return true
}
