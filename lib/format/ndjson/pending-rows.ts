/** Rows of one array on their way to a batch. */
import type { ReferenceBatch } from '../../model/reference-batch.ts'
import { BATCH_BYTES, BATCH_ROWS, batchOf, type Columns, newColumns } from '../../stream/row-columns.ts'
import type { ReferenceRow } from './reference-row.ts'

/** Rows of the first batch of a run; arrays that take turns row by row have batches as short. */
const FIRST_ROWS = 64

function longer(columns: Columns, rows: number): Columns {
  const grown = newColumns(rows)
  grown.chunk.set(columns.chunk)
  grown.path.set(columns.path)
  grown.offset.set(columns.offset)
  grown.length.set(columns.length)
  grown.filterMask.set(columns.filterMask)
  return grown
}

/** The batch that is being filled; each is made of columns of its own. */
export class PendingRows {
  array = -1
  #rows = 0
  #columns = newColumns(FIRST_ROWS)
  #raw: (Uint8Array | null)[] | undefined
  #rawBytes = 0
  #masked = false

  get rows(): number {
    return this.#rows
  }

  /** Whether the rows must be taken before one of this array comes in. */
  mustEmpty(array: number): boolean {
    return (
      this.#rows > 0 && (this.array !== array || this.#rows === BATCH_ROWS || this.#rawBytes > BATCH_BYTES)
    )
  }

  push(row: ReferenceRow): void {
    const at = this.#rows++
    if (at === this.#columns.chunk.length) this.#columns = longer(this.#columns, BATCH_ROWS)
    const columns = this.#columns
    this.array = row.array
    columns.chunk[at] = row.chunk
    columns.path[at] = row.path
    columns.offset[at] = row.offset
    columns.length[at] = row.length
    columns.filterMask[at] = row.filterMask
    if (row.filterMask !== 0) this.#masked = true
    if (row.raw) this.#addRaw(at, row.raw)
    else this.#raw?.push(null)
  }

  #addRaw(at: number, raw: Uint8Array): void {
    this.#raw ??= new Array<null>(at).fill(null)
    this.#raw.push(raw)
    this.#rawBytes += raw.length
  }

  take(paths: readonly string[]): ReferenceBatch {
    const batch = batchOf(this.#columns, {
      array: this.array,
      rows: this.#rows,
      paths,
      raw: this.#raw,
      masked: this.#masked,
    })
    this.#columns = newColumns(this.#rows < FIRST_ROWS ? FIRST_ROWS : BATCH_ROWS)
    this.#rows = 0
    this.#raw = undefined
    this.#rawBytes = 0
    this.#masked = false
    return batch
  }
}
