/** What --split-chunks and --merge-chunks take. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkTargetOf } from '../../cli/chunk-target.ts'

const target = (...values: string[]) => chunkTargetOf({ 'split-chunks': values }, 'split-chunks')

test('extents by dimension, given at once or one by one', () => {
  assert.deepEqual(target('time=1,lev=10'), { time: 1, lev: 10 })
  assert.deepEqual(target('time=1', 'lev=10'), { time: 1, lev: 10 })
  assert.equal(chunkTargetOf({}, 'split-chunks'), undefined)
})

test('sizes, in units of 1000 or of 1024', () => {
  assert.equal(target('4MiB'), 4_194_304)
  assert.equal(target('4MB'), 4_000_000)
  assert.equal(target('1.5 kb'), 1500)
  assert.equal(target('65536'), 65_536)
})

test('anything else is a usage error that says what it takes', () => {
  for (const [value, said] of [
    ['time=0', /time=0: 0 is no extent/],
    ['time=1.5', /1\.5 is no extent/],
    ['time=', /whole number/],
    ['=3', /DIM=N or a size/],
    ['4XB', /DIM=N or a size like 4MiB, not '4XB'/],
    ['0', /DIM=N or a size/],
    ['time=1,4MiB', /or one size/],
    ['time=1,time=2', /names time twice/],
  ] as const) {
    assert.throws(() => target(value), said)
  }
})
