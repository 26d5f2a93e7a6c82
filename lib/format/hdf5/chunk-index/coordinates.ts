/** Chunk coordinates as B-trees store them, against the grid over the current shape. */
import type { ChunkRequest } from './request.ts'

const HIGH = 2 ** 32

/** The coordinates cannot be those of a chunk: not a multiple of the chunk shape. */
export const NOT_A_CHUNK = -2
/** A chunk outside the current shape. */
const OUTSIDE = -1

/** Reads coordinates of 8 bytes an axis, in units of `units[axis]` elements. */
export class CoordinateReader {
  // Typed arrays: plain ones of small integers and of doubles would make two kinds of the same code.
  readonly #units: Float64Array
  readonly #grid: Float64Array
  readonly #strides: Float64Array
  readonly #rank: number

  constructor(request: ChunkRequest, units: readonly number[]) {
    this.#units = Float64Array.from(units)
    this.#grid = Float64Array.from(request.grid)
    this.#strides = Float64Array.from(request.strides)
    this.#rank = request.grid.length
  }

  /** The C-order number of the chunk whose coordinates are at byte `at`, or OUTSIDE, or NOT_A_CHUNK. */
  chunkAt(view: DataView, at: number): number {
    const rank = this.#rank
    let chunk = 0
    let outside = false
    for (let axis = 0; axis < rank; axis++, at += 8) {
      const high = view.getUint32(at + 4, true)
      let index = view.getUint32(at, true)
      if (high !== 0) index += high * HIGH
      else if (index === 0) continue
      // An exact multiple divides without rounding, so what is left over shows as a fraction.
      index /= this.#units[axis]
      if (index !== Math.floor(index)) return NOT_A_CHUNK
      if (index >= this.#grid[axis]) outside = true
      chunk += index * this.#strides[axis]
    }
    return outside ? OUTSIDE : chunk
  }

  /** How many chunks of the grid come before the coordinates at byte `at`, which may lie outside it. */
  chunksBefore(view: DataView, at: number): number {
    let chunks = 0
    for (let axis = 0; axis < this.#rank; axis++, at += 8) {
      const position = view.getUint32(at, true) + view.getUint32(at + 4, true) * HIGH
      const index = Math.ceil(position / this.#units[axis])
      chunks += Math.min(index, this.#grid[axis]) * this.#strides[axis]
      if (index >= this.#grid[axis]) break
    }
    return chunks
  }
}
