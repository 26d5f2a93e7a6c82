/** Shapes of pieces, by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRun, largestDivisor, splitToTarget } from '../../lib/model/chunk-split.ts'

test('leading axes are split to 1 before a later one is split at all', () => {
  assert.deepEqual(splitToTarget([12, 50, 10, 10], [1, 1, 1, 1], 4, 4000), [1, 10, 10, 10])
  assert.deepEqual(splitToTarget([12, 50, 10, 10], [1, 1, 1, 1], 4, 40_000), [2, 50, 10, 10])
  assert.deepEqual(splitToTarget([12, 50, 10, 10], [1, 1, 1, 1], 4, 20_000), [1, 50, 10, 10])
  assert.deepEqual(splitToTarget([12, 50], [1, 1], 4, 1), [1, 1])
  assert.deepEqual(splitToTarget([12, 50], [1, 1], 4, 2400), [12, 50])
  assert.deepEqual(splitToTarget([], [], 8, 1), [])
})

test('an extent divides the chunk, but where one chunk has no divisor that is near', () => {
  assert.deepEqual(splitToTarget([31], [1], 4, 40), [10])
  assert.deepEqual(splitToTarget([31], [2], 4, 40), [1])
  assert.deepEqual(splitToTarget([30], [1], 4, 44), [10])
  assert.deepEqual(splitToTarget([31, 4], [2, 1], 4, 160), [1, 4])
})

test('a piece is one run where all behind its first axis longer than 1 is whole', () => {
  assert.ok(isRun([4, 5, 6], [2, 5, 6]))
  assert.ok(isRun([4, 5, 6], [1, 3, 6]))
  assert.ok(isRun([4, 5, 6], [1, 1, 1]))
  assert.ok(isRun([], []))
  assert.ok(!isRun([4, 5, 6], [2, 3, 6]))
  assert.ok(!isRun([4, 5, 6], [4, 5, 3]))
  assert.ok(!isRun([4, 5, 6], [1, 2, 3]))
})

test('the largest divisor below a limit', () => {
  assert.deepEqual(
    [1, 2, 5, 6, 11, 12, 100].map((most) => largestDivisor(12, most)),
    [1, 2, 4, 6, 6, 12, 12],
  )
  assert.equal(largestDivisor(97, 96), 1)
  assert.equal(largestDivisor(65521 ** 2, 2 ** 20), 65521)
})

test('extents of any size are divided in a short time', () => {
  const started = performance.now()
  for (let i = 0; i < 20; i++) assert.ok(largestDivisor(2 ** 53 - 111, 2 ** 22) >= 1)
  assert.ok(performance.now() - started < 1000)
})
