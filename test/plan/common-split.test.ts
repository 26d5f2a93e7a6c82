/** The split that a barrier advises: worked out by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArrayMetadata } from '../../lib/model/metadata.ts'
import { commonSplit } from '../../lib/plan/common-split.ts'

function arrayOf(shape: readonly number[], chunkShape: readonly number[], codec?: string): ArrayMetadata {
  const dims = ['time', 'lev', 'x'].slice(0, shape.length)
  const codecs = codec ? [{ id: codec }] : []
  return { path: 'v', dims, attributes: {}, shape, chunkShape, dataType: '<f4', fillValue: null, codecs }
}

const month = (days: number) => arrayOf([days, 5, 7], [days, 5, 7])

test('months that are one chunk each fit when split by their common divisor', () => {
  assert.equal(commonSplit([month(31), month(28), month(31)], 0), 'time=1')
  assert.equal(commonSplit([month(30), month(60), month(90)], 0), 'time=30')
})

test('the last file may end within a chunk, the others not', () => {
  assert.equal(commonSplit([arrayOf([6], [4]), arrayOf([5], [4])], 0), 'time=2')
  assert.equal(commonSplit([arrayOf([8], [4]), arrayOf([5], [4])], 0), undefined)
})

test('axes before one that is split are split to 1, so that bytes lie together', () => {
  const files = [arrayOf([4, 6, 7], [2, 6, 7]), arrayOf([4, 6, 7], [2, 4, 7])]
  assert.equal(commonSplit(files, 0), 'time=1,lev=2')
})

test('with a filter there is none', () => {
  assert.equal(commonSplit([arrayOf([3], [2], 'zlib'), arrayOf([3], [2], 'zlib')], 0), undefined)
})

test('there is none where another array could not be split so', () => {
  const files = [arrayOf([6], [4]), arrayOf([5], [4])]
  assert.equal(commonSplit(files, 0, [arrayOf([6], [2], 'zlib'), arrayOf([6], [6])]), 'time=2')
  assert.equal(commonSplit(files, 0, [arrayOf([6], [3], 'zlib')]), undefined)
  // Two chunks of 3 have no pieces of 2 that lie in one of them each.
  assert.equal(commonSplit(files, 0, [arrayOf([6], [3])]), undefined)
})

test('a coordinate is not split, so that no split makes it fit', () => {
  const times = [arrayOf([31], [31]), arrayOf([28], [28])].map((array) => ({ ...array, path: 'time' }))
  assert.equal(commonSplit(times, 0), undefined)
})
