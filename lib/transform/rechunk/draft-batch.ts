/** Rows of one array put together one by one, until they are a batch. */
import { INLINE } from '../../model/reference-batch.ts'
import { BATCH_ROWS, type Columns, newColumns } from '../../stream/row-columns.ts'

/** Inlined bytes of one batch. */
const RAW_BYTES = 1 << 23

/** A row whose bytes are still to be read: so many, at the beginning of what is zeros otherwise. */
interface Tail {
  readonly row: number
  readonly path: string
  readonly offset: number
  readonly bytes: number
}

/** What has been put together. */
export interface Draft {
  readonly array: number
  readonly rows: number
  readonly columns: Columns
  readonly paths: readonly string[]
  readonly raw: (Uint8Array | null)[] | undefined
  readonly tails: readonly Tail[]
}

/** Takes rows; `take` gives them as a draft, and the next row begins another. */
export class DraftBatch {
  readonly #array: number
  #rows = 0
  #columns = newColumns(BATCH_ROWS)
  #paths: string[] = []
  readonly #codes = new Map<string, number>()
  #lastPath: string | undefined
  #lastCode = 0
  #raw: (Uint8Array | null)[] | undefined
  #rawBytes = 0
  #tails: Tail[] = []

  constructor(array: number) {
    this.#array = array
  }

  get rows(): number {
    return this.#rows
  }

  /** Whether one more row, with so many bytes of its own, has to wait until these are taken. */
  isFull(rawBytes: number): boolean {
    return this.#rows === BATCH_ROWS || (this.#rows > 0 && this.#rawBytes + rawBytes > RAW_BYTES)
  }

  addReference(chunk: number, path: string, offset: number, length: number): void {
    if (path !== this.#lastPath) this.#lastCode = this.#codeOf(path)
    const row = this.#rows++
    this.#columns.chunk[row] = chunk
    this.#columns.path[row] = this.#lastCode
    this.#columns.offset[row] = offset
    this.#columns.length[row] = length
  }

  addRaw(chunk: number, bytes: Uint8Array): void {
    this.#addInline(chunk, bytes.length)
    this.#raw?.fill(bytes, this.#rows - 1, this.#rows)
  }

  /** A row of `length` bytes, of which the first `bytes` are at `offset` of the file and the rest zeros. */
  addTail(chunk: number, place: { path: string; offset: number; bytes: number }, length: number): void {
    this.#addInline(chunk, length)
    this.#tails.push({ row: this.#rows - 1, ...place })
  }

  take(): Draft {
    const draft = {
      array: this.#array,
      rows: this.#rows,
      columns: this.#columns,
      paths: this.#paths,
      raw: this.#raw,
      tails: this.#tails,
    }
    this.#rows = 0
    this.#rawBytes = 0
    this.#columns = newColumns(BATCH_ROWS)
    this.#paths = []
    this.#codes.clear()
    this.#lastPath = undefined
    this.#raw = undefined
    this.#tails = []
    return draft
  }

  #codeOf(path: string): number {
    const code = this.#codes.get(path) ?? this.#paths.length
    if (code === this.#paths.length) {
      this.#paths.push(path)
      this.#codes.set(path, code)
    }
    this.#lastPath = path
    return code
  }

  #addInline(chunk: number, length: number): void {
    const row = this.#rows++
    this.#columns.chunk[row] = chunk
    this.#columns.path[row] = INLINE
    this.#columns.offset[row] = 0
    this.#columns.length[row] = length
    this.#raw ??= new Array<null>(BATCH_ROWS).fill(null)
    this.#rawBytes += length
  }
}
