/** The pieces that the values of a variable are referenced in: chunks whose bytes are one run of the file each. */
import { PIECE_BYTES, splitToTarget } from '../../model/chunk-split.ts'

/** A piece smaller than this costs more as a request than it spares. */
const LEAST_BYTES = 1 << 16

/** How the pieces of a run of values follow each other: all of one size, the last of each axis possibly partial. */
export interface PieceRuns {
  /** Pieces along the axis that is split. */
  readonly perAxis: number
  /** Bytes of that axis: the pieces of the next index before it begin so much further on. */
  readonly axisBytes: number
  readonly pieceBytes: number
  /** All pieces. */
  readonly count: number
}

/**
 * The pieces of a C-order run of values: at most PIECE_BYTES, and none that reaches beyond `room`. Where a partial last
 * piece would, the extents are divided evenly; where they have no divisor that is worth it, they stay whole.
 * @param room bytes from the first value to the end of the file.
 */
export function choosePieces(shape: readonly number[], itemBytes: number, room: number): number[] {
  const extents = shape.map((extent) => Math.max(1, extent))
  const pieces = split(extents, itemBytes, 1)
  if (lastByte(extents, pieces, itemBytes) <= room) return pieces
  const even = split(extents, itemBytes, 2)
  return pieceBytes(even, itemBytes) >= LEAST_BYTES ? even : extents
}

/** @param chunks along each axis: `splitToTarget` leaves partial pieces only where there is one. */
function split(extents: readonly number[], itemBytes: number, chunks: number): number[] {
  const grid = extents.map(() => chunks)
  return splitToTarget(extents, grid, itemBytes, PIECE_BYTES)
}

function pieceBytes(pieces: readonly number[], itemBytes: number): number {
  return pieces.reduce((bytes, extent) => bytes * extent, itemBytes)
}

function lastByte(shape: readonly number[], pieces: readonly number[], itemBytes: number): number {
  const runs = runsOf(shape, pieces, itemBytes)
  return (runs.count / runs.perAxis - 1) * runs.axisBytes + runs.perAxis * runs.pieceBytes
}

/** The runs of pieces that `choosePieces` gave for the shape. */
export function runsOf(shape: readonly number[], pieces: readonly number[], itemBytes: number): PieceRuns {
  const found = pieces.findIndex((extent) => extent > 1)
  const axis = found < 0 ? pieces.length - 1 : found
  const extentOf = (i: number) => Math.max(1, shape[i])
  let before = 1
  for (let i = 0; i < axis; i++) before *= extentOf(i)
  let axisBytes = itemBytes
  for (let i = Math.max(0, axis); i < shape.length; i++) axisBytes *= extentOf(i)
  const perAxis = axis < 0 ? 1 : Math.ceil(extentOf(axis) / pieces[axis])
  return { perAxis, axisBytes, pieceBytes: pieceBytes(pieces, itemBytes), count: before * perAxis }
}

/** Where a piece begins, from the first value. */
export function pieceOffset({ perAxis, axisBytes, pieceBytes }: PieceRuns, piece: number): number {
  return Math.floor(piece / perAxis) * axisBytes + (piece % perAxis) * pieceBytes
}
