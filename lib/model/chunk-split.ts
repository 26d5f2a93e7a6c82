/** Smaller chunks whose bytes are one run of a larger one's: pure arithmetic of shapes. */

/** Bytes of pieces where the size is left to us. */
export const PIECE_BYTES = 1 << 22
/** The smaller divisors that are tried: a file may declare any extents. */
const MOST_TRIED = 1 << 16

/**
 * The chunk shape of the largest pieces of at most `targetBytes` whose bytes are one run each of a chunk of
 * `chunkShape` in C order: the leading axes are split to 1 before a later one is split at all. A piece extent divides the
 * chunk's wherever a divisor of at least a quarter of the wished extent is found; otherwise only an axis of one chunk
 * (`grid` 1) gets pieces of which the last is partial, and any other axis a smaller divisor.
 * @param grid chunks along each axis.
 * @param itemBytes bytes of one element.
 */
export function splitToTarget(
  chunkShape: readonly number[],
  grid: readonly number[],
  itemBytes: number,
  targetBytes: number,
): number[] {
  const pieces = [...chunkShape]
  let bytes = pieces.reduce((product, extent) => product * extent, itemBytes)
  for (let axis = 0; axis < pieces.length && bytes > targetBytes; axis++) {
    const rest = bytes / pieces[axis]
    const wished = Math.max(1, Math.floor(targetBytes / rest))
    const divisor = largestDivisor(pieces[axis], wished)
    pieces[axis] = divisor * 4 < wished && grid[axis] === 1 ? wished : divisor
    bytes = rest * pieces[axis]
    if (pieces[axis] > 1) break
  }
  return pieces
}

/**
 * Whether the bytes of a piece of shape `pieces` are one run of a chunk in C order: behind the first axis along which it
 * is longer than 1 it is as long as the chunk.
 */
export function isRun(chunkShape: readonly number[], pieces: readonly number[]): boolean {
  const first = pieces.findIndex((extent) => extent > 1)
  return first < 0 || pieces.every((extent, axis) => axis <= first || extent === chunkShape[axis])
}

/** The largest divisor of `extent` that is at most `most`; above 2^32, of those that are found in a short time. */
export function largestDivisor(extent: number, most: number): number {
  const last = Math.min(MOST_TRIED, Math.floor(Math.sqrt(extent)))
  let best = 1
  for (let divisor = 1; divisor <= last; divisor++) {
    if (extent % divisor !== 0) continue
    if (divisor <= most && divisor > best) best = divisor
    const other = extent / divisor
    if (other <= most && other > best) best = other
  }
  return best
}

/** Of two whole numbers; where one is 0, the other. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
