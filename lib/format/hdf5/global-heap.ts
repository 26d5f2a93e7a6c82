/** The global heap: values of variable length (HDF5 File Format 3.0, III.E). */
import { FormatError } from '../../errors.ts'
import type { Cursor } from './cursor.ts'
import { type Hdf5File, readBlock } from './file.ts'
import { mapInFlight } from './in-flight.ts'

/** Where a value lies: its collection, and its number in there. */
export interface HeapId {
  readonly address: number
  readonly index: number
}

/** The least size of a collection (H5HG_MINSIZE): one read gets all of most. */
const MIN_COLLECTION = 4096
const FREE_SPACE = 0
/** Collections are forgotten, the oldest first, when they hold more bytes than this. */
const MAX_CACHED_BYTES = 1 << 26

type Collection = ReadonlyMap<number, Uint8Array>

interface Cached {
  readonly collection: Promise<Collection>
  bytes: number
}

/** Reads objects of the global heap and keeps their collections for the next call. */
export class GlobalHeap {
  readonly #file: Hdf5File
  readonly #signal: AbortSignal | undefined
  readonly #cache = new Map<number, Cached>()
  #bytes = 0

  constructor(file: Hdf5File, signal?: AbortSignal) {
    this.#file = file
    this.#signal = signal
  }

  /**
   * The bytes of each object, undefined where `ids` has undefined. Many collections are read at once.
   * @throws FormatError where a collection is damaged or holds no such object.
   */
  async read(ids: readonly (HeapId | undefined)[]): Promise<(Uint8Array | undefined)[]> {
    const addresses = new Set<number>()
    for (const id of ids) if (id) addresses.add(id.address)
    const wanted = [...addresses]
    const collections = new Map<number, Collection>()
    await mapInFlight(wanted, async (address) => {
      collections.set(address, await this.#collection(address))
    })
    this.#evict()
    return ids.map((id) => id && objectOf(collections, id, this.#file))
  }

  #collection(address: number): Promise<Collection> {
    const known = this.#cache.get(address)
    if (known) return known.collection
    const cached: Cached = {
      bytes: 0,
      collection: readCollection(this.#file, address, this.#signal).then(({ bytes, objects }) => {
        cached.bytes = bytes
        this.#bytes += bytes
        return objects
      }),
    }
    this.#cache.set(address, cached)
    return cached.collection
  }

  #evict(): void {
    for (const [address, { bytes }] of this.#cache) {
      if (this.#bytes <= MAX_CACHED_BYTES) return
      this.#cache.delete(address)
      this.#bytes -= bytes
    }
  }
}

function objectOf(collections: ReadonlyMap<number, Collection>, id: HeapId, file: Hdf5File): Uint8Array {
  const object = collections.get(id.address)?.get(id.index)
  if (object) return object
  const at = { url: file.source.url, structure: 'global heap collection', offset: file.base + id.address }
  throw new FormatError(at, `holds no object ${id.index}`)
}

async function readCollection(file: Hdf5File, address: number, signal: AbortSignal | undefined) {
  const least = 8 + file.lengthSize
  const guess = Math.max(least, Math.min(MIN_COLLECTION, file.source.size - file.base - address))
  let cursor = await readBlock(file, 'global heap collection', address, guess, signal)
  const size = parsePrefix(cursor, file.lengthSize)
  if (size > guess) {
    cursor = await readBlock(file, 'global heap collection', address, size, signal)
    parsePrefix(cursor, file.lengthSize)
  }
  return { bytes: size, objects: parseObjects(cursor, size, file.lengthSize) }
}

/** Bytes of the collection, this prefix included. */
function parsePrefix(cursor: Cursor, lengthSize: number): number {
  cursor.signature('GCOL')
  cursor.version(1)
  cursor.skip(3)
  const size = cursor.uint(lengthSize)
  if (size < 8 + lengthSize) throw cursor.error(`a collection of ${size} bytes`)
  return size
}

function parseObjects(cursor: Cursor, size: number, lengthSize: number): Collection {
  const objects = new Map<number, Uint8Array>()
  const end = Math.min(size, cursor.bytes.length)
  while (end - cursor.position >= 8 + lengthSize) {
    const index = cursor.u16()
    if (index === FREE_SPACE) break
    cursor.skip(2 + 4)
    const length = cursor.uint(lengthSize)
    if (length > end - cursor.position) throw cursor.error(`object ${index} ends outside its collection`)
    objects.set(index, cursor.take(length))
    cursor.skip(Math.min((8 - (length % 8)) % 8, end - cursor.position))
  }
  return objects
}
