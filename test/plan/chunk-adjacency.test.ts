/** Breaks between chunks, by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Break, ChunkAdjacency, type ChunkPlace } from '../../lib/plan/chunk-adjacency.ts'

/** Chunks of 10 bytes; null: missing; a string: inline. */
type Place = readonly [path: string, offset: number, length?: number] | 'raw' | null

function run(
  grid: readonly number[],
  axis: number,
  merged: readonly number[],
  places: readonly Place[],
  wished = 1,
) {
  const adjacency = new ChunkAdjacency({ grid, axis, merged, chunkBytes: 10 }, wished)
  for (const [chunk, place] of places.entries()) {
    if (place === null) continue
    const at: ChunkPlace =
      place === 'raw'
        ? { path: null, offset: 0, length: 10 }
        : { path: place[0], offset: place[1], length: place[2] ?? 10 }
    adjacency.add(chunk, at)
  }
  adjacency.end()
  const numbers = (found: Break | undefined) => found && [found.before.chunk, found.after.chunk]
  return [adjacency.isBroken, adjacency.divisor, numbers(adjacency.first)]
}

const behind = (count: number, path = 'a', start = 0): Place[] =>
  Array.from({ length: count }, (_, at) => [path, start + 10 * at])

test('along one axis', () => {
  assert.deepEqual(run([6], 0, [1], behind(6)), [false, 0, undefined])
  assert.deepEqual(run([6], 0, [1], [...behind(4), ...behind(2, 'a', 100)], 3), [false, 4, [3, 4]])
  assert.deepEqual(run([6], 0, [1], [...behind(4), ...behind(2, 'a', 100)], 2), [false, 4, undefined])
  // Two files, and one byte too many.
  assert.deepEqual(run([6], 0, [1], [...behind(2), ...behind(4, 'b', 20)], 6), [false, 2, [1, 2]])
  assert.deepEqual(
    run(
      [3],
      0,
      [1],
      [
        ['a', 0],
        ['a', 11],
        ['a', 21],
      ],
      2,
    ),
    [false, 1, [0, 1]],
  )
  // A chunk that is stored short cannot be gone on from.
  assert.deepEqual(
    run(
      [3],
      0,
      [1],
      [
        ['a', 0],
        ['a', 10, 8],
        ['a', 18],
      ],
      3,
    ),
    [false, 2, [1, 2]],
  )
})

test('a missing chunk adjoins a missing one, an inline one an inline one', () => {
  assert.deepEqual(run([6], 0, [1], [null, null, null, ...behind(3)], 2), [false, 3, [2, 3]])
  assert.deepEqual(run([6], 0, [1], [...behind(2), null, null, ...behind(2, 'a', 20)], 4), [false, 2, [1, 2]])
  assert.deepEqual(run([6], 0, [1], [...behind(4), null, null], 6), [false, 4, [3, 4]])
  assert.deepEqual(run([4], 0, [1], ['raw', 'raw', 'raw', 'raw'], 4), [false, 0, undefined])
  assert.deepEqual(run([4], 0, [1], ['raw', 'raw', ...behind(2)], 4), [false, 2, [1, 2]])
  assert.deepEqual(run([3], 0, [1], [null, null, null]), [false, 0, undefined])
})

test('the axes behind: whole, or each column for itself', () => {
  const rows = behind(6)
  assert.deepEqual(run([3, 2], 0, [1, 2], rows, 3), [false, 0, undefined])
  assert.deepEqual(run([3, 2], 0, [1, 1], rows, 3), [false, 1, [0, 2]])
  assert.deepEqual(run([3, 2], 1, [1, 1], rows, 2), [false, 0, undefined])
  const columns: Place[] = [
    ['a', 0],
    ['a', 30],
    ['a', 10],
    ['a', 40],
    ['a', 20],
    ['a', 50],
  ]
  assert.deepEqual(run([3, 2], 0, [1, 1], columns, 3), [false, 0, undefined])
  assert.deepEqual(run([3, 2], 0, [1, 2], columns, 3), [true, 1, [0, 1]])
})

test('each row of an axis in the middle begins anew', () => {
  const rows = [...behind(3), ...behind(3, 'b'), ...behind(3, 'c')]
  assert.deepEqual(run([3, 3], 1, [1, 1], rows, 3), [false, 0, undefined])
  assert.deepEqual(
    run([3, 3], 1, [1, 1], [...behind(3), ...behind(1, 'b'), ...behind(2, 'b', 90), null, null, null], 3),
    [false, 1, [3, 4]],
  )
  // A row that ends early, and one that begins late.
  assert.deepEqual(run([2, 4], 1, [1, 1], [...behind(2), null, null, ...behind(4)], 4), [false, 2, [1, 2]])
  assert.deepEqual(run([2, 4], 1, [1, 1], [...behind(4), null, null, ...behind(2)], 4), [false, 2, [5, 6]])
})
