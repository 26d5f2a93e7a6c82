/** Gathers the rows of a chunk index into columns, and checks what every index owes: order, and chunks inside the file. */
import { FormatError } from '../../../errors.ts'
import type { ChunkColumns } from './index.ts'
import type { ChunkRequest } from './request.ts'

/** Rows of a batch. */
export const BATCH_ROWS = 8192

/** Columns under construction; `drain` hands over the full ones, `finish` the rest. */
export class ColumnsBuilder {
  readonly #request: ChunkRequest
  readonly #base: number
  readonly #end: number
  readonly #capacity: number
  #full: ChunkColumns[] = []
  #rows = 0
  #last = -1
  #chunk: Float64Array
  #offset: Float64Array
  #length: Float64Array
  #mask: Uint32Array | undefined

  constructor(request: ChunkRequest) {
    this.#request = request
    this.#base = request.file.base
    this.#end = request.file.source.size
    this.#capacity = Math.min(BATCH_ROWS, request.to - request.from)
    this.#chunk = new Float64Array(this.#capacity)
    this.#offset = new Float64Array(this.#capacity)
    this.#length = new Float64Array(this.#capacity)
  }

  /** Adds one chunk that lies at `address`, counted from the file's base. */
  push(chunk: number, address: number, length: number, mask: number): void {
    if (this.#rows === this.#capacity) this.#flush()
    const row = this.#rows
    const offset = this.#base + address
    // A reference to no bytes at the start of a file would stand for all of it.
    if (chunk <= this.#last || length === 0 || !(offset + length <= this.#end)) {
      this.#refuse(chunk, offset, length)
    }
    this.#chunk[row] = chunk
    this.#offset[row] = offset
    this.#length[row] = length
    if (mask !== 0) {
      this.#mask ??= new Uint32Array(this.#capacity)
      this.#mask[row] = mask
    }
    this.#last = chunk
    this.#rows = row + 1
  }

  /** Whether some batch is full. */
  get ready(): boolean {
    return this.#full.length > 0
  }

  /** The batches that are full. */
  drain(): readonly ChunkColumns[] {
    const full = this.#full
    if (full.length > 0) this.#full = []
    return full
  }

  /** All that is left. */
  finish(): readonly ChunkColumns[] {
    if (this.#rows > 0) this.#full.push(this.#columns())
    this.#rows = 0
    return this.drain()
  }

  #flush(): void {
    this.#full.push(this.#columns())
    this.#rows = 0
    this.#chunk = new Float64Array(this.#capacity)
    this.#offset = new Float64Array(this.#capacity)
    this.#length = new Float64Array(this.#capacity)
    this.#mask = undefined
  }

  #columns(): ChunkColumns {
    const columns = { rows: this.#rows, chunk: this.#chunk, offset: this.#offset, length: this.#length }
    return this.#mask === undefined ? columns : { ...columns, filterMask: this.#mask }
  }

  #refuse(chunk: number, offset: number, length: number): never {
    const { file, dataset } = this.#request
    const at = { url: file.source.url, structure: `chunk index of ${dataset.path}`, offset }
    if (chunk <= this.#last) throw new FormatError(at, `chunk ${chunk} comes after chunk ${this.#last}`)
    if (length === 0) throw new FormatError(at, `chunk ${chunk} has no bytes`)
    throw new FormatError(
      at,
      `chunk ${chunk} of ${length} bytes ends past the file's ${this.#end} (truncated?)`,
    )
  }
}
