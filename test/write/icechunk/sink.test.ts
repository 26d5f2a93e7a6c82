import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import type { SourceInfo } from '../../../lib/model/reference-set.ts'
import type { WriteIcechunkOptions } from '../../../lib/write/icechunk/report.ts'
import { writeIcechunk } from '../../../lib/write/icechunk/sink.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { filesBelow, scratchFolder } from '../scratch.ts'
import { type Row, type SetOptions, streamOf, syntheticSet } from '../synthetic.ts'

const folder = scratchFolder()
let count = 0
const fresh = () => join(folder, `${count++}.icechunk`)

const sources: SourceInfo[] = [
  { url: '/data/x/a.nc', size: 80, lastModified: '2020-01-01T00:00:00.500Z' },
  { url: 's3://bucket/b.nc', size: 90, etag: '"abc"' },
]
const rows = (many: number, path = '/data/x/a.nc') =>
  Array.from({ length: many }, (_, chunk): Row => ({ chunk, path, offset: 8 + chunk * 2, length: 2 }))
const base: SetOptions = {
  arrays: [
    { path: 'v', shape: [40] },
    { path: 'w', shape: [null] },
  ],
  shapes: [[40], [30]],
  rows: [rows(40), rows(30, 's3://bucket/b.nc')],
  sources,
}

const write = (set: SetOptions, options: WriteIcechunkOptions = {}, path = fresh()) =>
  writeIcechunk(path, { name: 'x', ...options })(streamOf(syntheticSet(set)))

test('the same set gives the same bytes, however its body is cut', async () => {
  const cuts = Array.from({ length: 10 }, (_, at) => [at % 2, at % 2 === 0 ? 8 : 6] as const)
  const limits = { manifestReferences: 1000, commitReferences: 1000 }
  const [one, two, cut] = [fresh(), fresh(), fresh()]
  const report = await write(base, limits, one)
  await write(base, limits, two)
  await write({ ...base, cuts }, limits, cut)
  assert.deepEqual(filesBelow(one), filesBelow(two))
  assert.deepEqual(filesBelow(one), filesBelow(cut))
  assert.equal(report.references, 70)
  assert.equal(
    report.bytes,
    [...filesBelow(one).values()].reduce((sum, { length }) => sum + length, 0),
  )
  assert.deepEqual(report.containers, ['file:///data/x/', 's3://bucket/'])
})

test('other content gives other ids', async () => {
  const [one, two] = [fresh(), fresh()]
  const [first, second] = [
    await write(base, {}, one),
    await write({ ...base, rows: [rows(39), rows(30)] }, {}, two),
  ]
  assert.notEqual(first.snapshot, second.snapshot)
  const manifests = (path: string) => readdirSync(join(path, 'manifests'))
  assert.deepEqual(
    manifests(one).filter((name) => manifests(two).includes(name)),
    [],
  )
})

test('what is there stays, unless it is a repository or a set that may be replaced', async () => {
  const path = fresh()
  await write(base, {}, path)
  const before = filesBelow(path)
  await assert.rejects(write(base, {}, path), /exists already/)
  assert.deepEqual(filesBelow(path), before)
  await write(
    { ...base, sources: [], rows: [rows(40, 's3://bucket/b.nc'), rows(30, 's3://bucket/b.nc')] },
    { overwrite: true },
    path,
  )
  assert.notDeepEqual(filesBelow(path), before)
  const set = fresh()
  await writeParquet(set)(streamOf(syntheticSet({ ...base, rows: [rows(40), rows(30)] })))
  await write(base, { overwrite: true }, set)
  assert.ok(!existsSync(join(set, '.zmetadata')))
  const other = fresh()
  mkdirSync(join(other, 'snapshots'), { recursive: true })
  writeFileSync(join(other, 'notes.txt'), 'mine')
  await assert.rejects(write(base, { overwrite: true }, other), /left alone/)
  assert.equal(readFileSync(join(other, 'notes.txt'), 'utf8'), 'mine')
})

test('after an error or an abort nothing is left', async () => {
  const before = readdirSync(folder)
  const controller = new AbortController()
  const aborted = write(base, { signal: controller.signal, onProgress: () => controller.abort() })
  await assert.rejects(aborted, { name: 'AbortError' })
  await assert.rejects(write({ ...base, rows: [[...rows(2), ...rows(1)], []] }), /comes after chunk/)
  assert.deepEqual(readdirSync(folder), before)
})

test('what Zarr v3 or Icechunk cannot say is refused by name, or left out', async () => {
  const objects = { path: 'o', shape: [1], dataType: '|O', codecs: [{ id: 'pickle' }] }
  const odd = { path: 'odd\\name', shape: [1] }
  const set = {
    ...base,
    arrays: [...base.arrays, objects, odd],
    shapes: [[40], [30], [1], [1]],
    rows: [...base.rows, rows(1), rows(1)],
  }
  await assert.rejects(
    write(set),
    (error) => isKStreamError(error, 'ERR_KSTREAM_UNSUPPORTED') && /^o: /.test(error.message),
  )
  const report = await write(set, { onUnsupported: 'skip' })
  assert.deepEqual(
    report.skipped.map(({ path }) => path),
    ['o', 'odd\\name'],
  )
  assert.equal(report.arrays, 2)
})

test('arrays of more chunks along an axis than Icechunk counts are refused before anything is written', async () => {
  const arrays = [...base.arrays, { path: 'wide', shape: [2, 2 ** 33], chunkShape: [1, 1] }]
  const wide: Row[] = [{ chunk: 2 ** 32 + 5, path: '/data/x/a.nc', offset: 8, length: 2 }]
  const set = { ...base, arrays, shapes: [[40], [30], [2, 2 ** 33]], rows: [...base.rows, wide] }
  await assert.rejects(write(set), /^UnsupportedError: wide: its grid has more chunks along an axis than/)
  const report = await write(set, { onUnsupported: 'skip' })
  assert.deepEqual([report.skipped[0].path, report.references], ['wide', 70])
})

test('what lies below an array is no node of Zarr v3', async () => {
  const set = {
    ...base,
    arrays: [...base.arrays, { path: 'v/below', shape: [1] }],
    groups: [{ path: 'v/group', attributes: {} }],
    shapes: [[40], [30], [1]],
    rows: [...base.rows, rows(1)],
  }
  await assert.rejects(write(set), /v\/below: 'v' is an array/)
  const report = await write(set, { onUnsupported: 'skip' })
  assert.deepEqual([report.skipped[0].path, report.arrays], ['v/below', 2])
  assert.match(report.notes[0].reason, /left out: 'v' is an array/)
})

test('references to places that Icechunk cannot check or reach are refused', async () => {
  const one = (row: Partial<Row>) =>
    write({ arrays: [{ path: 'v', shape: [1] }], rows: [[{ chunk: 0, ...row }]] })
  await assert.rejects(one({ path: 'ftp://host/a.nc', offset: 1, length: 2 }), /no store for ftp/)
  await assert.rejects(one({ path: 'https://host/a.nc?key=1', offset: 1, length: 2 }), /a query/)
  await assert.rejects(one({ path: '/no/such/file.nc', offset: 1, length: 2 }), /its time of change/)
  await assert.rejects(
    one({ path: 's3://bucket/a.nc', offset: 0, length: 0 }),
    /whole of .* length is not known/,
  )
  const { notes } = await one({ path: 's3://bucket/a.nc', offset: 1, length: 2 })
  assert.match(notes[0].reason, /neither ETag nor time/)
})

test('wrong numbers and no input are wrong usage', async () => {
  for (const options of [{ commitReferences: 0 }, { manifestReferences: 1.5 }]) {
    assert.throws(
      () => writeIcechunk(fresh(), options),
      (error) => isKStreamError(error, 'ERR_KSTREAM_USAGE'),
    )
  }
  await assert.rejects(writeIcechunk(fresh())(streamOf()), /no input/)
  await assert.rejects(
    writeIcechunk(fresh())(streamOf(syntheticSet(base), syntheticSet(base))),
    /concat them first/,
  )
})
