/** Rows that wait for more of their array: bounded by arrays too, each of which has columns of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PendingRows } from '../../../lib/format/kerchunk-json/pending-rows.ts'

test('no more than 16,384 arrays wait, few rows as they have', () => {
  const pending = new PendingRows()
  pending.usePaths(['/x'])
  for (let array = 0; array <= 1 << 14; array++) pending.push(array, 0, 0, 1, 2)
  assert.deepEqual(
    pending.ready.map(({ array, rows }) => [array, rows]),
    Array.from({ length: 1 << 14 }, (_, array) => [array, 1]),
  )
  pending.flush()
  assert.equal(pending.ready.at(-1)?.array, 1 << 14)
  assert.equal(pending.ready.length, (1 << 14) + 1)
})

test('many rows of an array do not wait for more of it once another one comes; few do', () => {
  const pending = new PendingRows()
  pending.usePaths(['/x'])
  const batches = () => pending.ready.map(({ array, rows }) => [array, rows])
  for (let chunk = 0; chunk < 300; chunk++) pending.push(0, chunk, 0, 1, 2)
  assert.deepEqual(batches(), [])
  for (let chunk = 0; chunk < 10; chunk++) pending.push(1, chunk, 0, 1, 2)
  assert.deepEqual(batches(), [[0, 300]])
  pending.push(0, 300, 0, 1, 2)
  assert.deepEqual(batches(), [[0, 300]])
  pending.flush()
  assert.deepEqual(batches().slice(1).sort(), [
    [0, 1],
    [1, 10],
  ])
})
