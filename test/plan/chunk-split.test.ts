/** What becomes of one array's chunks, and what a refusal says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArrayMetadata, CodecConfig } from '../../lib/model/metadata.ts'
import { planSplit } from '../../lib/plan/chunk-split.ts'

function arrayOf(change: Partial<ArrayMetadata>): ArrayMetadata {
  return {
    path: 'temp',
    dims: ['time', 'lev', 'y'],
    attributes: {},
    shape: [31, 50, 6],
    chunkShape: [31, 50, 6],
    dataType: '<f4',
    fillValue: null,
    codecs: [],
    ...change,
  }
}

const unsupported = (message: string) => ({ code: 'ERR_KSTREAM_UNSUPPORTED', array: 'temp', message })

test('extents that are smaller than the chunk count, others change nothing', () => {
  assert.deepEqual(planSplit(arrayOf({}), { time: 1, lev: 10 }), { kind: 'change', chunkShape: [1, 10, 6] })
  assert.deepEqual(planSplit(arrayOf({}), { time: 4 }), { kind: 'change', chunkShape: [4, 50, 6] })
  assert.deepEqual(planSplit(arrayOf({}), { time: 31, lev: 100, x: 1 }), { kind: 'same' })
  assert.deepEqual(planSplit(arrayOf({}), { toString: 1 }), { kind: 'same' })
})

test('pieces that are no single range are refused, with the nearest that are', () => {
  assert.throws(
    () => planSplit(arrayOf({}), { lev: 10 }),
    unsupported(
      'temp: splitting its chunks into lev=10: the bytes of a piece of 31 along time and a part of lev are no single range; ' +
        'the nearest that works is time=1,lev=10',
    ),
  )
  assert.throws(
    () => planSplit(arrayOf({}), { time: 2, y: 3 }),
    unsupported(
      'temp: splitting its chunks into time=2,y=3: the bytes of a piece of 2 along time and a part of y are no single range; ' +
        'the nearest that works is time=1,lev=1,y=3',
    ),
  )
})

test('an extent divides the chunks where there are several along the axis', () => {
  const chunked = arrayOf({ chunkShape: [10, 50, 6] })
  assert.deepEqual(planSplit(chunked, { time: 5 }), { kind: 'change', chunkShape: [5, 50, 6] })
  assert.throws(
    () => planSplit(chunked, { time: 4 }),
    unsupported(
      'temp: splitting its chunks into time=4: there are 4 chunks of 10 along time, which is no multiple of 4; ' +
        'the nearest that works is time=2',
    ),
  )
})

test('codecs are refused by name; a coordinate of its own dimension is left, and a size leaves all of them', () => {
  const codecs: readonly CodecConfig[] = [
    { id: 'shuffle', elementsize: 4 },
    { id: 'zlib', level: 1 },
  ]
  assert.throws(
    () => planSplit(arrayOf({ codecs }), { time: 1 }),
    unsupported(
      'temp: splitting its chunks into time=1: its chunks have the codecs shuffle and zlib, ' +
        'and a part of encoded bytes cannot be read alone',
    ),
  )
  for (const id of ['fletcher32', 'blosc']) {
    assert.throws(() => planSplit(arrayOf({ codecs: [{ id }] }), { time: 1 }), new RegExp(`codec ${id},`))
  }
  assert.throws(() => planSplit(arrayOf({ dataType: '|O', codecs: [] }), { time: 1 }), /variable-length/)
  assert.deepEqual(planSplit(arrayOf({ codecs }), { time: 31 }), { kind: 'same' })
  assert.deepEqual(planSplit(arrayOf({ codecs }), 1000), {
    kind: 'left',
    reason: 'its chunks have the codecs shuffle and zlib',
  })
  assert.deepEqual(planSplit(arrayOf({ codecs }), 1e6), { kind: 'same' })
  const time = arrayOf({ path: 'g/time', dims: ['time'], shape: [31], chunkShape: [31], codecs })
  assert.equal(planSplit(time, { time: 1 }).kind, 'left')
  assert.equal(planSplit({ ...time, path: 'g/other', codecs: [] }, { time: 1 }).kind, 'change')
})

test('the nearest split of an array that has a dimension twice', () => {
  const square = arrayOf({ dims: ['x', 'y', 'x'], shape: [4, 4, 4], chunkShape: [4, 4, 4] })
  const refusal = /nearest that works is x=1,y=1$/
  assert.throws(() => planSplit(square, { x: 2 }), refusal)
  assert.throws(() => planSplit(square, { y: 2 }), refusal)
  assert.deepEqual(planSplit(square, { x: 1, y: 1 }), { kind: 'change', chunkShape: [1, 1, 1] })
})

test('what is not known or cannot be numbered is refused', () => {
  const growing = arrayOf({ shape: [null, 50, 6], chunkShape: [2, 50, 6] })
  assert.throws(() => planSplit(growing, { time: 1 }), { code: 'ERR_KSTREAM_UNSUPPORTED', array: 'temp' })
  const huge = arrayOf({ shape: [2 ** 30, 2 ** 20, 50], chunkShape: [2 ** 30, 2 ** 20, 50] })
  assert.throws(() => planSplit(huge, { time: 1, lev: 1, y: 1 }), /above 2\^53/)
})
