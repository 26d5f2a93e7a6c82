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
