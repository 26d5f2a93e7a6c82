/** Finds every object that hard links reach from the root group: breadth first, a whole level in flight at once. */
import { FormatError } from '../../errors.ts'
import { type Damage, damageOrThrow } from './damage.ts'
import type { Hdf5File } from './file.ts'
import { mapInFlight } from './in-flight.ts'
import type { Link } from './link.ts'
import { type Hdf5Object, readObject } from './object.ts'

export interface WalkedObject {
  readonly address: number
  /** The first path to it: a shortest one. The root's is empty. */
  readonly path: string
  /** The link at the end of `path`; the root has none. */
  readonly link: Link | undefined
  readonly object: Hdf5Object | { readonly kind: 'damaged'; readonly error: Damage }
}

interface Found {
  readonly address: number
  readonly path: string
  readonly link: Link | undefined
}

/** Characters. No honest file nests so deep; a crafted chain of groups could otherwise ask for memory without end. */
const LONGEST_PATH = 2 ** 20

/**
 * All objects by their address, each read once.
 * @throws FormatError where the root group itself is damaged, or the links are more than the file could hold.
 */
export async function walkObjects(
  file: Hdf5File,
  concurrency: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, WalkedObject>> {
  const objects = new Map<number, WalkedObject>()
  const root = { address: file.rootAddress, path: '', link: undefined }
  objects.set(root.address, { ...root, object: await readObject(file, root.address, signal) })
  let linkCount = 0
  for (let level = nextLevel([...objects.values()], objects); level.length > 0; ) {
    const read = await mapInFlight(level, (found) => readFound(file, found, signal), concurrency)
    for (const object of read) {
      objects.set(object.address, object)
      linkCount += linksOf(object).length
    }
    if (linkCount > file.source.size) {
      const at = { url: file.source.url, structure: 'group', offset: file.base + root.address }
      throw new FormatError(at, `${linkCount} links, more than the file has bytes`)
    }
    level = nextLevel(read, objects)
  }
  return objects
}

/** The links of a group; none where the object is something else. */
export function linksOf({ object }: WalkedObject): readonly Link[] {
  return object.kind === 'group' ? object.links : []
}

/** What the groups of a level link to and was not seen before, in the order of their links. */
function nextLevel(groups: readonly WalkedObject[], seen: ReadonlyMap<number, WalkedObject>): Found[] {
  const next = new Map<number, Found>()
  for (const group of groups) {
    for (const link of linksOf(group)) {
      if (link.kind !== 'hard' || seen.has(link.address) || next.has(link.address)) continue
      next.set(link.address, { address: link.address, path: `${group.path}/${link.name}`, link })
    }
  }
  return [...next.values()]
}

async function readFound(file: Hdf5File, found: Found, signal?: AbortSignal): Promise<WalkedObject> {
  try {
    if (found.path.length > LONGEST_PATH) {
      const at = { url: file.source.url, structure: 'object header', offset: file.base + found.address }
      throw new FormatError(at, `a path of ${found.path.length} characters`)
    }
    return { ...found, object: await readObject(file, found.address, signal) }
  } catch (error) {
    return { ...found, object: { kind: 'damaged', error: damageOrThrow(error) } }
  }
}
