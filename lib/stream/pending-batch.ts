/** Rows of one array on their way into a batch. */
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import { BATCH_BYTES, BATCH_ROWS, batchOf, type Columns, newColumns } from './row-columns.ts'

/** Rows that there is room for at first: arrays that take turns row by row have batches as short. */
const FIRST_ROWS = 64
const NONE = newColumns(0)

function longer(columns: Columns, room: number): Columns {
  const grown = newColumns(room)
  grown.chunk.set(columns.chunk)
  grown.path.set(columns.path)
  grown.offset.set(columns.offset)
  grown.length.set(columns.length)
  grown.filterMask.set(columns.filterMask)
  return grown
}

/** Is filled up to `isFull`, taken, and filled again: each batch is made of columns of its own. */
export class PendingBatch {
  #rows = 0
  /** Made with the first row: many of these may wait for none. */
  #columns = NONE
  #room = FIRST_ROWS
  #raw: (Uint8Array | null)[] | undefined
  #rawBytes = 0
  #masks = 0

  get rows(): number {
    return this.#rows
  }

  /** Of its inlined chunks. */
  get rawBytes(): number {
    return this.#rawBytes
  }

  /** Whether it must be taken before the next row. */
  get isFull(): boolean {
    return this.#rows === BATCH_ROWS || this.#rawBytes > BATCH_BYTES
  }

  reference(chunk: number, path: number, offset: number, length: number, filterMask = 0): void {
    this.#raw?.push(null)
    this.#push(chunk, path, offset, length, filterMask)
  }

  /** A chunk of these bytes, which it keeps. */
  inline(chunk: number, raw: Uint8Array, filterMask = 0): void {
    this.#raw ??= new Array<null>(this.#rows).fill(null)
    this.#raw.push(raw)
    this.#rawBytes += raw.length
    this.#push(chunk, INLINE, 0, raw.length, filterMask)
  }

  #push(chunk: number, path: number, offset: number, length: number, filterMask: number): void {
    const row = this.#rows++
    if (row === this.#columns.chunk.length) this.#grow(row)
    const columns = this.#columns
    columns.chunk[row] = chunk
    columns.path[row] = path
    columns.offset[row] = offset
    columns.length[row] = length
    columns.filterMask[row] = filterMask
    this.#masks |= filterMask
  }

  #grow(rows: number): void {
    this.#columns = longer(this.#columns, Math.min(BATCH_ROWS, Math.max(this.#room, 8 * rows)))
  }

  /** The rows, of which there must be some; `paths` is what they were coded by. */
  take(array: number, paths: readonly string[]): ReferenceBatch {
    const rows = this.#rows
    const batch = batchOf(this.#columns, { array, rows, paths, raw: this.#raw, masked: this.#masks !== 0 })
    this.#columns = NONE
    // After a full batch there are likely more rows.
    this.#room = rows === BATCH_ROWS ? BATCH_ROWS : FIRST_ROWS
    this.#rows = 0
    this.#raw = undefined
    this.#rawBytes = 0
    this.#masks = 0
    return batch
  }
}
