/** The references of netCDF classic files whose values are too many for a fixture: their number, places and time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClassicFile, classicHeader, openSource, readRows, sparseSource } from './classic-file.ts'

const RECORDS = 100_000
/** 6 bytes and 2 of padding, 8, 24: 40 a record. */
const SERIES: ClassicFile = {
  version: 2,
  records: RECORDS,
  dimensions: [
    ['time', 0],
    ['x', 3],
  ],
  variables: [
    { name: 'short', dimensions: [0, 1], type: 3, vsize: 0xffffffff, begin: 1000 },
    { name: 'time', dimensions: [0], type: 6, begin: 1008 },
    { name: 'double', dimensions: [0, 1], type: 6, begin: 1016 },
  ],
}
const SERIES_BYTES = 1000 + RECORDS * 40

test('a reference a record, in columns, in well under a second', async () => {
  const set = await openSource(() => sparseSource(classicHeader(SERIES), SERIES_BYTES))
  const started = performance.now()
  const { batches, footer } = await readRows(set)
  assert.ok(performance.now() - started < 1000)
  assert.ok(batches.every(({ rows }) => rows <= 8192))
  assert.deepEqual(footer.missing, [0, 0, 0])
  const [short, time, double] = [0, 1, 2].map((array) => batches.filter((batch) => batch.array === array))
  for (const [own, begin, length] of [
    [short, 1000, 6],
    [time, 1008, 8],
    [double, 1016, 24],
  ] as const) {
    let record = 0
    for (const batch of own) {
      for (let row = 0; row < batch.rows; row++, record++) {
        assert.equal(batch.chunk[row], record)
        assert.equal(batch.offset[row], begin + 40 * record)
        assert.equal(batch.length[row], length)
      }
    }
    assert.equal(record, RECORDS)
  }
})

test('the arrays and chunks that are asked for, and no other', async () => {
  const set = await openSource(() => sparseSource(classicHeader(SERIES), SERIES_BYTES))
  const { batches, footer } = await readRows(set, { arrays: [2], from: 99_990, to: 99_993 })
  assert.equal(batches.length, 1)
  assert.equal(batches[0].array, 2)
  assert.deepEqual([...batches[0].chunk], [99_990, 99_991, 99_992])
  assert.equal(batches[0].offset[0], 1016 + 40 * 99_990)
  assert.deepEqual(footer.missing, [0, 0, 0])
  assert.deepEqual((await readRows(set, { from: 2 ** 40 })).batches, [])
})

test('an abort ends the rows', async () => {
  const set = await openSource(() => sparseSource(classicHeader(SERIES), SERIES_BYTES))
  const controller = new AbortController()
  const reading = (async () => {
    for await (const item of set.body({ signal: controller.signal })) {
      assert.equal(item.kind, 'batch')
      controller.abort()
    }
  })()
  await assert.rejects(reading, { name: 'AbortError' })
})

test('records alone are pieces of many; long records among others several pieces each', async () => {
  const dimensions = [
    ['time', 0],
    ['row', 1024],
    ['column', 3000],
  ] as const
  const alone: ClassicFile = {
    version: 5,
    records: 1200,
    dimensions,
    variables: [{ name: 'alone', dimensions: [0, 1], type: 6, begin: 1000 }],
  }
  const one = await openSource(() => sparseSource(classicHeader(alone), 1000 + 1200 * 8192))
  assert.deepEqual(one.header.arrays[0].chunkShape, [400, 1024])
  const { batches } = await readRows(one)
  assert.deepEqual(
    [...batches[0].offset],
    [0, 1, 2].map((piece) => 1000 + piece * 400 * 8192),
  )
  const slab = 1024 * 3000 * 8
  const long: ClassicFile = {
    version: 2,
    records: 3,
    dimensions,
    variables: [
      { name: 'long', dimensions: [0, 1, 2], type: 6, vsize: 1, begin: 1000 },
      { name: 'time', dimensions: [0], type: 6, vsize: 1, begin: 1000 + slab },
    ],
  }
  const set = await openSource(() => sparseSource(classicHeader(long), 1000 + 3 * (slab + 8)))
  assert.deepEqual(set.header.arrays[0].chunkShape, [1, 128, 3000])
  const rows = await readRows(set)
  assert.deepEqual(
    [...rows.batches[0].offset],
    Array.from({ length: 24 }, (_, i) => 1000 + Math.floor(i / 8) * (slab + 8) + (i % 8) * (slab / 8)),
  )
  assert.deepEqual(
    [...rows.batches[1].offset],
    [0, 1, 2].map((i) => 1000 + slab + i * (slab + 8)),
  )
})

test('a variable of more than 4 GiB, whose vsize cannot say so', async () => {
  const file: ClassicFile = {
    version: 2,
    dimensions: [
      ['x', 2 ** 20],
      ['y', 2 ** 11],
    ],
    variables: [{ name: 'big', dimensions: [0, 1], type: 6, vsize: 0xffffffff, begin: 200 }],
  }
  const set = await openSource(() => sparseSource(classicHeader(file), 200 + 2 ** 34))
  const { batches } = await readRows(set)
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0)
  assert.equal(rows, 2 ** 12)
  assert.equal(batches.at(-1)?.offset.at(-1), 200 + 2 ** 34 - 2 ** 22)
})

test('the first record of one variable, where another is larger than any number', async () => {
  const file: ClassicFile = {
    version: 5,
    records: 1,
    dimensions: [
      ['time', 0],
      ['x', 2 ** 52],
    ],
    variables: [
      { name: 'endless', dimensions: [0, ...new Array<number>(40).fill(1)], begin: 1000 },
      { name: 'short', dimensions: [0], begin: 992 },
    ],
  }
  const set = await openSource(() => sparseSource(classicHeader(file), 3000), { onUnsupported: 'skip' })
  assert.deepEqual(
    set.header.skipped.map(({ path }) => path),
    ['endless'],
  )
  const { batches } = await readRows(set)
  assert.deepEqual(
    batches.map(({ offset, length }) => [...offset, ...length]),
    [[992, 4]],
  )
})
