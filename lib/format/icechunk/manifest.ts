/** Manifest files: where each chunk's bytes are ("Chunk Manifest Files" of the specification). */
import type { FlatBuffer, StructVector, Table, TableVector } from './flatbuffer.ts'
import { checkName, flatBufferOf, type IcechunkFile } from './icechunk-file.ts'
import { type DecodeLocation, locationDecoder } from './location-dictionary.ts'
import { objectName } from './object-id.ts'
import { hexOf } from './snapshot.ts'

const MOST_ARRAYS = 1_000_000
/** Bytes of a location, and of an ETag. */
const MOST_LOCATION = 1 << 16
const MOST_ETAG = 1 << 12
const OBJECT_ID = 12
const NODE_ID = 8
/** The value of `compression_algorithm` for locations that need the manifest's dictionary; it is the default. */
const DICTIONARY = 1

/** What a file was like when a reference into it was written: at most one of them. */
export interface Checksum {
  readonly etag?: string
  /** Seconds since 1970. */
  readonly lastModified?: number
}

/** Where the bytes of a chunk are: in the manifest, in a file of the repository, or in any other. */
export type ChunkPlace =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'native'; readonly name: string; readonly offset: number; readonly length: number }
  | {
      readonly kind: 'virtual'
      readonly location: string
      readonly offset: number
      readonly length: number
      readonly checksum: Checksum
    }

/** The chunks that a manifest has of one array, in the order of their coordinates. */
export class ManifestArray {
  readonly length: number
  readonly #of: FlatBuffer
  readonly #refs: TableVector
  readonly #decode: DecodeLocation
  /** The last location, as it is stored and as text: references into one file follow one another. */
  #stored: Uint8Array | undefined
  #location = ''

  constructor(of: FlatBuffer, refs: TableVector, decode: DecodeLocation) {
    this.length = refs.length
    this.#of = of
    this.#refs = refs
    this.#decode = decode
  }

  /** Reference `i`; `index` is filled with the chunk's coordinates, of which there must be so many. */
  read(i: number, index: number[]): Table {
    const ref = this.#refs.at(i)
    const coordinates: StructVector = ref.required(ref.structs(0, 4), 'coordinates')
    if (coordinates.length !== index.length)
      ref.refuse(`has ${coordinates.length} coordinates for ${index.length} axes`)
    for (let axis = 0; axis < index.length; axis++)
      index[axis] = this.#of.view.getUint32(coordinates.at(axis), true)
    return ref
  }

  /** The URL of a virtual reference; undefined for others. */
  #locate(ref: Table): string | undefined {
    const compressed = ref.bytes(8)
    const stored = compressed ?? ref.bytes(5)
    if (!stored) return undefined
    if (this.#stored && isSame(this.#stored, stored)) return this.#location
    if (stored.length > MOST_LOCATION)
      ref.refuse(`has a location of ${stored.length} bytes, more than ${MOST_LOCATION}`)
    this.#location = compressed ? this.#decode(stored, ref) : Buffer.from(stored).toString('utf8')
    this.#stored = stored
    return this.#location
  }

  /** Where the bytes of a reference are. */
  place(ref: Table): ChunkPlace {
    const chunk = ref.struct(4, OBJECT_ID)
    if (chunk) return { kind: 'native', name: objectName(chunk), ...rangeOf(ref) }
    const location = this.#locate(ref)
    if (location !== undefined)
      return { kind: 'virtual', location, checksum: checksumOf(ref), ...rangeOf(ref) }
    return { kind: 'inline', bytes: ref.required(ref.bytes(1), 'place') }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

function rangeOf(ref: Table): { offset: number; length: number } {
  const offset = ref.uint64(2)
  const length = ref.uint64(3)
  if (length === 0) ref.refuse('refers to no bytes')
  if (!Number.isSafeInteger(offset + length)) ref.refuse('ends beyond 2^53')
  return { offset, length }
}

function checksumOf(ref: Table): Checksum {
  const etag = ref.string(6, MOST_ETAG)
  if (etag !== undefined) return { etag }
  const lastModified = ref.uint32(7)
  return lastModified === 0 ? {} : { lastModified }
}

/**
 * The chunks of an array in a manifest; undefined where it has none. `node`: the array's id in hexadecimal digits.
 * @throws FormatError where the manifest is damaged, or that of another name.
 */
export function findArray(file: IcechunkFile, name: string, node: string): ManifestArray | undefined {
  const of = flatBufferOf(file)
  const root = of.root('manifest')
  checkName(file, name, objectName(root.required(root.struct(0, OBJECT_ID), 'id')))
  const arrays = root.required(root.tables(1, 'array'), 'arrays')
  if (arrays.length > MOST_ARRAYS) root.refuse(`has ${arrays.length} arrays, more than ${MOST_ARRAYS}`)
  for (let i = 0; i < arrays.length; i++) {
    const array = arrays.at(i)
    if (hexOf(array.required(array.struct(0, NODE_ID), 'id')) !== node) continue
    const refs = array.required(array.tables(1, 'chunk reference'), 'references')
    const dictionary = root.uint8(3, DICTIONARY) === DICTIONARY ? root.bytes(2) : undefined
    return new ManifestArray(of, refs, locationDecoder(dictionary))
  }
  return undefined
}
