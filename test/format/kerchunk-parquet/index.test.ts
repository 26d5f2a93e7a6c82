/** A set that fsspec wrote, read by us: the references are those that fsspec reads. */
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { chunkKey, gridShape } from '../../../lib/model/chunk-grid.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import { fixture } from '../../fixture.ts'

const SET = fixture('kerchunk-parquet/tiny')

interface Read {
  readonly references: Record<string, string | [string, number, number]>
  readonly footer: Footer
}

function describeRow(batch: ReferenceBatch, row: number): string | [string, number, number] {
  const raw = batch.raw?.[row]
  if (batch.path[row] === INLINE) return Buffer.from(raw ?? assert.fail('no bytes')).toString('base64')
  return [batch.paths[batch.path[row]], batch.offset[row], batch.length[row]]
}

async function readAll(set: ReferenceSet, options?: BodyOptions): Promise<Read> {
  const references: Read['references'] = {}
  for await (const item of set.body(options)) {
    if (item.kind === 'footer') return { references, footer: item }
    const { path, shape, chunkShape } = set.header.arrays[item.array]
    const grid = gridShape(
      shape.map((extent) => extent ?? assert.fail('open shape')),
      chunkShape,
    )
    for (let row = 0; row < item.rows; row++) {
      references[`${path}/${chunkKey(item.chunk[row], grid)}`] = describeRow(item, row)
    }
  }
  return assert.fail('no footer')
}

test('the references are those that fsspec reads', async () => {
  const expected = JSON.parse(await readFile(fixture('kerchunk-parquet/tiny.expected.json'), 'utf8'))
  const { references, footer } = await readAll(await openParquetSet(SET))
  assert.deepEqual(references, expected)
  assert.deepEqual(footer.missing, [5, 0, 0, 0, 0])
})

test('a range of one array reads as such', async () => {
  const set = await openParquetSet(SET)
  const { references } = await readAll(set, { arrays: [0], from: 1, to: 9 })
  assert.deepEqual(Object.keys(references), ['temp/1.0', 'temp/3.0', 'temp/8.0'])
  assert.deepEqual((await readAll(set, { arrays: [0], from: 4, to: 8 })).references, {})
})

test('metadata keeps types, codecs, fills and integers apart from floats', async () => {
  const { header } = await openParquetSet(SET)
  const [temp, time, scalar, code, count] = header.arrays
  assert.deepEqual(
    header.arrays.map(({ path, dims, shape }) => [path, dims, shape]),
    [
      ['temp', ['time', 'x'], [10, 4]],
      ['time', ['time'], [10]],
      ['scalar', [], []],
      ['deep/code', ['x'], [2]],
      ['deep/count', ['y'], [3]],
    ],
  )
  assert.deepEqual(temp.codecs, [
    { id: 'shuffle', elementsize: 4 },
    { id: 'zlib', level: 4 },
  ])
  assert.deepEqual(temp.attributes, {
    valid_min: -2,
    count: 3n,
    missing: Number.NaN,
    top: Number.POSITIVE_INFINITY,
    note: 'NaN, 1 and é',
    // xarray takes the fill value of a set that kstream did not write for it.
    _FillValue: Number.NaN,
  })
  assert.deepEqual(temp.fillValue, Uint8Array.of(0x7f, 0xc0, 0, 0))
  assert.equal(time.attributes.big, 9223372036854775807n)
  assert.equal(time.fillValue, null)
  assert.deepEqual(scalar.fillValue, Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0x80))
  assert.deepEqual(code.fillValue, new TextEncoder().encode('abc'))
  assert.deepEqual(count.fillValue, Uint8Array.of(255))
  assert.deepEqual(header.groups, [
    { path: '', attributes: { title: 'tiny' } },
    { path: 'deep', attributes: {} },
  ])
})

test('a shard that cannot be read is an error, never fill values', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(SET, folder, { recursive: true })
  await writeFile(join(folder, 'temp', 'refs.0.parq'), 'not a Parquet file, but long enough for a footer')
  const set = await openParquetSet(folder)
  await assert.rejects(readAll(set), (error: Error) => {
    assert.ok(isKStreamError(error, 'ERR_KSTREAM_FORMAT'))
    assert.match(error.message, /temp\/refs\.0\.parq/)
    return true
  })
})

test('a shard that the coverage lists and that is lost is an error, never fill values', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(SET, folder, { recursive: true })
  await mkdir(join(folder, '.kstream'))
  const line = {
    path: 'temp',
    outcome: 'referenced',
    references: 4,
    inlined: 1,
    missing: 5,
    shards: [[0, 2]],
  }
  await writeFile(join(folder, '.kstream', 'coverage.ndjson'), `${JSON.stringify(line)}\n`)
  const set = await openParquetSet(folder)
  for (const range of [{}, { from: 5, to: 6 }]) {
    await assert.rejects(readAll(set, { arrays: [0], ...range }), (error: Error) => {
      assert.ok(isKStreamError(error, 'ERR_KSTREAM_SOURCE'))
      assert.match(error.message, /temp\/refs\.1\.parq/)
      return true
    })
  }
})

test('a grid of 10^15 chunks is read no slower than its shards', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(SET, folder, { recursive: true })
  const text = await readFile(join(folder, '.zmetadata'), 'utf8')
  await writeFile(join(folder, '.zmetadata'), text.replace('"shape":[10,4]', '"shape":[1000000000000000,4]'))
  const { references } = await readAll(await openParquetSet(folder), { arrays: [0] })
  assert.equal(Object.keys(references).length, 5)
})

test('broken metadata is refused by name', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-'))
  t.after(() => rm(folder, { recursive: true }))
  const cases: [string, RegExp][] = [
    ['{', /not JSON/],
    ['{"metadata": {}}', /record_size is missing/],
    ['{"record_size": 5}', /metadata is missing/],
    ['{"record_size": 5, "metadata": {"a/.zarray": {"shape": [-1], "chunks": [1]}}}', /a\/\.zarray shape/],
    ['{"record_size": 5, "metadata": {"a/.zarray": {"shape": [1], "chunks": [0]}}}', /a\/\.zarray chunks/],
    [
      '{"record_size": 5, "metadata": {"a/.zarray": {"shape": [1], "chunks": [1], "dtype": "<f4", "fill_value": "x"}}}',
      /a\/\.zarray fill_value/,
    ],
  ]
  const array = (path: string, zarray: string) =>
    `{"record_size": 5, "metadata": {"${path}/.zarray": {"shape": [4], "chunks": [1], ${zarray}}}}`
  const deep = `${'[["a", '.repeat(50)}"<i2"${']]'.repeat(50)}`
  cases.push(
    [array('../a', '"dtype": "<i2"'), /leads out of the set/],
    [array('/a', '"dtype": "<i2"'), /leads out of the set/],
    [array('a', '"dtype": "quux"'), /is no data type/],
    [array('a', '"dtype": "|V99999999999", "fill_value": ""'), /has elements over/],
    [array('a', `"dtype": ${deep}`), /structures more than 32 deep/],
    [array('a', '"dtype": "<i2"').replace('[4]', '[9007199254740993]'), /no list of extents/],
    [
      array('a', '"dtype": "<i2"').replace('[4]', '[9007199254740991, 9]').replace('[1]', '[1, 1]'),
      /beyond count/,
    ],
  )
  for (const [text, message] of cases) {
    await writeFile(join(folder, '.zmetadata'), text)
    await assert.rejects(openParquetSet(folder), (error: Error) => {
      assert.ok(isKStreamError(error, 'ERR_KSTREAM_FORMAT'), text)
      assert.match(error.message, message)
      return true
    })
  }
})
