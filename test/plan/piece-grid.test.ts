/** The chunks beneath a range of pieces: all that are needed, and none beside where they follow one another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkCoordinates, gridStrides } from '../../lib/model/chunk-grid.ts'
import { chunksOfPieces, neededBytes, planPieces } from '../../lib/plan/piece-grid.ts'

const array = { path: 'v', shape: [5, 6, 4], chunkShape: [2, 6, 2], itemBytes: 4 }

test('a grid of pieces', () => {
  const grid = planPieces(array, [1, 3, 2])
  assert.deepEqual(grid.chunks, [3, 1, 2])
  assert.deepEqual(grid.pieces, [5, 2, 2])
  assert.deepEqual(grid.factors, [2, 2, 1])
  assert.deepEqual(grid.jumps, [48, 24, 8])
  assert.deepEqual([grid.chunkBytes, grid.pieceBytes, grid.lastSplit, grid.blockRows], [96, 24, 1, 2])
})

test('every range of pieces asks for the chunks that it needs', () => {
  const grid = planPieces(array, [1, 3, 2])
  const strides = gridStrides(grid.chunks)
  const chunkOf = (piece: number) =>
    chunkCoordinates(piece, grid.pieces).reduce(
      (sum, at, axis) => sum + Math.floor(at / grid.factors[axis]) * strides[axis],
      0,
    )
  for (let from = 0; from < grid.pieceCount; from++) {
    for (let to = from + 1; to <= grid.pieceCount; to++) {
      const chunks = Array.from({ length: to - from }, (_, at) => chunkOf(from + at))
      const [first, end] = chunksOfPieces(grid, from, to)
      const [least, most] = [Math.min(...chunks), Math.max(...chunks)]
      assert.ok(first <= least && end > most, `${from} to ${to}`)
      // At most the whole blocks that it meets.
      const block = (chunk: number) => Math.floor(chunk / grid.blockRows)
      assert.ok(block(first) === block(least) && block(end - 1) === block(most), `${from} to ${to}`)
    }
  }
  assert.deepEqual(chunksOfPieces(grid, 0, 1), [0, 1])
  assert.deepEqual(chunksOfPieces(grid, 7, 8), [1, 2])
  assert.deepEqual(chunksOfPieces(grid, 3, 3), [0, 0])
})

test('where only the first axis is split, the chunks of a range are those that it meets', () => {
  const long = { path: 'v', shape: [1000], chunkShape: [10], itemBytes: 1 }
  const grid = planPieces(long, [2])
  assert.deepEqual(chunksOfPieces(grid, 7, 11), [1, 3])
  assert.equal(grid.blockRows, 1)
})

test('the bytes of a chunk up to the last element that counts', () => {
  const grid = [3, 1, 2]
  assert.equal(neededBytes(array, grid, 0), 96)
  // The last along the first axis has one row of two.
  assert.equal(neededBytes(array, grid, 4), 48)
  // An array of 5 in chunks of 4 elements: the last chunk has one.
  assert.equal(neededBytes({ path: 'v', shape: [5], chunkShape: [4], itemBytes: 8 }, [2], 1), 8)
  // Padded along the last axis: behind the last element of the last row there is nothing that counts.
  assert.equal(neededBytes({ path: 'v', shape: [2, 3], chunkShape: [2, 4], itemBytes: 1 }, [1, 1], 0), 7)
})
