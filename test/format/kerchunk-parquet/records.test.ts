/** What kstream's own records add to a set when it is opened: fill values, filled chunks, growing dimensions, counts. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { readSetSummary } from '../../../lib/format/kerchunk-parquet/summary.ts'
import { type Footer, INLINE } from '../../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import { inferConcatDim } from '../../../lib/plan/concat-dim.ts'
import type { WriteReport } from '../../../lib/write/parquet/report.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { filesBelow, scratchFolder } from '../../write/scratch.ts'
import { type Row, type SetOptions, streamOf, syntheticSet } from '../../write/synthetic.ts'

const folder = scratchFolder()
const FILL = Uint8Array.of(1, 0)
let count = 0

function write(set: ReferenceSet, recordSize = 4): Promise<WriteReport> {
  return writeParquet(join(folder, `${count++}.parq`), { recordSize })(streamOf(set))
}

const reference = (chunk: number): Row => ({ chunk, path: '/a.nc', offset: chunk + 1, length: 2 })

async function read(
  set: ReferenceSet,
  options?: BodyOptions,
): Promise<{ chunks: number[]; inlined: number[]; paths: Set<string>; footer: Footer }> {
  const chunks: number[] = []
  const inlined: number[] = []
  const paths = new Set<string>()
  for await (const part of set.body(options)) {
    if (part.kind === 'footer') return { chunks, inlined, paths, footer: part }
    const own = [...part.chunk.subarray(0, part.rows)]
    chunks.push(...own)
    inlined.push(...own.filter((_, row) => part.path[row] === INLINE))
    for (const path of part.paths) paths.add(path)
  }
  return assert.fail('no footer')
}

/** Chunks 3 to 5 and 11 are missing and get filled in; chunk 7 is inlined and looks just like those. */
const GAPS: SetOptions = {
  arrays: [{ path: 't', shape: [12], fillValue: FILL }],
  rows: [[0, 1, 2, 6, 7, 8, 9, 10].map((chunk) => (chunk === 7 ? { chunk, raw: FILL } : reference(chunk)))],
}

test('chunks that the sink filled in count as missing again, and they alone', async () => {
  const first = await write(syntheticSet(GAPS))
  assert.deepEqual([first.inlined, first.missing], [5, 0])
  const reason = '4 missing chunks are inlined as the fill value: there is no attribute _FillValue'
  assert.deepEqual(first.notes, [{ path: 't', reason }])
  const set = await openParquetSet(first.path)
  assert.deepEqual([set.header.arrays[0].fillValue, set.header.notes], [FILL, []])
  const { chunks, inlined, footer } = await read(set)
  assert.deepEqual([chunks, inlined, footer.missing], [[0, 1, 2, 6, 7, 8, 9, 10], [7], [4]])
  assert.deepEqual(set.footer, footer)
  assert.deepEqual((await read(set, { from: 4, to: 9 })).chunks, [6, 7, 8])
  assert.deepEqual((await read(set, { from: 4, to: 9 })).footer.missing, [2])
  assert.deepEqual((await read(set, { from: 5, to: 6 })).chunks, [])
  const again = await write(set)
  assert.deepEqual(filesBelow(again.path), filesBelow(first.path))
  assert.deepEqual(again.notes, first.notes)
  const [{ coverage, metadata }] = (await readSetSummary(again.path)).arrays
  const filled = [
    [3, 5],
    [11, 11],
  ]
  assert.deepEqual([coverage?.filled, coverage?.remark, metadata.fillValue], [filled, reason, FILL])
})

test('where filling in was given up half way, a set read again gives it up at the same chunk', async () => {
  const rows = [0, 6001, 12_002, 12_003].map(reference)
  const array = { path: 't', shape: [12_004], fillValue: FILL }
  const first = await write(syntheticSet({ arrays: [array], rows: [rows] }), 5000)
  assert.deepEqual([first.inlined, first.missing], [6000, 6000])
  const set = await openParquetSet(first.path)
  assert.deepEqual(set.footer?.missing, [12_000])
  assert.deepEqual(filesBelow((await write(set, 5000)).path), filesBelow(first.path))
})

test('dimensions that grow are known again', async () => {
  const groups = [
    { path: '', attributes: {}, unlimitedDims: ['t'] },
    { path: 'g', attributes: {} },
  ]
  const { path } = await write(syntheticSet({ ...GAPS, groups }))
  const { header } = await openParquetSet(path)
  assert.deepEqual(header.groups, groups)
  assert.equal(inferConcatDim([header]), 't')
})

test('fewer chunks than were written are an error, never missing ones', async () => {
  const { path } = await write(syntheticSet(GAPS))
  const arrays = [{ path: 't', shape: [12] }]
  const other = await write(syntheticSet({ arrays, rows: [[reference(0), reference(1)]] }))
  writeFileSync(join(path, 't/refs.0.parq'), readFileSync(join(other.path, 't/refs.0.parq')))
  await assert.rejects(read(await openParquetSet(path)), {
    code: 'ERR_KSTREAM_FORMAT',
    message: /shards of t at byte 0: hold 7 chunks, where 8 were written/,
  })
})

test('the footer is not known beforehand where counts do not add up', async () => {
  const { path } = await write(syntheticSet(GAPS))
  const records = join(path, '.kstream/coverage.ndjson')
  writeFileSync(records, readFileSync(records, 'utf8').replace('"references": 7', '"references": 6'))
  assert.equal((await openParquetSet(path)).footer, undefined)
  rmSync(records)
  const foreign = await openParquetSet(path)
  assert.deepEqual([foreign.footer, (await read(foreign)).footer.missing], [undefined, [0]])
})

test('broken records are refused by their line', async () => {
  const { path } = await write(syntheticSet(GAPS))
  const cases: [string, RegExp][] = [
    ['{"path": "t", "outcome": "lost"}', /unknown outcome/],
    ['{"path": "t", "outcome": "referenced", "references": -1}', /references is no count/],
    ['{"path": "t", "outcome": "referenced", "inlined": 1.5}', /inlined is no count/],
    ['{"path": "t", "outcome": "referenced", "filled": [[3, 2]]}', /filled is no ascending list/],
    ['{"path": "t", "outcome": "referenced", "filled": [[3, 4], [4, 5]]}', /filled is no ascending list/],
    ['{"path": "t", "outcome": "referenced", "filled": [[3]]}', /filled is no ascending list/],
    ['{"path": "t", "outcome": "referenced", "fill": "0"}', /fill is no hexadecimal/],
    ['{"path": "t", "outcome": "referenced", "fill": "000000"}', /the fill of t is not an element/],
    ['{"group": "", "unlimited": "t"}', /no list of names/],
    ['[]', /is no object/],
  ]
  for (const [line, message] of cases) {
    writeFileSync(join(path, '.kstream/coverage.ndjson'), `${line}\n`)
    await assert.rejects(openParquetSet(path), { code: 'ERR_KSTREAM_FORMAT', message }, line)
  }
})

test('paths come absolute, without file://; one that leads nowhere from here is refused', async (t) => {
  const row = (path: string): SetOptions => ({
    arrays: [{ path: 't', shape: [1] }],
    rows: [[{ chunk: 0, path, offset: 1, length: 2 }]],
  })
  const pathsOf = async (path: string) => {
    const report = await write(syntheticSet(row(path)))
    return [...(await read(await openParquetSet(report.path))).paths]
  }
  assert.deepEqual(await pathsOf('file:///data/a%20b.nc'), ['/data/a%20b.nc'])
  assert.deepEqual(await pathsOf('s3://bucket/a.nc'), ['s3://bucket/a.nc'])
  const before = process.cwd()
  t.after(() => process.chdir(before))
  writeFileSync(join(folder, 'near.nc'), '')
  process.chdir(folder)
  assert.deepEqual(await pathsOf('./near.nc'), [join(process.cwd(), 'near.nc')])
  await assert.rejects(pathsOf('far.nc'), {
    code: 'ERR_KSTREAM_SOURCE',
    message: /refs\.0\.parq: points at the relative path 'far\.nc', which leads to no file from /,
  })
})

test('a body ends when its signal says so', async () => {
  const { path } = await write(syntheticSet(GAPS))
  const set = await openParquetSet(path)
  const controller = new AbortController()
  await assert.rejects(
    async () => {
      for await (const part of set.body({ signal: controller.signal })) controller.abort(part.kind)
    },
    (reason) => reason === 'batch',
  )
})
