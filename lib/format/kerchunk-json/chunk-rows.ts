/** The entries of a reference document as rows: each chunk's number, and where its bytes are. */
import { UnsupportedError } from '../../errors.ts'
import { chunkNumber } from '../../model/chunk-grid.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import { BATCH_ROWS, batchOf, newColumns } from '../../stream/row-columns.ts'
import { AbsolutePaths } from './absolute-paths.ts'
import { arrayOfKey, chunkPart, isZarrDocument } from './chunk-key.ts'
import { documentError } from './document-error.ts'
import type { Entry } from './entry-reader.ts'
import { json2ToVlenUtf8, parseInline } from './inline-chunk.ts'

/** An array as its chunks are read. */
export interface KeyedArray {
  /** Index in the header; undefined where the array is left out. */
  readonly index: number | undefined
  readonly grid: readonly number[]
  readonly separator: string
  /** Elements of a chunk whose `json2` becomes `vlen-utf8`; undefined where chunks stay as they are. */
  readonly json2: number | undefined
}

/** Which chunks are asked for: numbers from `from` to before `to`, of these arrays of the header. */
export interface Asked {
  readonly arrays: ReadonlySet<number>
  readonly from: number
  readonly to: number
}

/** One chunk; `path` INLINE where its bytes are in `raw`. */
interface ChunkRow {
  readonly array: number
  readonly chunk: number
  readonly path: number
  readonly offset: number
  readonly length: number
  readonly raw: Uint8Array | null
}

type ChunkEntry = Extract<Entry, { kind: 'inline' | 'reference' }>

/** Turns entries into rows. */
export class ChunkRows {
  /** Of the files that the rows point into. */
  readonly paths: AbsolutePaths
  readonly #url: string
  readonly #arrays: ReadonlyMap<string, KeyedArray>
  readonly #asked: Asked

  constructor(
    url: string,
    arrays: ReadonlyMap<string, KeyedArray>,
    templates: ReadonlyMap<string, string>,
    asked: Asked,
  ) {
    this.#url = url
    this.#arrays = arrays
    this.paths = new AbsolutePaths(url, templates)
    this.#asked = asked
  }

  #refuse(key: string, problem: string): never {
    throw documentError(this.#url, `${JSON.stringify(key)} ${problem}`)
  }

  /**
   * The row of an entry; undefined where it is no chunk, or none that is asked for.
   * Where a reference cannot express it, `failed` is told the array's index in the header and why.
   * @throws FormatError where the key is no chunk of an array's grid, or its bytes are not what they should be.
   */
  row(entry: Entry, failed: (array: number, error: UnsupportedError) => void): ChunkRow | undefined {
    if (entry.kind === 'metadata' || entry.kind === 'template' || isZarrDocument(entry.key)) return undefined
    const { key } = entry
    const path = arrayOfKey(key, this.#arrays)
    const array = path === undefined ? undefined : this.#arrays.get(path)
    if (path === undefined || !array) return this.#refuse(key, 'belongs to no array')
    const { index, grid, separator, json2 } = array
    if (index === undefined || !this.#asked.arrays.has(index)) return undefined
    const chunk = chunkNumber(chunkPart(key, path), grid, separator)
    if (chunk === undefined) return this.#refuse(key, `is no chunk of its array's grid, [${grid.join(', ')}]`)
    if (chunk < this.#asked.from || chunk >= this.#asked.to) return undefined
    try {
      const place = entry.kind === 'inline' ? this.#inlined(entry, json2) : this.#referenced(entry, json2)
      return { array: index, chunk, ...place }
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error
      failed(index, new UnsupportedError(error.feature, { url: this.#url, array: key }))
      return undefined
    }
  }

  #inlined({ key, text }: ChunkEntry & { kind: 'inline' }, json2: number | undefined): Place {
    if (text === undefined) throw new UnsupportedError('a JSON object for the bytes of a chunk')
    const refuse = (problem: string) => this.#refuse(key, problem)
    const bytes = parseInline(text, refuse)
    const raw = json2 === undefined ? bytes : json2ToVlenUtf8(bytes, json2, refuse)
    return { path: INLINE, offset: 0, length: raw.length, raw }
  }

  #referenced({ key, url, range }: ChunkEntry & { kind: 'reference' }, json2: number | undefined): Place {
    if (url === null) throw new UnsupportedError('a reference into the file that its reader is told (no URL)')
    if (!range) throw new UnsupportedError('a reference to a whole file, whose length is not told')
    if (json2 !== undefined) throw new UnsupportedError('json2 strings that are in a file')
    const [offset, length] = range
    if (length === 0) this.#refuse(key, 'refers to no bytes')
    return { path: this.paths.index(url), offset, length, raw: null }
  }
}

type Place = Omit<ChunkRow, 'array' | 'chunk'>

/** Rows of one array on their way to a batch, in columns that are used again. */
export class PendingRows {
  #array = -1
  #rows = 0
  readonly #paths: readonly string[]
  readonly #columns = newColumns(BATCH_ROWS)
  #raw: (Uint8Array | null)[] = []

  constructor(paths: readonly string[]) {
    this.#paths = paths
  }

  /** Whether the rows must be taken before one of this array comes in. */
  mustEmpty(array: number): boolean {
    return this.#rows > 0 && (this.#array !== array || this.#rows === BATCH_ROWS)
  }

  push({ array, chunk, path, offset, length, raw }: ChunkRow): void {
    const row = this.#rows++
    this.#array = array
    this.#columns.chunk[row] = chunk
    this.#columns.path[row] = path
    this.#columns.offset[row] = offset
    this.#columns.length[row] = length
    this.#raw.push(raw)
  }

  /** The rows so far, to be read before the next comes in. */
  take(): ReferenceBatch {
    const rows = { array: this.#array, rows: this.#rows, paths: this.#paths, raw: this.#raw }
    this.#rows = 0
    this.#raw = []
    return batchOf(this.#columns, { ...rows, masked: false })
  }
}
