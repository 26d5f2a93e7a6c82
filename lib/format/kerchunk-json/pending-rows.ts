/** Rows of many arrays on their way to batches, by array. */
import type { ReferenceBatch } from '../../model/reference-batch.ts'
import { PendingBatch } from '../../stream/pending-batch.ts'

/** Rows that are worth a batch of their own when another array's come. */
const MANY_ROWS = 256
/** Rows and inlined bytes of all arrays together that wait for more of their array. */
const MOST_ROWS = 1 << 18
const MOST_BYTES = 1 << 23
/** Arrays of which rows wait: 32 MiB of columns if they have a row each. */
const MOST_ARRAYS = 1 << 14

/** Collects rows in the order in which they come, array by array, and puts batches that are full into `ready`. */
export class PendingRows {
  /** Batches to be handed on, in their order. */
  ready: ReferenceBatch[] = []
  readonly #arrays = new Map<number, PendingBatch>()
  #last: PendingBatch | undefined
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
    rows.reference(chunk, path, offset, length)
    this.#count(array, rows)
  }

  /** A chunk of these bytes. */
  pushInline(array: number, chunk: number, raw: Uint8Array): void {
    const rows = this.#arrayRows(array)
    rows.inline(chunk, raw)
    this.#rawBytes += raw.length
    this.#count(array, rows)
  }

  /** Hands on all that waits. */
  flush(): void {
    for (const [array, rows] of this.#arrays) this.#take(array, rows)
    this.#arrays.clear()
    this.#last = undefined
  }

  #arrayRows(array: number): PendingBatch {
    const last = this.#last
    if (last && this.#lastArray === array) return last
    // It may have had its last row: a sink that waits for that keeps what it has of the array.
    if (last && last.rows >= MANY_ROWS) this.#take(this.#lastArray, last)
    let rows = this.#arrays.get(array)
    if (!rows) {
      if (this.#arrays.size === MOST_ARRAYS) this.flush()
      rows = new PendingBatch()
      this.#arrays.set(array, rows)
    }
    this.#last = rows
    this.#lastArray = array
    return rows
  }

  /** One row more. */
  #count(array: number, rows: PendingBatch): void {
    this.#rows++
    if (rows.isFull) this.#take(array, rows)
    else if (this.#rows >= MOST_ROWS || this.#rawBytes >= MOST_BYTES) this.flush()
  }

  #take(array: number, rows: PendingBatch): void {
    if (rows.rows === 0) return
    this.#rows -= rows.rows
    this.#rawBytes -= rows.rawBytes
    this.ready.push(rows.take(array, this.#paths))
  }
}
