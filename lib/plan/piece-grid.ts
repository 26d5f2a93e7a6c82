/** Where the pieces of an array's chunks are: in the finer grid, in the chunks, and under which numbers beneath. */
import { chunkCoordinates, chunkCount, gridShape, gridStrides } from '../model/chunk-grid.ts'
import { itemSize } from '../model/data-type.ts'

/** What is known of an array whose chunks are plain bytes. */
export interface PlainArray {
  readonly path: string
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
  readonly itemBytes: number
}

/** A grid of pieces over a grid of chunks; pieces are runs of bytes of a chunk. */
export interface PieceGrid {
  /** Chunks beneath along each axis, in C order so far apart, and how many there are. */
  readonly chunks: readonly number[]
  readonly chunkStrides: readonly number[]
  readonly chunkCount: number
  /** The same of pieces. */
  readonly pieces: readonly number[]
  readonly pieceStrides: readonly number[]
  readonly pieceCount: number
  /** Pieces of one chunk along each axis. */
  readonly factors: readonly number[]
  /** Bytes from one piece of a chunk to the next along each axis. */
  readonly jumps: readonly number[]
  readonly chunkBytes: number
  readonly pieceBytes: number
  /** The last axis along which chunks are split. */
  readonly lastSplit: number
  /** So many chunks beneath, one after the other, have pieces that interleave; only with one another. */
  readonly blockRows: number
}

/** The grid of `pieces` (a chunk shape) over the array's own. */
export function planPieces(
  { shape, chunkShape, itemBytes }: PlainArray,
  pieces: readonly number[],
): PieceGrid {
  const chunks = gridShape(shape, chunkShape)
  const chunkStrides = gridStrides(chunks)
  const grid = gridShape(shape, pieces)
  const factors = chunkShape.map((extent, axis) => Math.ceil(extent / pieces[axis]))
  const elements = gridStrides(chunkShape)
  const interleaving = factors.findIndex((factor, axis) => factor > 1 && chunkStrides[axis] > 1)
  return {
    chunks,
    chunkStrides,
    chunkCount: chunkCount(chunks),
    pieces: grid,
    pieceStrides: gridStrides(grid),
    pieceCount: chunkCount(grid),
    factors,
    jumps: pieces.map((extent, axis) => extent * elements[axis] * itemBytes),
    chunkBytes: chunkCount(chunkShape) * itemBytes,
    pieceBytes: chunkCount(pieces) * itemBytes,
    lastSplit: factors.findLastIndex((factor) => factor > 1),
    blockRows: interleaving < 0 ? 1 : chunkStrides[interleaving],
  }
}

/** The chunks beneath among which are those of the pieces from `from` to before `to`, as few as follow one another. */
export function chunksOfPieces(grid: PieceGrid, from: number, to: number): [from: number, to: number] {
  if (from >= to) return [0, 0]
  const first = chunkCoordinates(from, grid.pieces)
  const last = chunkCoordinates(to - 1, grid.pieces)
  const differs = first.findIndex((at, axis) => at !== last[axis])
  // Behind this axis any chunk may have such a piece.
  const cut = grid.factors.findIndex(
    (factor, axis) => axis >= differs && differs >= 0 && factor > 1 && grid.chunkStrides[axis] > 1,
  )
  const number = (coordinates: readonly number[]) =>
    coordinates.reduce((sum, at, axis) => {
      const isFree = cut >= 0 && axis > cut
      return isFree ? sum : sum + Math.floor(at / grid.factors[axis]) * grid.chunkStrides[axis]
    }, 0)
  return [number(first), number(last) + (cut >= 0 ? grid.chunkStrides[cut] : 1)]
}

/** Bytes of a chunk up to the last of its elements that lies in the array. `grid`: chunks along each axis. */
export function neededBytes(
  { shape, chunkShape, itemBytes }: PlainArray,
  grid: readonly number[],
  chunk: number,
): number {
  const strides = gridStrides(chunkShape)
  const corner = chunkCoordinates(chunk, grid)
  const last = chunkShape.reduce((sum, extent, axis) => {
    const within = Math.min(extent, shape[axis] - corner[axis] * extent)
    return sum + (within - 1) * strides[axis]
  }, 0)
  return (last + 1) * itemBytes
}

/** The plain array that an array is; of settled extents. */
export function plainArray(
  {
    path,
    chunkShape,
    dataType,
  }: { path: string; chunkShape: readonly number[]; dataType: Parameters<typeof itemSize>[0] },
  shape: readonly number[],
): PlainArray {
  return { path, shape, chunkShape, itemBytes: itemSize(dataType) }
}
