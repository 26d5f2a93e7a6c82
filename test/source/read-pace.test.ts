/** When reads block and when they go through the pool, by literal times. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadPace } from '../../lib/source/read-pace.ts'

/** How many reads go through the pool before one may block again. */
function pause(pace: ReadPace): number {
  let reads = 0
  while (!pace.mayBlock()) reads++
  return reads
}

test('quick reads go on blocking', () => {
  const pace = new ReadPace()
  for (let i = 0; i < 1000; i++) {
    assert.ok(pace.mayBlock())
    pace.record(0.004)
  }
})

test('one read of more than a millisecond sends the next 64 to the pool', () => {
  const pace = new ReadPace()
  pace.record(1.5)
  assert.equal(pause(pace), 64)
  assert.ok(pace.mayBlock())
})

test('reads of 0.3 ms each are too slow on average, soon', () => {
  const pace = new ReadPace()
  let reads = 0
  while (pace.mayBlock()) {
    pace.record(0.3)
    reads++
    assert.ok(reads < 16)
  }
  // 0.3 (1 - (15/16)^n) exceeds 0.1 from n = 7 on.
  assert.equal(reads, 7)
})

test('the pause doubles each time it proves slow again, up to 8,192, and a run of 64 quick ones resets it', () => {
  const pace = new ReadPace()
  const pauses: number[] = []
  for (let i = 0; i < 9; i++) {
    pace.record(10)
    pauses.push(pause(pace))
  }
  assert.deepEqual(pauses, [64, 128, 256, 512, 1024, 2048, 4096, 8192, 8192])
  for (let i = 0; i < 63; i++) pace.record(0.002)
  pace.record(10)
  assert.equal(pause(pace), 8192)
  for (let i = 0; i < 64; i++) pace.record(0.002)
  pace.record(10)
  assert.equal(pause(pace), 64)
})
