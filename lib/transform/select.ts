/** Keeps some arrays of each set, or leaves some out. */
import { PlanError } from '../errors.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { groupOf, mentionedNames, mentionsNeeded, resolveMention } from '../plan/mention.ts'
import { nearNames } from '../plan/near-names.ts'
import type { Stage } from '../stream/stage.ts'
import { type Subset, subsetArrays } from './array-subset.ts'
import { eachSet } from './changed-set.ts'

/** Paths of arrays, or of groups, which stand for all within; a leading '/' is ignored. */
export interface Selection {
  /** What to keep, along with the coordinates it needs; everything by default. */
  readonly arrays?: readonly string[]
  /** What to leave out, coordinates too; this wins over `arrays`. */
  readonly drop?: readonly string[]
}

function isWithin(path: string, group: string): boolean {
  return group === '' || path === group || path.startsWith(`${group}/`)
}

function normalize(name: string): string {
  return name.replace(/^\/+|\/+$/g, '')
}

/** The selection's paths; each must be an array, a group, or an array that had to be skipped. */
function knownPaths(set: ReferenceSet, names: readonly string[]): string[] {
  const { arrays, groups, skipped } = set.header
  const known = new Set([...arrays, ...groups, ...skipped].map(({ path }) => path))
  return names.map((name) => {
    const path = normalize(name)
    if (known.has(path)) return path
    const inputs = set.sources.map(({ url }) => url)
    const where = inputs.length > 0 ? `${inputs[0]}: ` : ''
    const near = nearNames(path, [...known].filter(Boolean))
    throw new PlanError(`${where}no array or group is called ${JSON.stringify(name)}${near}`, {
      array: path,
      inputs,
    })
  })
}

/** The arrays that `array` cannot do without: of its dimensions, and those that its attributes name. */
function neededBy(array: ArrayMetadata, has: (path: string) => boolean): string[] {
  const names = [...array.dims]
  for (const [attribute, value] of Object.entries(array.attributes)) {
    if (mentionsNeeded(attribute)) names.push(...mentionedNames(attribute, value))
  }
  const group = groupOf(array.path)
  return names.flatMap((name) => resolveMention(group, name, has) ?? [])
}

/** The chosen arrays and, step by step, all that they need. */
function withCoordinates(arrays: readonly ArrayMetadata[], chosen: readonly string[]): Set<string> {
  const byPath = new Map(arrays.map((array) => [array.path, array]))
  const closed = new Set(chosen)
  for (const path of closed) {
    const array = byPath.get(path)
    // A Set's iteration goes on to what is added meanwhile.
    if (array) for (const needed of neededBy(array, (other) => byPath.has(other))) closed.add(needed)
  }
  return closed
}

function subsetOf(set: ReferenceSet, selection: Selection): Subset {
  const { arrays, skipped } = set.header
  const dropped = knownPaths(set, selection.drop ?? [])
  const isDropped = (path: string) => dropped.some((gone) => isWithin(path, gone))
  if (!selection.arrays) {
    return {
      keepsArray: (path) => !isDropped(path),
      keepsGroup: ({ path }) => path === '' || !isDropped(path),
    }
  }
  const chosen = knownPaths(set, selection.arrays)
  const isChosen = (path: string) => chosen.some((kept) => isWithin(path, kept))
  const wanted = [...arrays, ...skipped]
    .map(({ path }) => path)
    .filter((path) => isChosen(path) && !isDropped(path))
  const closed = withCoordinates(arrays, wanted)
  const keepsArray = (path: string) => closed.has(path) && !isDropped(path)
  const kept = [...closed].filter(keepsArray)
  return {
    keepsArray,
    keepsGroup: ({ path }) =>
      path === '' || (!isDropped(path) && (isChosen(path) || kept.some((array) => isWithin(array, path)))),
  }
}

/**
 * Keeps the arrays named, or all but the ones in `drop`. An array that is kept by name keeps what it needs:
 * the coordinates of its dimensions and the variables in its `coordinates`, `bounds`, `grid_mapping` and like
 * attributes, and theirs in turn (not `cell_measures` and `ancillary_variables`, which are data of their own).
 * Attributes stay as the file has them, also where they mention what was dropped.
 * @throws PlanError for a name that a set does not have, with names that are near.
 */
export function select(selection: readonly string[] | Selection): Stage {
  const wanted: Selection = 'length' in selection ? { arrays: selection } : selection
  return eachSet((set) => subsetArrays(set, subsetOf(set, wanted)))
}
