/** The chunks that the keys of plain members name, from their bytes. */
import { arrayOfKey, type KeyedGrid, keyPrefix } from './chunk-key.ts'

const ZERO = 0x30
/** Beyond it a coordinate may have been rounded; no grid has as many chunks. */
const MOST = 1e15

/** Paths that the key of a chunk can begin with beside that of its array. */
const NUMBER_NAME = /(?:^|\/)(?:\d+|c)$/

/** An array whose keys have been met. */
interface Known<A> {
  readonly path: string
  readonly array: A
  /** What keys begin with. */
  readonly prefix: Uint8Array
  readonly separator: number
  readonly grid: readonly number[]
  /** Whose key came after one of this array the last time. */
  next: Known<A> | undefined
}

function beginsWith(bytes: Uint8Array, start: number, prefix: Uint8Array): boolean {
  for (let at = 0; at < prefix.length; at++) if (bytes[start + at] !== prefix[at]) return false
  return true
}

/** The number of the chunk whose coordinates are the bytes from `at` to `end`; -1 where they are none of the grid. */
function chunkAt(bytes: Uint8Array, at: number, end: number, { grid, separator }: Known<unknown>): number {
  let chunk = 0
  for (let axis = 0; axis < grid.length; axis++) {
    if (axis > 0 && bytes[at++] !== separator) return -1
    const first = at
    let coordinate = 0
    let digit = bytes[at] - ZERO
    for (; digit >= 0 && digit < 10 && coordinate < MOST; digit = bytes[++at] - ZERO)
      coordinate = 10 * coordinate + digit
    if (at === first || (bytes[first] === ZERO && at > first + 1) || coordinate >= grid[axis]) return -1
    chunk = chunk * grid[axis] + coordinate
  }
  return at === end ? chunk : -1
}

/** Keys are looked up among `arrays`; `added` tells of those that come to them later. */
export class KeyLookup<A extends KeyedGrid> {
  readonly #arrays: ReadonlyMap<string, A>
  readonly #known = new Map<string, Known<A>>()
  #last: Known<A> | undefined
  /** Whether an array may lie within another, where the numbers of chunks are. */
  #nested = false

  constructor(arrays: ReadonlyMap<string, A>) {
    this.#arrays = arrays
    for (const path of arrays.keys()) this.added(path)
  }

  /** The array of the chunk that was found last. */
  get array(): A | undefined {
    return this.#last?.array
  }

  /** There is an array at this path now, or another than before. */
  added(path: string): void {
    this.#nested ||= NUMBER_NAME.test(path)
    this.#known.clear()
    this.#last = undefined
  }

  /**
   * The number of the chunk with this key, from `start` to before `end`, a byte that is no digit at the end; -1 where
   * it is none of a known array, or one that must be looked at more closely.
   */
  chunk(bytes: Buffer, start: number, end: number): number {
    let known = this.#last
    if (!known || !beginsWith(bytes, start, known.prefix)) {
      known = this.#switch(bytes, start, end)
      if (!known) return -1
    }
    // The number that scalars have in Zarr v2; in v3 they have none.
    if (known.grid.length === 0)
      return end - start - known.prefix.length === 1 && bytes[end - 1] === ZERO ? 0 : -1
    return chunkAt(bytes, start + known.prefix.length, end, known)
  }

  #switch(bytes: Buffer, start: number, end: number): Known<A> | undefined {
    const last = this.#last
    const next = last?.next
    const known = next && beginsWith(bytes, start, next.prefix) ? next : this.#find(bytes, start, end)
    if (known && last) last.next = known
    if (known) this.#last = known
    return known
  }

  #find(bytes: Buffer, start: number, end: number): Known<A> | undefined {
    const path = arrayOfKey(bytes.toString('latin1', start, end), this.#arrays)
    const array = path === undefined ? undefined : this.#arrays.get(path)
    if (path === undefined || !array || this.#isSpecial(array)) return undefined
    const known = this.#known.get(path) ?? this.#add(path, array)
    return beginsWith(bytes, start, known.prefix) ? known : undefined
  }

  /** Whether its keys do not tell by how they begin alone that they are its. */
  #isSpecial({ grid, prefix, separator }: A): boolean {
    return prefix === '' ? separator === '/' && this.#nested : grid.length === 0 || this.#nested
  }

  #add(path: string, array: A): Known<A> {
    const prefix = Buffer.from(keyPrefix(path, array))
    const separator = array.separator.charCodeAt(0)
    const known = { path, array, prefix, separator, grid: array.grid, next: undefined }
    this.#known.set(path, known)
    return known
  }
}
