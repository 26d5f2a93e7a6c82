/** All groups and datasets of a file by their paths (HDF5 File Format 3.0, IV; links as libhdf5 follows them). */
import { FormatError } from '../../errors.ts'
import type { Damage } from './damage.ts'
import type { Hdf5File } from './file.ts'
import { IN_FLIGHT } from './in-flight.ts'
import type { Link } from './link.ts'
import type { ObjectHeader } from './object-header.ts'
import { linksOf, type WalkedObject, walkObjects } from './object-walk.ts'
import { withReadLimit } from './read-limit.ts'
import { SoftLinkResolver } from './soft-link.ts'

interface TreeOptions {
  readonly signal?: AbortSignal | undefined
  /** Reads in flight at once; 64 by default. */
  readonly concurrency?: number
}

/** A group or dataset at one of its paths, which begin with "/". */
export interface TreeEntry {
  readonly path: string
  /** The same value at all paths of an object. */
  readonly header: ObjectHeader
}

/** A link that lists nothing, and why. */
interface TreeNote {
  readonly path: string
  /**
   * dangling: a soft link to nothing. cycle: a group that holds the link, itself or farther up.
   * repeat: a group whose contents are listed under another path. user: an application's own link class.
   */
  readonly kind: 'dangling' | 'cycle' | 'repeat' | 'user'
  readonly detail: string
}

/**
 * Everything in the order of a walk from the root: a group, then what it links to, link by link, in the order of
 * `readLinks`. A group's contents stand under one path, a shortest; datasets stand under every path to them.
 */
export interface ObjectTree {
  readonly groups: readonly TreeEntry[]
  readonly datasets: readonly TreeEntry[]
  /** Links to objects in other files, as they spell both. */
  readonly externalLinks: readonly { readonly path: string; readonly file: string; readonly target: string }[]
  readonly notes: readonly TreeNote[]
  /** Objects that could not be read. */
  readonly errors: readonly { readonly path: string; readonly error: Damage }[]
}

/**
 * Reads all object headers and links of the file.
 * @throws FormatError or UnsupportedError where the root group cannot be read; other objects end in `errors`.
 */
export async function readObjectTree(file: Hdf5File, options: TreeOptions = {}): Promise<ObjectTree> {
  const concurrency = options.concurrency ?? IN_FLIGHT
  const limited = { ...file, source: withReadLimit(file.source, concurrency) }
  const objects = await walkObjects(limited, concurrency, options.signal)
  return new TreeListing(file, objects).list()
}

interface Frame {
  readonly group: WalkedObject
  readonly names: Set<string>
  next: number
}

/** Lists without recursion: groups may nest deeper than the stack. */
class TreeListing {
  readonly #file: Hdf5File
  readonly #objects: ReadonlyMap<number, WalkedObject>
  readonly #frames: Frame[] = []
  /** Addresses of the groups that are open. */
  readonly #open = new Set<number>()
  readonly #tree = {
    groups: [] as TreeEntry[],
    datasets: [] as TreeEntry[],
    externalLinks: [] as { path: string; file: string; target: string }[],
    notes: [] as TreeNote[],
    errors: [] as { path: string; error: Damage }[],
  }

  constructor(file: Hdf5File, objects: ReadonlyMap<number, WalkedObject>) {
    this.#file = file
    this.#objects = objects
  }

  list(): ObjectTree {
    const root = this.#objects.get(this.#file.rootAddress)
    if (root?.object.kind !== 'group') throw this.#error(this.#file.rootAddress, 'the root is no group')
    const resolver = new SoftLinkResolver(this.#objects, root)
    this.#enter(root, root.object.header)
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const link = linksOf(frame.group)[frame.next++]
      if (link === undefined) {
        this.#frames.pop()
        this.#open.delete(frame.group.address)
      } else this.#listLink(frame, link, resolver)
    }
    return this.#tree
  }

  #error(address: number, problem: string): FormatError {
    const at = { url: this.#file.source.url, structure: 'group', offset: this.#file.base + address }
    return new FormatError(at, problem)
  }

  #enter(group: WalkedObject, header: ObjectHeader): void {
    this.#tree.groups.push({ path: group.path || '/', header })
    this.#open.add(group.address)
    this.#frames.push({ group, names: new Set(), next: 0 })
  }

  #listLink({ group, names }: Frame, link: Link, resolver: SoftLinkResolver): void {
    const { name } = link
    const path = `${group.path}/${name}`
    if (name === '' || name.includes('/') || names.has(name)) {
      const problem = names.has(name) ? 'the name of two links' : 'no name for a link'
      this.#tree.errors.push({
        path,
        error: this.#error(group.address, `${JSON.stringify(name)} is ${problem}`),
      })
      return
    }
    names.add(name)
    if (link.kind === 'hard') this.#listObject(path, link, this.#objects.get(link.address))
    else if (link.kind === 'external')
      this.#tree.externalLinks.push({ path, file: link.file, target: link.target })
    else if (link.kind === 'user') this.#note(path, 'user', `link class ${link.type}`)
    else {
      const resolved = resolver.resolve(group, link.target)
      if (resolved.kind === 'object') this.#listObject(path, link, resolved.object)
      else if (resolved.kind === 'nowhere')
        this.#note(path, 'dangling', `to ${link.target}: ${resolved.reason}`)
      else this.#tree.externalLinks.push({ path, file: resolved.file, target: resolved.target })
    }
  }

  #note(path: string, kind: TreeNote['kind'], detail: string): void {
    this.#tree.notes.push({ path, kind, detail })
  }

  #listObject(path: string, link: Link, found: WalkedObject | undefined): void {
    if (found === undefined) return
    const { object } = found
    if (object.kind === 'damaged') this.#tree.errors.push({ path, error: object.error })
    else if (object.kind === 'dataset') this.#tree.datasets.push({ path, header: object.header })
    else if (object.kind === 'group') {
      if (found.link === link) this.#enter(found, object.header)
      else
        this.#note(path, this.#open.has(found.address) ? 'cycle' : 'repeat', `the group ${found.path || '/'}`)
    }
  }
}
