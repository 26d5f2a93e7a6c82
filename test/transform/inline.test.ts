/** Small chunks taken into the set: which, by how many reads, and that all is closed. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { INLINE } from '../../lib/model/reference-batch.ts'
import { scan } from '../../lib/scan.ts'
import type { OpenSource } from '../../lib/source/byte-source.ts'
import { openMemory } from '../../lib/source/memory.ts'
import { inline, planInlineCuts } from '../../lib/transform/inline.ts'
import { fixture } from '../fixture.ts'
import { memorySet, type Row, readBody, through } from './memory-set.ts'

const letters = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(100))

/** Opens any path as the alphabet again and again, counting. */
function openLetters() {
  const counts = { opened: 0, closed: 0, reads: 0, mostOpen: 0 }
  const open: OpenSource = async (url) => {
    counts.opened++
    counts.mostOpen = Math.max(counts.mostOpen, counts.opened - counts.closed)
    const source = openMemory(letters, url)
    return {
      ...source,
      read(offset, length, options) {
        counts.reads++
        return source.read(offset, length, options)
      },
      async close() {
        counts.closed++
        await source.close()
      },
    }
  }
  return { counts, open }
}

test('rows below the threshold get their bytes; others, raw ones and whole files stay', async () => {
  const rows: Row[] = [
    [0, '/a', 0, 3],
    [1, '/a', 26, 5],
    [2, 'raw'],
    [5, '/a', 3, 4],
    [6, '/a', 0, 0],
  ]
  const { open } = openLetters()
  const set = memorySet({ batchRows: 10, arrays: [{ path: 'temp', rows, filterMask: [0, 0, 0, 1, 0] }] })
  const inlined = await through(inline({ threshold: 5, open }), set)
  assert.equal(inlined.header, set.header)
  const result = await readBody(inlined)
  assert.deepEqual(result.rows.temp, [
    [0, 'abc'],
    [1, '/a', 26, 5],
    [2, 'raw'],
    [5, 'defg'],
    [6, '/a', 0, 0],
  ])
  const [batch] = result.batches
  assert.deepEqual([...batch.path.slice(0, 5)], [INLINE, 0, INLINE, INLINE, 0])
  assert.deepEqual([...batch.length.slice(0, 5)], [3, 5, 3, 4, 0])
  assert.deepEqual([...(batch.filterMask ?? [])], [0, 0, 0, 1, 0])
})

test('a threshold of 0 changes nothing and opens nothing', async () => {
  const { counts, open } = openLetters()
  const set = memorySet({ arrays: [{ path: 'temp', rows: [[0, '/a', 0, 3]] }] })
  assert.deepEqual((await readBody(await through(inline({ threshold: 0, open }), set))).rows.temp, [
    [0, '/a', 0, 3],
  ])
  assert.equal(counts.opened, 0)
})

test('500 bytes is the default, and not below itself', async () => {
  const rows: Row[] = [
    [0, '/a', 0, 499],
    [1, '/a', 0, 500],
  ]
  const { open } = openLetters()
  const { batches } = await readBody(
    await through(inline({ open }), memorySet({ arrays: [{ path: 't', rows }] })),
  )
  assert.deepEqual([...batches[0].path.slice(0, 2)], [INLINE, 0])
})

test('near chunks are one read; a file is opened once a body, and closed', async () => {
  const rows: Row[] = Array.from({ length: 200 }, (_, chunk) => [chunk, '/a', chunk * 10, 5])
  const { counts, open } = openLetters()
  const set = await through(inline({ open }), memorySet({ batchRows: 100, arrays: [{ path: 't', rows }] }))
  assert.equal(counts.opened, 0, 'nothing before the first pull')
  const result = await readBody(set)
  assert.deepEqual(counts, { opened: 1, closed: 1, reads: 2, mostOpen: 1 })
  assert.deepEqual(result.rows.t[3], [3, letters.toString('latin1', 30, 35)])
})

test('many files are read with a few open at a time', async () => {
  const rows: Row[] = Array.from({ length: 60 }, (_, chunk) => [chunk, `/${chunk % 20}`, chunk, 2])
  const { counts, open } = openLetters()
  const set = await through(inline({ open }), memorySet({ batchRows: 60, arrays: [{ path: 't', rows }] }))
  const result = await readBody(set)
  assert.deepEqual(
    result.rows.t,
    rows.map(([chunk]) => [chunk, letters.toString('latin1', chunk, chunk + 2)]),
  )
  assert.equal(counts.opened, counts.closed)
  assert.ok(counts.mostOpen <= 9)
})

test('leaving early, a failure and an abort close files and the body beneath', async () => {
  const rows: Row[] = Array.from({ length: 20 }, (_, chunk) => [chunk, '/a', chunk, 2])
  const { counts, open } = openLetters()
  const beneath = memorySet({ arrays: [{ path: 't', rows }] })
  const set = await through(inline({ open }), beneath)
  for await (const _ of set.body()) break
  assert.deepEqual([counts.opened, counts.closed, beneath.watch.opened, beneath.watch.closed], [1, 1, 1, 1])

  const controller = new AbortController()
  await assert.rejects(
    async () => {
      for await (const _ of set.body({ signal: controller.signal })) controller.abort()
    },
    { name: 'AbortError' },
  )
  assert.deepEqual([counts.opened, counts.closed, beneath.watch.opened, beneath.watch.closed], [2, 2, 2, 2])

  const past = memorySet({ arrays: [{ path: 't', rows: [[0, '/a', 5000, 2]] }] })
  await assert.rejects(readBody(await through(inline({ open }), past)), { code: 'ERR_KSTREAM_SOURCE' })
  assert.deepEqual([counts.opened, counts.closed, past.watch.closed], [3, 3, 1])
})

test('a batch whose inlined bytes would be too many is cut', () => {
  assert.deepEqual(planInlineCuts([], 10), [])
  assert.deepEqual(planInlineCuts([4, 0, 4, 4, 0, 20, 1], 10), [
    [0, 3],
    [3, 5],
    [5, 6],
    [6, 7],
  ])
})

test('on a real file the inlined bytes are the ones that the references pointed at', async () => {
  const path = fixture('ocean/ocean_month_1958_01.nc')
  const bytes = await readFile(path)
  for await (const set of scan([path])) {
    const before = await readBody(set)
    const after = await readBody(await through(inline(), set))
    let inlined = 0
    for (const [array, rows] of Object.entries(before.rows)) {
      for (const [index, row] of rows.entries()) {
        const now = after.rows[array][index]
        const isSmall = row.length === 4 && row[3] < 500
        if (isSmall) inlined++
        assert.deepEqual(now, isSmall ? [row[0], bytes.toString('latin1', row[2], row[2] + row[3])] : row)
      }
    }
    assert.ok(inlined > 0)
  }
})
