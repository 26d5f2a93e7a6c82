/** Counts the chunks of one array as their keys go by, without keeping the keys. */
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { KeyedGrid } from './chunk-key.ts'
import type { ChunkGrid } from './document-metadata.ts'

/** Chunks of one page of marks: 4 KiB. */
const PAGE_CHUNKS = 1 << 15

/** Pages of marks that all arrays together may still use; beyond it, repeated keys count as more chunks. */
export interface MarkBudget {
  pages: number
}

export class ArrayCount implements KeyedGrid {
  readonly prefix: KeyedGrid['prefix']
  readonly separator: KeyedGrid['separator']
  readonly grid: readonly number[]
  /** In the grid. */
  readonly chunks: number
  references = 0
  inlined = 0
  /** Of the references that say a length. */
  bytes = 0
  /** References without a length: to whole files. */
  wholeFiles = 0
  /** Chunks that were given before; readers take the last. */
  repeated = 0
  /** Keys that are no chunk of the grid. */
  outside = 0
  readonly #budget: MarkBudget
  readonly #marks = new Map<number, Uint32Array>()

  constructor({ shape, chunkShape, prefix, separator }: ChunkGrid, budget: MarkBudget) {
    this.prefix = prefix
    this.separator = separator
    this.grid = gridShape(shape, chunkShape)
    this.chunks = chunkCount(this.grid)
    this.#budget = budget
  }

  get missing(): number {
    return Math.max(0, this.chunks - this.references - this.inlined)
  }

  /** A reference to so many bytes; undefined: to a whole file. */
  addReference(chunk: number, length: number | undefined): void {
    if (!this.#isNew(chunk)) return
    this.references++
    if (length === undefined) this.wholeFiles++
    else this.bytes += length
  }

  addInlined(chunk: number): void {
    if (this.#isNew(chunk)) this.inlined++
  }

  #isNew(chunk: number): boolean {
    const isNew = this.#mark(chunk)
    if (!isNew) this.repeated++
    return isNew
  }

  /** Whether the chunk had no mark. */
  #mark(chunk: number): boolean {
    const page = Math.floor(chunk / PAGE_CHUNKS)
    let marks = this.#marks.get(page)
    if (!marks) {
      if (this.#budget.pages === 0) return true
      this.#budget.pages--
      marks = new Uint32Array(PAGE_CHUNKS / 32)
      this.#marks.set(page, marks)
    }
    const bit = chunk % PAGE_CHUNKS
    const mask = 1 << (bit & 31)
    if (marks[bit >>> 5] & mask) return false
    marks[bit >>> 5] |= mask
    return true
  }
}
