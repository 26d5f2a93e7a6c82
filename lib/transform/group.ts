/** One group of each set as if it were the whole of it. */
import { PlanError } from '../errors.ts'
import type { ArrayMetadata, Attributes, GroupMetadata, Skipped } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { groupOf, nameOf, replaceMentions, resolveMention } from '../plan/mention.ts'
import { nearNames } from '../plan/near-names.ts'
import { compose } from '../stream/compose.ts'
import type { Stage } from '../stream/stage.ts'
import { subsetArrays } from './array-subset.ts'
import { eachSet } from './changed-set.ts'
import { movedPaths } from './moved-paths.ts'
import { select } from './select.ts'

function isWithin(path: string, group: string): boolean {
  return path === group || path.startsWith(`${group}/`)
}

function checkGroup(set: ReferenceSet, root: string): ReferenceSet {
  const paths = set.header.groups.map(({ path }) => path)
  if (paths.includes(root)) return set
  const inputs = set.sources.map(({ url }) => url)
  const where = inputs.length > 0 ? `${inputs[0]}: ` : ''
  const near = nearNames(root, paths.filter(Boolean))
  throw new PlanError(`${where}no group is called ${JSON.stringify(root)}${near}`, { inputs })
}

/** Why an array from outside the group cannot stand beside those within it; undefined where it can. */
function conflict(array: ArrayMetadata, taken: ReadonlyMap<string, ArrayMetadata>): string | undefined {
  const name = nameOf(array.path)
  if (taken.has(name)) return `the group has ${name} of its own`
  for (const other of taken.values()) {
    const axis = other.dims.findIndex((dim, at) => {
      const own = array.dims.indexOf(dim)
      return own >= 0 && array.shape[own] !== other.shape[at]
    })
    if (axis >= 0) return `the group has a dimension ${other.dims[axis]} of its own`
  }
  return undefined
}

/** Arrays outside the group that are not taken along, and why. */
function leftBehind(set: ReferenceSet, root: string): Skipped[] {
  const { arrays } = set.header
  const taken = new Map<string, ArrayMetadata>()
  for (const array of arrays) if (groupOf(array.path) === root) taken.set(nameOf(array.path), array)
  const left: Skipped[] = []
  for (const array of arrays) {
    if (isWithin(array.path, root)) continue
    const reason = conflict(array, taken)
    if (reason !== undefined) left.push({ path: array.path, reason })
    else taken.set(nameOf(array.path), array)
  }
  return left
}

/** New places of what is within the group, and of the coordinates that come along into the root. */
class Places {
  readonly #root: string
  readonly #arrays: ReadonlySet<string>

  constructor(root: string, set: ReferenceSet) {
    this.#root = root
    this.#arrays = new Set([...set.header.arrays, ...set.header.skipped].map(({ path }) => path))
  }

  isWithin(path: string): boolean {
    return isWithin(path, this.#root)
  }

  path(path: string): string {
    return this.isWithin(path) ? path.slice(this.#root.length + 1) : nameOf(path)
  }

  /** A name as an attribute spells it; one that leads nowhere stays. */
  mention(group: string, word: string): string {
    const path = resolveMention(group, word, (other) => this.#arrays.has(other))
    if (path === undefined) return word
    if (word.startsWith('/')) return `/${this.path(path)}`
    return this.isWithin(path) && this.isWithin(group) ? word : this.path(path)
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

/** The groups within, and in the new root what may grow: its own dimensions, and those of the groups around it in use. */
function movedGroups(set: ReferenceSet, root: string, places: Places): GroupMetadata[] {
  const { groups, arrays } = set.header
  const used = new Set(arrays.flatMap(({ dims }) => dims))
  const around = groups.filter(({ path }) => path === '' || isWithin(root, path))
  const growing = around.flatMap(({ path, unlimitedDims = [] }) =>
    path === root ? unlimitedDims : unlimitedDims.filter((dim) => used.has(dim)),
  )
  return groups
    .filter(({ path }) => places.isWithin(path))
    .map((group) => ({
      ...group,
      path: places.path(group.path),
      attributes: places.attributes(group.path, group.attributes),
      ...(group.path === root && growing.length > 0 ? { unlimitedDims: [...new Set(growing)] } : {}),
    }))
}

function moveUp(set: ReferenceSet, root: string): ReferenceSet {
  const left = leftBehind(set, root)
  const gone = new Set(left.map(({ path }) => path))
  const kept = subsetArrays(set, {
    keepsArray: (path) => !gone.has(path),
    keepsGroup: ({ path }) => path === '' || isWithin(path, root),
  })
  const places = new Places(root, kept)
  const { header } = kept
  const carried = new Set(header.arrays.map(({ path }) => path))
  const move = <T extends { readonly path: string }>(item: T): T => ({
    ...item,
    path: places.path(item.path),
  })
  const follows = ({ path }: Skipped) => places.isWithin(path) || carried.has(path)
  const stayed = left.map(({ path, reason }) => ({ path: '', reason: `left out /${path}: ${reason}` }))
  const moved = {
    kind: 'header',
    groups: movedGroups(kept, root, places),
    arrays: header.arrays.map((array) => ({
      ...move(array),
      attributes: places.attributes(groupOf(array.path), array.attributes),
    })),
    skipped: header.skipped.filter(follows).map(move),
    notes: [...header.notes.filter(follows).map(move), ...stayed],
  } as const
  return movedPaths(kept, moved, (path) => places.path(path))
}

/**
 * The content of that group becomes the root: `group('/ice')` makes `ice/h` and `ice/deep/t` `h` and `deep/t`, with
 * the group's attributes. Coordinates that it needs from elsewhere come along into the root, and mentions follow; one
 * whose name or dimension the group has of its own, and another of, is left out with a note.
 * @throws PlanError where a set has no such group, with names that are near.
 */
export function group(path: string): Stage {
  const root = path.replace(/^\/+|\/+$/g, '')
  if (root === '') return compose()
  return compose(
    eachSet((set) => checkGroup(set, root)),
    select([root]),
    eachSet((set) => moveUp(set, root)),
  )
}
