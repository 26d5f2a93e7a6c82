import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectName } from '../../../lib/format/icechunk/object-id.ts'
import { ManifestBlocks } from '../../../lib/write/icechunk/manifest-blocks.ts'
import { INITIAL_SNAPSHOT } from '../../../lib/write/icechunk/object-id.ts'

/** The chunks of a box, by counting. */
function chunksOf(box: readonly (readonly [number, number])[], grid: readonly number[]): number[] {
  let chunks = [0]
  for (const [axis, [from, to]] of box.entries()) {
    const indexes = Array.from({ length: to - from }, (_, at) => from + at)
    chunks = chunks.flatMap((chunk) => indexes.map((index) => chunk * grid[axis] + index))
  }
  return chunks
}

test('blocks follow one another in C order, are boxes, and none is too large', () => {
  for (const grid of [[], [1], [10], [7, 3], [2, 5, 3], [3, 1, 11], [1, 1, 4], [4, 50]]) {
    const total = grid.reduce((a, b) => a * b, 1)
    for (let most = 1; most <= total + 1; most++) {
      for (const announced of [grid, grid.map((extent, axis) => (axis === 0 ? Infinity : extent))]) {
        const blocks = new ManifestBlocks(announced, most)
        let next = 0
        while (next < total) {
          const block = blocks.blockOf(next)
          assert.equal(block.start, next, `${grid} ${most}`)
          const chunks = chunksOf(blocks.box(block, grid), grid)
          const expected = Array.from({ length: chunks.length }, (_, at) => next + at)
          assert.deepEqual(chunks, expected, `${grid} ${most}`)
          assert.ok(chunks.length >= 1 && chunks.length <= most)
          assert.deepEqual(blocks.blockOf(next + chunks.length - 1), block)
          next += chunks.length
        }
        assert.equal(next, total)
      }
    }
  }
})

test('ids are in base 32 as Icechunk names its first snapshot', () => {
  assert.equal(objectName(INITIAL_SNAPSHOT), '1CECHNKREP0F1RSTCMT0')
})
