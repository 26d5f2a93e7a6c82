/** How the elements of an implicit, fixed-array or extensible-array index are numbered, against the current grid. */
import type { FormatError } from '../../../errors.ts'
import type { ChunkRequest } from './request.ts'
import { datasetError } from './request.ts'

interface Axis {
  /** Chunks along the axis that the index makes room for; Infinity where it is unlimited. */
  readonly most: number
  /** Chunks along the axis of the current shape. */
  readonly current: number
  /** How far apart in the current C order two neighbours along the axis are. */
  readonly stride: number
}

/**
 * Elements are numbered in C order over the *maximum* shape, with the unlimited axis, where there is one, in front.
 * `seek` finds runs of elements that are chunks of the current grid, by arithmetic alone.
 */
export class ElementOrder {
  /** Whether ascending elements are ascending chunks. */
  readonly ascending: boolean
  /** The chunk number of the element that `seek` found. */
  chunk = 0
  /** How much the chunk number grows by element until `runEnd`. */
  readonly step: number
  /** The element at which the run that `seek` found ends. */
  runEnd = 0
  readonly #axes: readonly Axis[]
  /** Elements by one step along each axis. */
  readonly #spans: readonly number[]
  readonly #at: number[]

  constructor(axes: readonly Axis[]) {
    this.#axes = merge(axes)
    this.ascending = this.#axes.every(
      (axis, i) => i === 0 || this.#axes[i - 1].stride >= axis.stride * axis.current,
    )
    this.step = this.#axes[this.#axes.length - 1].stride
    this.#at = this.#axes.map(() => 0)
    const spans = this.#at.slice()
    let span = 1
    for (let i = spans.length - 1; i >= 0; i--) {
      spans[i] = span
      span *= this.#axes[i].most
    }
    this.#spans = spans
  }

  /** The first element at or after `element` that is a chunk of the current grid; Infinity where none is. */
  seek(element: number): number {
    const axes = this.#axes
    const at = this.#at
    let outside = -1
    let rest = element
    for (let i = 0; i < axes.length; i++) {
      at[i] = Math.floor(rest / this.#spans[i])
      rest -= at[i] * this.#spans[i]
      if (outside < 0 && at[i] >= axes[i].current) outside = i
    }
    if (outside >= 0 && !this.#carry(outside)) return Number.POSITIVE_INFINITY
    this.chunk = 0
    let found = 0
    for (let i = 0; i < axes.length; i++) {
      this.chunk += at[i] * axes[i].stride
      found += at[i] * this.#spans[i]
    }
    const last = axes.length - 1
    this.runEnd = found + axes[last].current - at[last]
    return found
  }

  /** Moves to the first position whose coordinate before `axis` is one more; false past the end of the grid. */
  #carry(axis: number): boolean {
    this.#at.fill(0, axis)
    for (let i = axis - 1; i >= 0; i--) {
      this.#at[i] += 1
      if (this.#at[i] < this.#axes[i].current) return true
      this.#at[i] = 0
    }
    return false
  }

  /** The element of a chunk, where chunks ascend with elements. */
  elementOf(chunk: number): number {
    let element = 0
    this.#axes.forEach(({ stride }, i) => {
      const at = Math.floor(chunk / stride)
      chunk -= at * stride
      element += at * this.#spans[i]
    })
    return element
  }
}

/** Joins neighbours that are full and lie closely, so that runs are long; drops axes of one chunk. */
function merge(axes: readonly Axis[]): readonly Axis[] {
  const merged: Axis[] = []
  for (const axis of axes) {
    const outer = merged.at(-1)
    if (axis.most === 1) continue
    if (outer === undefined || axis.most !== axis.current || outer.stride !== axis.stride * axis.current) {
      merged.push(axis)
    } else {
      const { current, most } = outer
      merged[merged.length - 1] = {
        most: most * axis.most,
        current: current * axis.current,
        stride: axis.stride,
      }
    }
  }
  return merged.length > 0 ? merged : [{ most: 1, current: 1, stride: 1 }]
}

/** The order of an index whose dataset cannot grow beyond its maximum shape (fixed array, implicit). */
export function limitedOrder(request: ChunkRequest): ElementOrder {
  return new ElementOrder(request.dataset.shape.map((_, axis) => axisOf(request, axis, false)))
}

/** The order of an extensible array: its one unlimited axis comes first, the others keep their order. */
export function extensibleOrder(request: ChunkRequest): ElementOrder {
  const { file, dataset } = request
  const unlimited = dataset.maxShape.indexOf(null)
  if (unlimited < 0 || dataset.maxShape.lastIndexOf(null) !== unlimited) {
    throw datasetError(file, dataset, 'an extensible array needs one unlimited axis')
  }
  const rest = dataset.shape.map((_, axis) => axis).filter((axis) => axis !== unlimited)
  return new ElementOrder([unlimited, ...rest].map((axis) => axisOf(request, axis, axis === unlimited)))
}

function axisOf(request: ChunkRequest, axis: number, unlimited: boolean): Axis {
  const { dataset, grid, strides } = request
  const extent = dataset.maxShape[axis]
  const most =
    unlimited || extent === null ? Number.POSITIVE_INFINITY : extent / dataset.layout.chunkShape[axis]
  if ((!unlimited && extent === null) || Math.ceil(most) < grid[axis]) throw axisError(request, axis)
  return { most: Math.ceil(most), current: grid[axis], stride: strides[axis] }
}

function axisError(request: ChunkRequest, axis: number): FormatError {
  const most = request.dataset.maxShape[axis] ?? 'unlimited'
  return datasetError(
    request.file,
    request.dataset,
    `axis ${axis} has ${request.grid[axis]} chunks, at most ${most}`,
  )
}
