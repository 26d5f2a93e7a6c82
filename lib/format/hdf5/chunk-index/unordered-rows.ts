/** Rows of an index that does not hold its chunks in C order: gathered whole, then sorted. */
import type { ColumnsBuilder } from './columns.ts'
import type { ChunkColumns } from './index.ts'

const FIRST_CAPACITY = 1024

/** Rows in columns that grow with what the file holds. */
export class UnorderedRows {
  rows = 0
  chunk = new Float64Array(FIRST_CAPACITY)
  address = new Float64Array(FIRST_CAPACITY)
  length = new Float64Array(FIRST_CAPACITY)
  mask = new Uint32Array(FIRST_CAPACITY)

  push(chunk: number, address: number, length: number, mask: number): void {
    if (this.rows === this.chunk.length) this.#grow()
    this.chunk[this.rows] = chunk
    this.address[this.rows] = address
    this.length[this.rows] = length
    this.mask[this.rows] = mask
    this.rows += 1
  }

  #grow(): void {
    const capacity = this.rows * 2
    const grown = (column: Float64Array) => {
      const wider = new Float64Array(capacity)
      wider.set(column)
      return wider
    }
    this.chunk = grown(this.chunk)
    this.address = grown(this.address)
    this.length = grown(this.length)
    const mask = new Uint32Array(capacity)
    mask.set(this.mask)
    this.mask = mask
  }
}

/** All rows by ascending chunk number. */
export function* sortedColumns(unordered: UnorderedRows, columns: ColumnsBuilder): Generator<ChunkColumns> {
  const { chunk, address, length, mask, rows } = unordered
  const sequence = new Uint32Array(rows).map((_, row) => row)
  sequence.sort((a, b) => chunk[a] - chunk[b])
  for (const row of sequence) {
    columns.push(chunk[row], address[row], length[row], mask[row])
    if (columns.ready) yield* columns.drain()
  }
  yield* columns.finish()
}
