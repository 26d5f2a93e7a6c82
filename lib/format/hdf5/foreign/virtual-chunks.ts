/** Which parts of a virtual dataset each of its chunks is made of, and where in their sources these lie. */
import { chunkCount, gridShape, gridStrides } from '../../../model/chunk-grid.ts'
import { firstIndex } from '../../../model/first-index.ts'
import type { CodecConfig } from '../../../model/metadata.ts'
import type { ForeignArray, SourceDataset } from './foreign.ts'
import type { AxisPair } from './virtual-axes.ts'

/** Elements of one source, and where a virtual dataset shows them. */
export interface VirtualPart {
  /** For messages. */
  readonly name: string
  readonly source: SourceDataset
  /** All axes of both, in C order. */
  readonly axes: readonly AxisPair[]
}

/** How the chunks of a virtual dataset are made. */
export interface VirtualPlan {
  readonly array: ForeignArray
  /** A later one covers an earlier one. */
  readonly parts: readonly VirtualPart[]
  readonly chunkShape: readonly number[]
  readonly codecs: readonly CodecConfig[]
}

/** Chunk numbers that are looked at together. */
const WINDOW = 8192

/** The chunks of a window that have parts, in ascending order; for each the indexes of its parts, in their order. */
export type ChunkParts = readonly (readonly [chunk: number, parts: readonly number[]])[]

/** The chunks from `from` to before `to` that have parts, a window at a time; windows without any are passed over. */
export function* chunkParts(plan: VirtualPlan, from: number, to: number): Generator<ChunkParts> {
  const bounds = plan.parts.map((part) => new ChunkBounds(part, plan))
  const nextOf = (chunk: number) =>
    bounds.reduce((next, part) => Math.min(next, part.next(chunk)), Number.POSITIVE_INFINITY)
  for (let start = nextOf(from); start < to; ) {
    const end = Math.min(to, start + WINDOW)
    const found = new Map<number, number[]>()
    for (const [index, part] of bounds.entries()) {
      if (part.last < start || part.first >= end) continue
      part.visit(start, end, (chunk) => {
        const parts = found.get(chunk)
        if (parts) parts.push(index)
        else found.set(chunk, [index])
      })
    }
    if (found.size > 0) yield [...found].sort(([a], [b]) => a - b)
    start = found.size > 0 ? end : nextOf(end)
  }
}

/** How often parts touch a chunk, and how often one is looked at for a window: what all the chunks cost together. */
export function costOf(plan: VirtualPlan): { readonly touches: number; readonly looks: number } {
  const touches = plan.parts.reduce((sum, part) => sum + new ChunkBounds(part, plan).count, 0)
  const windows = Math.ceil(chunkCount(gridShape(plan.array.shape, plan.chunkShape)) / WINDOW)
  return { touches, looks: plan.parts.length * Math.min(touches, windows) }
}

/** Chunk coordinates from `from` to before `to` along an axis. */
type Range = readonly [from: number, to: number]

/** The chunks of the grid that a part touches. */
class ChunkBounds {
  /** Chunks. */
  readonly count: number
  readonly first: number
  readonly last: number
  readonly #axes: readonly (readonly Range[])[]
  readonly #strides: readonly number[]

  constructor({ axes }: VirtualPart, { array, chunkShape }: VirtualPlan) {
    const ranges = array.shape.map((): readonly Range[] => [[0, 1]])
    for (const { virtualAxis, runs } of axes) {
      if (virtualAxis === undefined) continue
      const extent = chunkShape[virtualAxis]
      ranges[virtualAxis] = joined(
        runs.map(({ virtual, length }) => [
          Math.floor(virtual / extent),
          Math.ceil((virtual + length) / extent),
        ]),
      )
    }
    const widths = ranges.map((list) => list.reduce((sum, [from, to]) => sum + to - from, 0))
    this.count = widths.reduce((product, width) => product * width, 1)
    this.#axes = ranges
    this.#strides = gridStrides(gridShape(array.shape, chunkShape))
    this.first = ranges.reduce((sum, [[from]], axis) => sum + from * this.#strides[axis], 0)
    this.last = ranges.reduce(
      (sum, list, axis) => sum + (list[list.length - 1][1] - 1) * this.#strides[axis],
      0,
    )
  }

  /** The first chunk from `start` on; Infinity where there is none. */
  next(start: number, axis = 0, base = 0): number {
    if (axis === this.#axes.length) return base >= start ? base : Number.POSITIVE_INFINITY
    const stride = this.#strides[axis]
    const ranges = this.#axes[axis]
    let least = Math.max(0, Math.floor((start - base) / stride))
    // Only the chunks of the first coordinate can all come before `start`.
    for (let tries = 0; tries < 2; tries++) {
      const index = firstBehind(ranges, least)
      if (index === ranges.length) break
      const coordinate = Math.max(ranges[index][0], least)
      const next = this.next(start, axis + 1, base + coordinate * stride)
      if (next < Number.POSITIVE_INFINITY) return next
      least = coordinate + 1
    }
    return Number.POSITIVE_INFINITY
  }

  /** Calls `found` for each chunk from `start` to before `end`. */
  visit(start: number, end: number, found: (chunk: number) => void, axis = 0, base = 0): void {
    if (axis === this.#axes.length) {
      if (base >= start && base < end) found(base)
      return
    }
    const stride = this.#strides[axis]
    // Chunks of coordinate c: from base + c * stride to before base + (c + 1) * stride.
    const low = Math.max(0, Math.floor((start - base) / stride))
    const high = Math.ceil((end - base) / stride)
    const ranges = this.#axes[axis]
    for (let i = firstBehind(ranges, low); i < ranges.length; i++) {
      const [from, to] = ranges[i]
      if (from >= high) return
      for (let c = Math.max(from, low); c < Math.min(to, high); c++)
        this.visit(start, end, found, axis + 1, base + c * stride)
    }
  }
}

/** The first of the ranges that does not end at `coordinate` or before. */
function firstBehind(ranges: readonly Range[], coordinate: number): number {
  return firstIndex(ranges.length, (i) => ranges[i][1] > coordinate)
}

function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  for (const [from, to] of ranges) {
    const last = result.at(-1)
    if (last && from <= last[1]) result[result.length - 1] = [last[0], Math.max(to, last[1])]
    else result.push([from, to])
  }
  return result
}
