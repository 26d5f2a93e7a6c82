/** The members of a reference document as rows: each chunk's number, and where its bytes are. */
import { UnsupportedError } from '../../errors.ts'
import { type AskedChunks, isAsked } from '../../model/asked-chunks.ts'
import { json2ToVlenUtf8 } from '../json2.ts'
import { AbsolutePaths } from './absolute-paths.ts'
import { arrayOfKey, chunkOfKey, isZarrDocument, type KeyedGrid } from './chunk-key.ts'
import { documentError } from './document-error.ts'
import { parseInline } from './inline-chunk.ts'
import type { GeneratedReference } from './jinja/generator.ts'
import type { Templates } from './jinja/template.ts'
import { KeyLookup } from './key-lookup.ts'
import type { Entry } from './members/entry.ts'
import type { MemberVisitor } from './members/members-reader.ts'
import type { PlainMember } from './members/plain-member.ts'
import { PendingRows } from './pending-rows.ts'

/** An array as its chunks are read. */
export interface KeyedArray extends KeyedGrid {
  /** Index in the header; undefined where the array is left out. */
  readonly index: number | undefined
  /** Elements of a chunk whose `json2` becomes `vlen-utf8`; undefined where chunks stay as they are. */
  readonly json2: number | undefined
  /** Whether its chunks ascend in the document. */
  readonly ascends: boolean
}

/** The document, as far as rows depend on it. */
export interface RowsPlan {
  readonly url: string
  /** By path, those too that are left out. */
  readonly arrays: ReadonlyMap<string, KeyedArray>
  readonly templates: Templates
}

/** Told of an array's index in the header, and why references cannot express it. */
type Failed = (array: number, error: UnsupportedError) => void

/** Where the bytes of a chunk are: in a file, or here. */
type Place = Uint8Array | { readonly url: string; readonly offset: number; readonly length: number }

type ChunkEntry = Extract<Entry, { kind: 'inline' | 'reference' }>

/**
 * Turns members into rows. What it refuses it names by the key, and the byte where that is.
 */
export class ChunkRows implements MemberVisitor {
  readonly pending = new PendingRows()
  /** Of the files that the rows point into. */
  readonly paths: AbsolutePaths
  readonly #plan: RowsPlan
  readonly #asked: AskedChunks
  readonly #failed: Failed
  readonly #lookup: KeyLookup<KeyedArray>
  /** By array; -1 before the first. */
  readonly #lastChunks: Float64Array
  /** Of the plain member whose URL has `#path`. */
  #urlNumber = -1
  #path = 0

  constructor(plan: RowsPlan, asked: AskedChunks, failed: Failed) {
    this.#plan = plan
    this.#asked = asked
    this.#failed = failed
    this.paths = new AbsolutePaths(plan.url, plan.templates)
    this.pending.usePaths(this.paths.paths)
    this.#lookup = new KeyLookup(plan.arrays)
    this.#lastChunks = new Float64Array(plan.arrays.size).fill(-1)
  }

  #refuse(key: string, problem: string, offset: number): never {
    throw documentError(this.#plan.url, `${JSON.stringify(key)} ${problem}`, { offset })
  }

  plain(member: PlainMember, offset: number): void {
    const chunk = this.#lookup.chunk(member.keyBytes, member.keyStart, member.keyEnd)
    const array = this.#lookup.array
    if (chunk < 0 || !array || array.json2 !== undefined) {
      this.entry(member.entry, offset)
      return
    }
    const { index } = array
    if (index === undefined || !isAsked(this.#asked, index, chunk)) return
    const { whole, range } = member
    if (array.ascends && chunk <= this.#lastChunks[index]) this.#refuseOrder(member.key, index, chunk, offset)
    this.#lastChunks[index] = chunk
    if (!whole && range[1] === 0) this.pending.pushInline(index, chunk, new Uint8Array(0))
    else {
      const path = member.urlNumber === this.#urlNumber ? this.#path : this.#plainPath(member, index)
      if (path >= 0) this.pending.push(index, chunk, path, whole ? 0 : range[0], whole ? 0 : range[1])
    }
  }

  /** The path of a URL that is another than the last one; -1 where the array fails by it. */
  #plainPath(member: PlainMember, array: number): number {
    const index = this.#attempt(array, member.key, () => this.#pathIndex(member.url, true))
    if (index === undefined) return -1
    this.#urlNumber = member.urlNumber
    this.#path = index
    return index
  }

  #pathIndex(url: string, hasTemplates: boolean): number {
    if (this.paths.isFull) {
      this.paths.renew()
      this.#urlNumber = -1
      this.pending.usePaths(this.paths.paths)
    }
    return hasTemplates ? this.paths.index(url) : this.paths.plainIndex(url)
  }

  #refuseOrder(key: string, array: number, chunk: number, offset: number): never {
    const twice = chunk === this.#lastChunks[array]
    this.#refuse(key, twice ? 'is given twice' : 'comes elsewhere than when the document was opened', offset)
  }

  /** What `take` gives; undefined where references cannot express it, which is told. */
  #attempt<T>(array: number, key: string, take: () => T): T | undefined {
    try {
      return take()
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error
      this.#failed(array, new UnsupportedError(error.feature, { url: this.#plan.url, array: key }))
      return undefined
    }
  }

  entry(entry: Entry, offset: number): void {
    if (entry.kind === 'metadata' || entry.kind === 'template' || isZarrDocument(entry.key)) return
    this.#chunk(entry, offset, true)
  }

  /** A reference that came of `gen`. */
  generated(reference: GeneratedReference): void {
    this.#chunk({ kind: 'reference', ...reference }, 0, false)
  }

  #chunk(entry: ChunkEntry, offset: number, hasTemplates: boolean): void {
    const { key } = entry
    const path = arrayOfKey(key, this.#plan.arrays)
    const array = path === undefined ? undefined : this.#plan.arrays.get(path)
    if (path === undefined || !array) this.#refuse(key, 'belongs to no array', offset)
    const { index, grid, ascends } = array
    if (index === undefined || !this.#asked.arrays.has(index)) return
    const chunk = chunkOfKey(key, path, array)
    if (chunk === undefined)
      this.#refuse(key, `is no chunk of its array's grid, [${grid.join(', ')}]`, offset)
    if (!isAsked(this.#asked, index, chunk)) return
    if (ascends && chunk <= this.#lastChunks[index]) this.#refuseOrder(key, index, chunk, offset)
    this.#lastChunks[index] = chunk
    this.#attempt(index, key, () => {
      const place = this.#placeOf(entry, array, offset)
      if (place instanceof Uint8Array) this.pending.pushInline(index, chunk, place)
      else {
        const number = this.#pathIndex(place.url, hasTemplates)
        this.pending.push(index, chunk, number, place.offset, place.length)
      }
    })
  }

  #placeOf(entry: ChunkEntry, { json2 }: KeyedArray, at: number): Place {
    if (entry.kind === 'inline') {
      if (entry.text === undefined) throw new UnsupportedError('a JSON object for the bytes of a chunk')
      const refuse = (problem: string) => this.#refuse(entry.key, problem, at)
      const bytes = parseInline(entry.text, refuse)
      return json2 === undefined ? bytes : json2ToVlenUtf8(bytes, json2, refuse)
    }
    const { url, range } = entry
    if (url === null) throw new UnsupportedError('a reference into the file that its reader is told (no URL)')
    if (json2 !== undefined) throw new UnsupportedError('json2 strings that are in a file')
    if (!range) return { url, offset: 0, length: 0 }
    return range[1] === 0 ? new Uint8Array(0) : { url, offset: range[0], length: range[1] }
  }
}
