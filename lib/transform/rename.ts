/** Gives arrays and dimensions other names, and follows them into the attributes that mention them. */
import { PlanError, UsageError } from '../errors.ts'
import type { ArrayMetadata, Attributes, GroupMetadata, Header } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { groupOf, nameOf, pathIn, replaceMentions, resolveMention } from '../plan/mention.ts'
import { nearNames } from '../plan/near-names.ts'
import type { Stage } from '../stream/stage.ts'
import { eachSet } from './changed-set.ts'
import { movedPaths } from './moved-paths.ts'

/** Old path to new name within the same group. */
type Renames = ReadonlyMap<string, string>

function parseRenames(names: Readonly<Record<string, string>>): Renames {
  const renames = new Map<string, string>()
  for (const [from, to] of Object.entries(names)) {
    const path = from.replace(/^\/+|\/+$/g, '')
    const target = to.replace(/^\/+|\/+$/g, '')
    if (target.includes('/') && groupOf(target) !== groupOf(path)) {
      throw new UsageError(`rename ${from} to ${to}: renaming does not move an array to another group`)
    }
    const name = nameOf(target)
    if (path === '' || name === '' || /^\.(z|\.?$)/.test(name)) {
      throw new UsageError(`rename ${JSON.stringify(from)} to ${JSON.stringify(to)}: not a name for an array`)
    }
    renames.set(path, name)
  }
  return renames
}

/** The names of one set, old to new. */
class Names {
  readonly #renames: Renames
  readonly #arrays: ReadonlySet<string>

  constructor(renames: Renames, header: Header) {
    this.#renames = renames
    this.#arrays = new Set([...header.arrays, ...header.skipped].map(({ path }) => path))
  }

  array(path: string): string {
    const name = this.#arrays.has(path) ? this.#renames.get(path) : undefined
    return name === undefined ? path : pathIn(groupOf(path), name)
  }

  /** A dimension belongs to the nearest group around that has an array, or a new name, for it. */
  dim(group: string, dim: string): string {
    const path = resolveMention(group, dim, (other) => this.#arrays.has(other) || this.#renames.has(other))
    return (path !== undefined && this.#renames.get(path)) || dim
  }

  /** A name as an attribute spells it: 'lon', '/grid/lon'. */
  mention(group: string, word: string): string {
    const path = resolveMention(group, word, (other) => this.#arrays.has(other))
    const name = path === undefined ? this.dim(group, word) : this.#renames.get(path)
    return name === undefined || name === word ? word : word.slice(0, word.lastIndexOf('/') + 1) + name
  }

  attributes(group: string, attributes: Attributes): Attributes {
    return Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [
        key,
        replaceMentions(key, value, (word) => this.mention(group, word)),
      ]),
    )
  }
}

function inputsOf(set: ReferenceSet): string[] {
  return set.sources.map(({ url }) => url)
}

/** Each old name must be an array or a dimension of the set. */
function checkKnown(set: ReferenceSet, renames: Renames): void {
  const { arrays, groups, skipped } = set.header
  const known = new Set([...arrays, ...skipped].map(({ path }) => path))
  for (const { path, dims } of arrays) {
    for (let group = groupOf(path); ; group = groupOf(group)) {
      for (const dim of dims) known.add(pathIn(group, dim))
      if (group === '') break
    }
  }
  for (const { path, unlimitedDims = [] } of groups)
    for (const dim of unlimitedDims) known.add(pathIn(path, dim))
  for (const from of renames.keys()) {
    if (known.has(from)) continue
    const problem = `no array or dimension is called ${JSON.stringify(from)}${nearNames(from, [...known])}`
    const inputs = inputsOf(set)
    throw new PlanError(inputs.length > 0 ? `${inputs[0]}: ${problem}` : problem, { array: from, inputs })
  }
}

/** No two arrays, or two dimensions of a group, may end with one name. */
function checkDistinct(set: ReferenceSet, names: Names): void {
  const { arrays, groups } = set.header
  const inputs = inputsOf(set)
  const takenPaths = new Map(groups.map(({ path }) => [path, `group ${path}`]))
  const takenDims = new Map<string, string>()
  for (const array of arrays) {
    const path = names.array(array.path)
    const holder = takenPaths.get(path)
    if (holder !== undefined) {
      const problem = `${holder} and array ${array.path} would both be called ${path}`
      throw new PlanError(`rename: ${problem}`, { array: array.path, inputs })
    }
    takenPaths.set(path, `array ${array.path}`)
    const group = groupOf(array.path)
    for (const dim of array.dims) {
      const key = pathIn(group, names.dim(group, dim))
      const other = takenDims.get(key) ?? dim
      if (other !== dim) {
        const problem = `dimensions ${other} and ${dim} would both be called ${nameOf(key)}`
        throw new PlanError(`rename: ${problem}`, { array: array.path, inputs })
      }
      takenDims.set(key, dim)
    }
  }
}

function renameArray(array: ArrayMetadata, names: Names): ArrayMetadata {
  const group = groupOf(array.path)
  return {
    ...array,
    path: names.array(array.path),
    dims: array.dims.map((dim) => names.dim(group, dim)),
    attributes: names.attributes(group, array.attributes),
  }
}

function renameInGroup(group: GroupMetadata, names: Names): GroupMetadata {
  const attributes = names.attributes(group.path, group.attributes)
  if (!group.unlimitedDims) return { ...group, attributes }
  return { ...group, attributes, unlimitedDims: group.unlimitedDims.map((dim) => names.dim(group.path, dim)) }
}

function renameSet(set: ReferenceSet, renames: Renames): ReferenceSet {
  const { header } = set
  const names = new Names(renames, header)
  checkKnown(set, renames)
  checkDistinct(set, names)
  const renamePath = <T extends { readonly path: string }>(item: T): T => ({
    ...item,
    path: names.array(item.path),
  })
  const renamed: Header = {
    kind: 'header',
    groups: header.groups.map((group) => renameInGroup(group, names)),
    arrays: header.arrays.map((array) => renameArray(array, names)),
    skipped: header.skipped.map(renamePath),
    notes: header.notes.map(renamePath),
  }
  return movedPaths(set, renamed, (path) => names.array(path))
}

/**
 * Renames arrays, and the dimensions of the same name, by path: `{ lon: 'longitude', 'ice/h': 'thickness' }`.
 * Mentions in `coordinates`, `bounds`, `grid_mapping`, `cell_methods` and the like follow. All at once: names
 * can be swapped.
 * @throws PlanError for a name that a set does not have, and for two things that would end with one name.
 */
export function rename(names: Readonly<Record<string, string>>): Stage {
  const renames = parseRenames(names)
  return eachSet((set) => renameSet(set, renames))
}
