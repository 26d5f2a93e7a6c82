/** The references of one manifest while it is open: columns that grow, and a table of the locations in use. */

/** In `ReferenceRows.location`: the chunk's bytes are in the repository. */
export const OWN = 0xffffffff

/** Where references point: a URL, and what tells that the object has changed. */
export interface Location {
  readonly url: string
  readonly etag?: string | undefined
  /** Seconds since 1970; 0 where it is not told. */
  readonly lastModified: number
}

/** Chunk bytes in the repository: in the manifest itself, or in a file of its own. */
export type OwnChunk =
  | { readonly inline: Uint8Array }
  | { readonly file: ChunkFile; readonly offset: number; readonly length: number }

/** A file of chunks in the repository; its id is that of its content, known when it is stored. */
export interface ChunkFile {
  id: Uint8Array | undefined
}

const FIRST_ROWS = 256

/** Columns of references, in the order of their chunks. */
export class ReferenceRows {
  rows = 0
  chunk = new Float64Array(FIRST_ROWS)
  offset = new Float64Array(FIRST_ROWS)
  length = new Float64Array(FIRST_ROWS)
  location = new Uint32Array(FIRST_ROWS)
  readonly locations: Location[] = []
  /** By row. */
  readonly own = new Map<number, OwnChunk>()
  readonly #indexes = new Map<Location, number>()

  addReference(chunk: number, location: Location, offset: number, length: number): void {
    const row = this.#addRow(chunk)
    this.offset[row] = offset
    this.length[row] = length
    this.location[row] = this.#index(location)
  }

  addOwn(chunk: number, own: OwnChunk): void {
    const row = this.#addRow(chunk)
    this.location[row] = OWN
    this.own.set(row, own)
  }

  #addRow(chunk: number): number {
    if (this.rows === this.chunk.length) this.#grow()
    this.chunk[this.rows] = chunk
    return this.rows++
  }

  #index(location: Location): number {
    const known = this.#indexes.get(location)
    if (known !== undefined) return known
    this.#indexes.set(location, this.locations.length)
    return this.locations.push(location) - 1
  }

  #grow(): void {
    const larger = <T extends Float64Array | Uint32Array>(column: T, empty: T): T => {
      empty.set(column)
      return empty
    }
    const rows = this.rows * 2
    this.chunk = larger(this.chunk, new Float64Array(rows))
    this.offset = larger(this.offset, new Float64Array(rows))
    this.length = larger(this.length, new Float64Array(rows))
    this.location = larger(this.location, new Uint32Array(rows))
  }
}
