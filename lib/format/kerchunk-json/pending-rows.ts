/** Rows of many arrays on their way to batches, each array's in columns that grow with them. */
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import { BATCH_BYTES, BATCH_ROWS } from '../../stream/row-columns.ts'

/** Columns of an array that has few rows. */
const FIRST_ROWS = 64
/** Rows that are worth a batch of their own when another array's come. */
const MANY_ROWS = 256
/** Rows and inlined bytes of all arrays together that wait for more of their array. */
const MOST_ROWS = 1 << 18
const MOST_BYTES = 1 << 23

function grown<C extends Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(column: C, longer: C): C {
  longer.set(column)
  return longer
}

/** The rows of one array that wait. */
class ArrayRows {
  rows = 0
  rawBytes = 0
  raw: (Uint8Array | null)[] | undefined
  chunk: Float64Array<ArrayBuffer>
  path: Uint32Array<ArrayBuffer>
  offset: Float64Array<ArrayBuffer>
  length: Float64Array<ArrayBuffer>

  constructor(room: number) {
    this.chunk = new Float64Array(room)
    this.path = new Uint32Array(room)
    this.offset = new Float64Array(room)
    this.length = new Float64Array(room)
  }

  grow(): void {
    const room = 4 * this.chunk.length
    this.chunk = grown(this.chunk, new Float64Array(room))
    this.path = grown(this.path, new Uint32Array(room))
    this.offset = grown(this.offset, new Float64Array(room))
    this.length = grown(this.length, new Float64Array(room))
  }

  batch(array: number, paths: readonly string[]): ReferenceBatch {
    const { rows, chunk, path, offset, length, raw } = this
    return { kind: 'batch', array, rows, chunk, path, paths, offset, length, ...(raw && { raw }) }
  }
}

/** Collects rows in the order in which they come, array by array, and puts batches that are full into `ready`. */
export class PendingRows {
  /** Batches to be handed on, in their order. */
  ready: ReferenceBatch[] = []
  readonly #arrays = new Map<number, ArrayRows>()
  #last: ArrayRows | undefined
  #lastArray = -1
  #rows = 0
  #rawBytes = 0
  #paths: readonly string[] = []

  /** What `path` of the next rows is an index into; those that wait are handed on. */
  usePaths(paths: readonly string[]): void {
    this.flush()
    this.#paths = paths
  }

  /** A reference. */
  push(array: number, chunk: number, path: number, offset: number, length: number): void {
    const rows = this.#arrayRows(array)
    rows.raw?.push(null)
    this.#append(rows, array, chunk, path, offset, length)
  }

  /** A chunk of these bytes. */
  pushInline(array: number, chunk: number, raw: Uint8Array): void {
    const rows = this.#arrayRows(array)
    rows.raw ??= new Array<Uint8Array | null>(rows.rows).fill(null)
    rows.raw.push(raw)
    rows.rawBytes += raw.length
    this.#rawBytes += raw.length
    this.#append(rows, array, chunk, INLINE, 0, raw.length)
  }

  /** Hands on all that waits. */
  flush(): void {
    for (const [array, rows] of this.#arrays) this.#take(array, rows)
    this.#arrays.clear()
    this.#last = undefined
  }

  #arrayRows(array: number): ArrayRows {
    if (this.#last && this.#lastArray === array) return this.#last
    this.#leave()
    let rows = this.#arrays.get(array)
    if (!rows) {
      rows = new ArrayRows(FIRST_ROWS)
      this.#arrays.set(array, rows)
    }
    this.#last = rows
    this.#lastArray = array
    return rows
  }

  /** The array may have had its last row: a sink that waits for it would keep what it has of the array. */
  #leave(): void {
    if (!this.#last || this.#last.rows < MANY_ROWS) return
    this.#take(this.#lastArray, this.#last)
    this.#arrays.delete(this.#lastArray)
  }

  #append(rows: ArrayRows, array: number, chunk: number, path: number, offset: number, length: number): void {
    if (rows.rows === rows.chunk.length) rows.grow()
    const row = rows.rows++
    rows.chunk[row] = chunk
    rows.path[row] = path
    rows.offset[row] = offset
    rows.length[row] = length
    this.#rows++
    if (rows.rows === BATCH_ROWS || rows.rawBytes >= BATCH_BYTES) this.#renew(array, rows)
    else if (this.#rows >= MOST_ROWS || this.#rawBytes >= MOST_BYTES) this.flush()
  }

  /** Takes a batch and goes on with as many rows: there are likely more. */
  #renew(array: number, rows: ArrayRows): void {
    const room = rows.rows === BATCH_ROWS ? BATCH_ROWS : FIRST_ROWS
    this.#take(array, rows)
    const fresh = new ArrayRows(room)
    this.#arrays.set(array, fresh)
    this.#last = fresh
  }

  #take(array: number, rows: ArrayRows): void {
    if (rows.rows === 0) return
    this.ready.push(rows.batch(array, this.#paths))
    this.#rows -= rows.rows
    this.#rawBytes -= rows.rawBytes
  }
}
