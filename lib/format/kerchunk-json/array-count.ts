/** Counts the chunks of one array as their keys go by, without keeping the keys. */
import { chunkCount, chunkNumber, gridShape } from '../../model/chunk-grid.ts'
import type { Entry } from './entry-reader.ts'

/** Chunks of one page of marks: 4 KiB. */
const PAGE_CHUNKS = 1 << 15

/** Pages of marks that all arrays together may still use; beyond it, repeated keys count as more chunks. */
export interface MarkBudget {
  pages: number
}

/** What counting needs of `.zarray`. */
export interface ChunkGrid {
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
  readonly separator: string
}

export class ArrayCount {
  readonly separator: string
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
  readonly #grid: readonly number[]
  readonly #budget: MarkBudget
  readonly #marks = new Map<number, Uint32Array>()

  constructor({ shape, chunkShape, separator }: ChunkGrid, budget: MarkBudget) {
    this.separator = separator
    this.#grid = gridShape(shape, chunkShape)
    this.chunks = chunkCount(this.#grid)
    this.#budget = budget
  }

  get missing(): number {
    return Math.max(0, this.chunks - this.references - this.inlined)
  }

  /** Counts the chunk of this key, which is relative to the array. */
  add(key: string, entry: Entry): void {
    const chunk = chunkNumber(key, this.#grid, this.separator)
    if (chunk === undefined) this.outside++
    else if (!this.#mark(chunk)) this.repeated++
    else if (entry.kind !== 'reference') this.inlined++
    else {
      this.references++
      if (entry.range) this.bytes += entry.range[1]
      else this.wholeFiles++
    }
  }

  /** Whether the chunk is new. */
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
