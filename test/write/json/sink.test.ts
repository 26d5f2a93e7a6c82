/** What the JSON sink refuses, and what it says of what it wrote. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeJson } from '../../../lib/write/json/sink.ts'
import { scratchFolder } from '../scratch.ts'
import { type SetOptions, streamOf, syntheticSet } from '../synthetic.ts'

const folder = scratchFolder()
const path = join(folder, 'set.json')
const row = (chunk: number, url = '/a.nc') => ({ chunk, path: url, offset: chunk, length: 2 })
const write = (options: SetOptions, more: Parameters<typeof writeJson>[1] = {}) =>
  writeJson(path, { overwrite: true, ...more })(streamOf(syntheticSet(options)))

const one = (url: string): SetOptions => ({ arrays: [{ path: 'a' }], rows: [[row(0, url)]] })

test('references of two protocols are refused', async () => {
  const rows = [[row(0), row(1, 's3://b/a.nc')]]
  await assert.rejects(write({ arrays: [{ path: 'a' }], rows }), /a set can have but one protocol/)
  assert.deepEqual(readdirSync(folder), [])
})

test('a path that version 1 would take for a template can be written as version 0', async () => {
  await assert.rejects(write(one('/{{u}}.nc')), /takes for a template; write version 0/)
  await write(one('/{{u}}.nc'), { version: 0 })
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8'))['a/0'], ['/{{u}}.nc', 0, 2])
})

test('paths that are no Unicode, or nothing, are refused', async () => {
  await assert.rejects(write(one('/\ud800.nc')), { code: 'ERR_KSTREAM_WRITE', path: 'a' })
  await assert.rejects(write(one('')), { code: 'ERR_KSTREAM_WRITE', path: 'a' })
})

test('names that readers of keys misread are refused or left out by name', async () => {
  for (const name of ['.zarray', 'x\\y', '..', 'g//a', '\udfff']) {
    const set = { arrays: [{ path: name }, { path: 'b' }], rows: [[row(0)], [row(1)]] }
    await assert.rejects(write(set), { code: 'ERR_KSTREAM_UNSUPPORTED' }, name)
    const report = await write(set, { onUnsupported: 'skip' })
    assert.deepEqual([report.arrays, report.references, report.skipped[0].path], [1, 1, name])
  }
  const groups = [{ path: '.zgroup', attributes: {} }]
  await assert.rejects(write({ groups, arrays: [], rows: [] }), { code: 'ERR_KSTREAM_UNSUPPORTED' })
})

test('a group that would be an array is refused', async () => {
  const arrays = [{ path: 'a' }, { path: 'a/b' }]
  await assert.rejects(write({ arrays, rows: [[], []] }), /two arrays or groups have this path/)
})

test('names that fsspec takes for something else are refused', () => {
  for (const name of ['x.parq', 'x.parquet', 'a::b.json']) {
    assert.throws(() => writeJson(join(folder, name)), { code: 'ERR_KSTREAM_USAGE' })
  }
})

test('nothing, and two sets, are refused', async () => {
  await assert.rejects(writeJson(path, { overwrite: true })(streamOf()), { code: 'ERR_KSTREAM_USAGE' })
  const set = syntheticSet(one('/a.nc'))
  await assert.rejects(writeJson(path, { overwrite: true })(streamOf(set, set)), {
    code: 'ERR_KSTREAM_PLAN',
  })
})

test('the report counts, and progress comes with each batch', async () => {
  const seen: number[] = []
  const raw = new Uint8Array(5)
  const rows = [[row(0), row(1), { chunk: 2, raw }], [{ chunk: 3, path: '/b.nc' }]]
  const skipped = [{ path: 'v', reason: 'references' }]
  const arrays = [{ path: 'a' }, { path: 'g/b' }]
  const options = { arrays, rows, skipped, groups: [{ path: 'g', attributes: {} }] }
  const report = await write(options, { onProgress: ({ references }) => seen.push(references) })
  assert.deepEqual(report, {
    path,
    arrays: 2,
    references: 3,
    inlined: 1,
    copiedBytes: 5,
    missing: 4,
    bytes: readFileSync(path).length,
    referencedBytes: 4,
    skipped,
    notes: [],
  })
  assert.deepEqual(seen, [2, 3, 3])
  assert.ok(existsSync(path))
})
