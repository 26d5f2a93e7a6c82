/** Where soft links lead, among objects that are all known (HDF5 File Format 3.0, IV.A.2.g). */
import { LIMITS } from './file.ts'
import type { Link } from './link.ts'
import { linksOf, type WalkedObject } from './object-walk.ts'

/** An object, a place in another file, or nowhere and why. */
type Resolved =
  | { readonly kind: 'object'; readonly object: WalkedObject }
  | { readonly kind: 'external'; readonly file: string; readonly target: string }
  | { readonly kind: 'nowhere'; readonly reason: string }

/** Names stepped through on the way, so that crafted paths end. */
const MOST_STEPS = 1024

export class SoftLinkResolver {
  readonly #objects: ReadonlyMap<number, WalkedObject>
  readonly #root: WalkedObject
  readonly #byName = new Map<WalkedObject, ReadonlyMap<string, Link>>()

  constructor(objects: ReadonlyMap<number, WalkedObject>, root: WalkedObject) {
    this.#objects = objects
    this.#root = root
  }

  #find(group: WalkedObject, name: string): Link | undefined {
    let links = this.#byName.get(group)
    if (links === undefined) {
      links = new Map(linksOf(group).map((link) => [link.name, link]))
      this.#byName.set(group, links)
    }
    return links.get(name)
  }

  /** Follows `target`, absolute or relative to the link's own group, through groups and further soft links. */
  resolve(group: WalkedObject, target: string): Resolved {
    let at = target.startsWith('/') ? this.#root : group
    // The next name is the last one.
    const names = namesOf(target)
    let hops = 0
    for (let steps = 0; ; steps++) {
      const name = names.pop()
      if (name === undefined) return { kind: 'object', object: at }
      const link = this.#find(at, name)
      if (link === undefined) return nowhere(`no ${JSON.stringify(name)} in ${at.path || '/'}`)
      if (steps === MOST_STEPS) return nowhere(`more than ${MOST_STEPS} names on the way`)
      if (link.kind === 'user') return nowhere('a user-defined link on the way')
      if (link.kind === 'external') {
        const target = [link.target, ...names.reverse()].join('/').replaceAll('//', '/')
        return { kind: 'external', file: link.file, target }
      }
      if (link.kind === 'soft') {
        if (hops++ === LIMITS.depth) return nowhere('soft links in a circle')
        if (link.target.startsWith('/')) at = this.#root
        names.push(...namesOf(link.target))
        if (names.length > MOST_STEPS) return nowhere(`more than ${MOST_STEPS} names on the way`)
      } else {
        const next = this.#objects.get(link.address)
        if (next === undefined) return nowhere(`${JSON.stringify(name)} was not read`)
        at = next
      }
    }
  }
}

function nowhere(reason: string): Resolved {
  return { kind: 'nowhere', reason }
}

/** The names of a path, last first; "." is the group itself. HDF5 gives ".." no meaning. */
function namesOf(path: string): string[] {
  const names = path.split('/', MOST_STEPS + 1)
  return names.filter((name) => name !== '' && name !== '.').reverse()
}
