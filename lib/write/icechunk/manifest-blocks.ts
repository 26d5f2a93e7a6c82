/** How the grid of an array is cut into manifests: blocks that follow one another in C order and are boxes of the grid. */

/** Chunks that one manifest holds: those from `start` to before `end`, in C order. */
export interface Block {
  readonly start: number
  /** May lie past the grid where it still grew. */
  readonly end: number
}

/**
 * Cuts a grid so that no manifest holds more than `most` references: one index of all axes before `axis`, some of that
 * one, and all of those after it. Icechunk finds the manifest of a chunk by a box of the grid, and no two may overlap.
 */
export class ManifestBlocks {
  readonly #axis: number
  /** Indexes along the axis that a block holds. */
  readonly #step: number
  /** Chunks of one index along the axis. */
  readonly #stride: number
  readonly #extent: number
  readonly #rank: number

  /** `grid` may be Infinity along the first axis, as long as that grows. */
  constructor(grid: readonly number[], most: number) {
    const strides = grid.map((_, axis) => grid.slice(axis + 1).reduce((a, b) => a * b, 1))
    this.#rank = grid.length
    this.#axis = Math.max(
      0,
      strides.findIndex((stride) => stride <= most),
    )
    this.#stride = strides[this.#axis] ?? 1
    this.#extent = grid[this.#axis] ?? 1
    this.#step = Math.max(1, Math.floor(most / Math.max(1, this.#stride)))
  }

  /** The block that holds a chunk. */
  blockOf(chunk: number): Block {
    if (this.#extent === Number.POSITIVE_INFINITY) return this.#block(0, Math.floor(chunk / this.#stride))
    const slab = this.#extent * this.#stride
    const leading = Math.floor(chunk / slab)
    return this.#block(leading * slab, Math.floor((chunk - leading * slab) / this.#stride))
  }

  /** The box of a block: where it begins and ends along each axis of the final grid. */
  box({ start, end }: Block, grid: readonly number[]): [from: number, to: number][] {
    let rest = start / this.#stride
    const from = Math.floor(rest % Math.max(1, grid[this.#axis] ?? 1))
    rest = Math.floor(rest / Math.max(1, grid[this.#axis] ?? 1))
    const box = grid.map((extent): [number, number] => [0, extent])
    if (this.#rank > 0) {
      box[this.#axis] = [from, Math.min(from + (end - start) / this.#stride, grid[this.#axis])]
    }
    for (let axis = this.#axis - 1; axis >= 0; axis--) {
      const index = rest % grid[axis]
      box[axis] = [index, index + 1]
      rest = Math.floor(rest / grid[axis])
    }
    return box
  }

  /** Chunks of each axis in a manifest, for Icechunk's own splitting: `[axis, chunks]`. */
  sizes(): [axis: number, chunks: number][] {
    const sizes = Array.from({ length: this.#axis }, (_, axis): [number, number] => [axis, 1])
    return [...sizes, [this.#axis, this.#step]]
  }

  #block(base: number, index: number): Block {
    const first = index - (index % this.#step)
    const last = Math.min(first + this.#step, this.#extent)
    return { start: base + first * this.#stride, end: base + last * this.#stride }
  }
}
