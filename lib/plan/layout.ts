/** Layouts: what headers of many files have in common along a dimension; thousands of files share a few. */
import { PlanError, UnsupportedError } from '../errors.ts'
import type { ArrayMetadata, Attributes, Header } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { DECODING_ATTRIBUTES, decodingCodecs, sameAttribute } from './barriers.ts'

/** The header of the first file of its kind; others of the kind differ in extents along the dimension, and in remarks. */
export interface Layout {
  /** The first file that has it. */
  readonly name: string
  readonly header: Header
  readonly indexOf: ReadonlyMap<string, number>
  /** Why an array is left out, by its path. */
  readonly skipped: ReadonlyMap<string, string>
}

/** One input of a concatenation. */
export interface Part {
  readonly set: ReferenceSet
  /** The file's path or URL, for messages. */
  readonly name: string
  readonly layout: Layout
  /** Extent along the dimension of each of the layout's arrays; 0 for those that do not have it. */
  readonly rows: Float64Array
}

/** Whether the array grows along `dim`. */
export function isAlong(array: ArrayMetadata, dim: string): boolean {
  return array.dims[0] === dim
}

/** The extent along the dimension of one array in a part; undefined where the part lacks the array. */
export function rowsIn(part: Part, path: string): number | undefined {
  const index = part.layout.indexOf.get(path)
  return index === undefined ? undefined : part.rows[index]
}

/** A harmless difference, told once however many files have it. */
interface Remark {
  readonly path: string
  readonly what: string
  readonly result: string
  /** The first file that differs. */
  readonly first: string
  count: number
}

/** Turns sets into parts, in their order; equal layouts become one object. */
export class LayoutTable {
  readonly dim: string
  readonly #known = new Map<string, Layout>()
  readonly #remarks = new Map<string, Remark>()
  #first: Layout | undefined

  constructor(dim: string) {
    this.dim = dim
  }

  /** @throws PlanError where the dimension is not the first of an array that has it. */
  add(set: ReferenceSet, name: string): Part {
    for (const array of set.header.arrays) this.#checkAxis(array, name)
    const key = layoutKey(set.header, this.dim)
    let layout = this.#known.get(key)
    if (!layout) {
      layout = newLayout(set.header, name)
      this.#known.set(key, layout)
    }
    if (this.#first) this.#compareRemarks(this.#first, set.header, name)
    else this.#first = layout
    const rows = Float64Array.from(set.header.arrays, (array) => rowsOf(array, this.dim, name))
    return { set, name, layout, rows }
  }

  /** What differs between files without effect on the values: the first file's is kept. */
  notes(): { path: string; reason: string }[] {
    return [...this.#remarks.values()].map(({ path, what, result, first, count }) => {
      const files = `${count} file${count > 1 ? 's' : ''} (first in ${first})`
      return { path, reason: `${what} in ${files}: ${result}` }
    })
  }

  #checkAxis(array: ArrayMetadata, name: string): void {
    const axis = array.dims.indexOf(this.dim, 1)
    if (axis < 0) return
    const message = `${array.path}: ${this.dim} is axis ${axis} (${array.dims.join(', ')}) in ${name}; only a first axis can be concatenated so far`
    throw new PlanError(message, { array: array.path, inputs: [name] })
  }

  #compareRemarks(first: Layout, header: Header, name: string): void {
    for (const group of header.groups) {
      const kept = first.header.groups.find(({ path }) => path === group.path)
      const path = group.path || '/'
      if (kept) this.#compareAttributes(path, kept.attributes, group.attributes, name)
      else this.#remark(path, 'a group that the first file lacks is', 'it is left out', name)
    }
    for (const array of header.arrays) {
      const kept = first.header.arrays[first.indexOf.get(array.path) ?? -1]
      if (kept) this.#compareAttributes(array.path, kept.attributes, array.attributes, name)
    }
  }

  #compareAttributes(path: string, a: Attributes, b: Attributes, file: string): void {
    if (a === b) return
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if ((DECODING_ATTRIBUTES as readonly string[]).includes(name) || sameAttribute(a[name], b[name]))
        continue
      this.#remark(path, `attribute ${name} differs`, "the first file's is kept", file)
    }
  }

  #remark(path: string, what: string, result: string, file: string): void {
    const key = `${path}\0${what}`
    const known = this.#remarks.get(key)
    if (known) known.count++
    else this.#remarks.set(key, { path, what, result, first: file, count: 1 })
  }
}

function newLayout(header: Header, name: string): Layout {
  const indexOf = new Map(header.arrays.map((array, index) => [array.path, index]))
  const skipped = new Map(header.skipped.map(({ path, reason }) => [path, reason]))
  return { name, header, indexOf, skipped }
}

function rowsOf(array: ArrayMetadata, dim: string, name: string): number {
  if (!isAlong(array, dim)) return 0
  const [rows] = array.shape
  if (rows !== null) return rows
  throw new UnsupportedError('concatenating an array whose extent is told only at its end', {
    url: name,
    array: array.path,
  })
}

/** A text that is equal for headers that differ in nothing but extents along `dim` and remarks. */
function layoutKey(header: Header, dim: string): string {
  const arrays = header.arrays.map((array) => [
    array.path,
    array.dims,
    isAlong(array, dim) ? array.shape.slice(1) : array.shape,
    array.chunkShape,
    array.dataType,
    array.fillValue && Buffer.from(array.fillValue).toString('hex'),
    decodingCodecs(array.codecs),
    [...DECODING_ATTRIBUTES, 'bounds', 'climatology'].map((name) => array.attributes[name] ?? null),
  ])
  // What is skipped belongs to it, so that a file that skips more than others is found, and named.
  return JSON.stringify([arrays, header.skipped], (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    return typeof value === 'number' && !Number.isFinite(value) ? `${value}f` : value
  })
}
