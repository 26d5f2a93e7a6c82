/** Pieces of a run of values: where they lie by counting elements one by one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { choosePieces, pieceOffset, runsOf } from '../../../lib/format/netcdf3/piece-runs.ts'
import { chunkCoordinates, chunkCount, gridShape } from '../../../lib/model/chunk-grid.ts'
import { PIECE_BYTES } from '../../../lib/model/chunk-split.ts'

const ITEM = 8

test('a run of values that is small is one piece', () => {
  assert.deepEqual(choosePieces([], ITEM, ITEM), [])
  assert.deepEqual(choosePieces([0, 5], ITEM, 0), [1, 5])
  assert.deepEqual(choosePieces([100, 5], ITEM, 4000), [100, 5])
})

test('a larger one is split to a target, within the file', () => {
  const megabyte = (1 << 20) / ITEM
  assert.deepEqual(choosePieces([16, megabyte], ITEM, 16 << 20), [4, megabyte])
  // 1031 is prime: a partial last piece where the file goes on, else a row each.
  assert.deepEqual(choosePieces([1031, megabyte / 8], ITEM, 2 ** 30), [32, megabyte / 8])
  assert.deepEqual(choosePieces([1031, megabyte / 8], ITEM, 1031 << 17), [1, megabyte / 8])
  // Rows too small to be worth a request each.
  assert.deepEqual(choosePieces([1_000_003], ITEM, 1_000_003 * ITEM), [1_000_003])
})

test('pieces are runs of the values, and end in the file', () => {
  const extent = fc.integer({ min: 1, max: 40 })
  const shapes = fc.array(extent, { maxLength: 3 }).map((small) => [...small, 2000])
  fc.assert(
    fc.property(shapes, fc.nat(1 << 20), (shape, behind) => {
      const itemBytes = 512
      const elements = chunkCount(shape)
      const room = elements * itemBytes + behind
      const pieces = choosePieces(shape, itemBytes, room)
      const runs = runsOf(shape, pieces, itemBytes)
      const grid = gridShape(shape, pieces)
      assert.equal(runs.count, chunkCount(grid))
      assert.ok(runs.pieceBytes <= PIECE_BYTES || pieces.every((size, axis) => size === shape[axis]))
      for (let piece = 0; piece < runs.count; piece++) {
        const origin = chunkCoordinates(piece, grid).map((x, axis) => x * pieces[axis])
        const first = origin.reduce((sum, x, axis) => sum * shape[axis] + x, 0)
        assert.equal(pieceOffset(runs, piece), first * itemBytes)
        assert.ok(pieceOffset(runs, piece) + runs.pieceBytes <= room)
      }
      const last = runs.pieceBytes / itemBytes - 1
      const inside = chunkCoordinates(last, pieces).reduce((sum, x, axis) => sum * shape[axis] + x, 0)
      assert.equal(inside, last, 'the elements of a piece adjoin')
    }),
    { numRuns: 200, seed: 5 },
  )
})
