/** Copies a block of elements from one chunk into another, both in C order. */

/** A chunk's bytes and its extents. */
export interface Block {
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
  /** Where in it the block begins, by axis. */
  readonly origin: readonly number[]
}

/** Copies `extents` elements along the axes; the block lies inside both chunks. */
export function copyRegion(from: Block, to: Block, extents: readonly number[], itemBytes: number): void {
  if (extents.includes(0)) return
  const axes = extents.length
  // Axes behind the last that is cut lie together, in both chunks.
  let run = itemBytes
  let last = axes - 1
  for (; last >= 0; last--) {
    run *= extents[last]
    if (extents[last] !== from.shape[last] || extents[last] !== to.shape[last]) break
  }
  copyAxis(from, to, { extents, last, run, itemBytes }, 0, 0, 0)
}

interface Walk {
  readonly extents: readonly number[]
  /** The axis along which whole runs are copied. */
  readonly last: number
  /** Bytes. */
  readonly run: number
  readonly itemBytes: number
}

/** `start`s count elements of the axes before. */
function copyAxis(
  from: Block,
  to: Block,
  walk: Walk,
  axis: number,
  fromStart: number,
  toStart: number,
): void {
  if (axis >= walk.last) {
    const source = elementsAt(from, axis, fromStart) * walk.itemBytes
    const target = elementsAt(to, axis, toStart) * walk.itemBytes
    to.bytes.set(from.bytes.subarray(source, source + walk.run), target)
    return
  }
  for (let index = 0; index < walk.extents[axis]; index++) {
    const fromNext = fromStart * from.shape[axis] + from.origin[axis] + index
    const toNext = toStart * to.shape[axis] + to.origin[axis] + index
    copyAxis(from, to, walk, axis + 1, fromNext, toNext)
  }
}

/** Elements before the block's part that begins at `axis`. */
function elementsAt({ shape, origin }: Block, axis: number, start: number): number {
  let at = start
  for (let rest = axis; rest < shape.length; rest++) at = at * shape[rest] + origin[rest]
  return at
}
