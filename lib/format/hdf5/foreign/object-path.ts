/** Finds one object by its path, reading only the groups on the way (HDF5 File Format 3.0, IV.A.2.g). */
import { UnsupportedError } from '../../../errors.ts'
import { type Hdf5File, LIMITS } from '../file.ts'
import type { Link } from '../message/link.ts'
import { type Hdf5Object, readObject } from '../object.ts'

/** An object, a place in another file, or nothing. */
export type FoundObject =
  | Hdf5Object
  | { readonly kind: 'elsewhere'; readonly file: string; readonly path: string }
  | undefined

/** Names stepped through on the way, so that crafted paths end. */
const MOST_STEPS = 1024

/** Finds objects of one file; groups are read once. */
export class ObjectFinder {
  readonly #file: Hdf5File
  readonly #groups = new Map<number, Hdf5Object>()
  /** A group may hold as many links as are asked for. */
  readonly #links = new Map<Hdf5Object, ReadonlyMap<string, Link>>()

  #last: { readonly path: string; readonly found: Promise<FoundObject> } | undefined

  constructor(file: Hdf5File) {
    this.#file = file
  }

  /**
   * Follows hard and soft links from the root. What was asked for last is known: most ask for it again.
   * @throws UnsupportedError where links lead in a circle.
   */
  find(path: string, signal?: AbortSignal): Promise<FoundObject> {
    if (this.#last?.path !== path) this.#last = { path, found: this.#find(path, signal) }
    return this.#last.found
  }

  async #find(path: string, signal: AbortSignal | undefined): Promise<FoundObject> {
    let at = await this.#read(this.#file.rootAddress, signal)
    const root = at
    const names = namesOf(path)
    let hops = 0
    for (let steps = 0; ; steps++) {
      const name = names.pop()
      if (name === undefined) return at
      if (steps === MOST_STEPS || names.length > MOST_STEPS) throw this.#endless(path)
      const link = this.#linkOf(at, name)
      if (link === undefined || link.kind === 'user') return undefined
      if (link.kind === 'external')
        return { kind: 'elsewhere', file: link.file, path: [link.target, ...names.reverse()].join('/') }
      if (link.kind === 'hard') at = await this.#read(link.address, signal)
      else {
        if (hops++ === LIMITS.depth) throw this.#endless(path)
        if (link.target.startsWith('/')) at = root
        names.push(...namesOf(link.target))
      }
    }
  }

  #linkOf(group: Hdf5Object, name: string): Link | undefined {
    if (group.kind !== 'group') return undefined
    const links = this.#links.get(group) ?? new Map(group.links.map((link) => [link.name, link]))
    this.#links.set(group, links)
    return links.get(name)
  }

  #endless(path: string): UnsupportedError {
    return new UnsupportedError(`links that lead in a circle, on the way to ${path}`, {
      url: this.#file.source.url,
    })
  }

  async #read(address: number, signal: AbortSignal | undefined): Promise<Hdf5Object> {
    const known = this.#groups.get(address)
    if (known) return known
    const object = await readObject(this.#file, address, signal)
    if (object.kind === 'group') this.#groups.set(address, object)
    return object
  }
}

/** The names of a path, last first; "." is the group itself. */
function namesOf(path: string): string[] {
  const names = path.split('/', MOST_STEPS + 1)
  return names.filter((name) => name !== '' && name !== '.').reverse()
}
