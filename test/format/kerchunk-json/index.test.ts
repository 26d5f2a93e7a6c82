/** JSON reference sets as inputs: what kerchunk wrote, row for row, in any order of keys; and what the specification allows. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { SourceError } from '../../../lib/errors.ts'
import { formats } from '../../../lib/format/registry.ts'
import { chunkCount, chunkKey, gridShape } from '../../../lib/model/chunk-grid.ts'
import { fixture } from '../../fixture.ts'
import { bodyOf, openSet, readRefs, refsOf, zarray } from './document-set.ts'

const EXPECTED = JSON.parse(readFileSync(fixture('kerchunk-json/expected.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'kstream-json-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** The chunks of kerchunk's document as fsspec reads them. */
function plainRefs(refs: Record<string, unknown>): Record<string, unknown> {
  const chunks = Object.entries(refs).filter(([key]) => !/\.z[a-z]+$/.test(key))
  return Object.fromEntries(
    chunks.map(([key, value]) => {
      if (typeof value !== 'string') return [key, value]
      const base64 = value.startsWith('base64:')
      return [key, Buffer.from(base64 ? value.slice(7) : value, base64 ? 'base64' : 'utf8').toString('hex')]
    }),
  )
}

describe('what kerchunk wrote', () => {
  for (const name of ['joined-v1.json', 'single-v0.json']) {
    const text = readFileSync(fixture(`kerchunk-json/${name}`), 'utf8').replaceAll('"ocean/', '"/data/ocean/')
    const document = JSON.parse(text)
    const refs = document.refs ?? document

    it(`${name}: every reference, and the counts that Python finds`, async () => {
      const set = await openSet(text)
      const { batches, footer } = await bodyOf(set)
      assert.deepEqual(refsOf(set, batches), plainRefs(refs))
      assert.deepEqual([...new Set(set.header.groups.map(({ path }) => path))], [''])
      for (const [index, { path }] of set.header.arrays.entries()) {
        const { shape, missing } = EXPECTED[name].arrays[path]
        assert.deepEqual([footer.shapes[index], footer.missing[index]], [shape, missing])
      }
      assert.equal(set.header.arrays.length, Object.keys(EXPECTED[name].arrays).length)
      assert.deepEqual(footer.dropped, [])
      assert.deepEqual(set.sources, [])
      assert.match(set.header.notes.map(({ reason }) => reason).join(), /does not record the sizes/)
    })

    it(`${name}: the same rows in any order of keys, and a second time`, async () => {
      const turned = Object.fromEntries(Object.entries(refs).reverse())
      const set = await openSet(document.refs ? { refs: turned, version: 1 } : turned)
      for (let reading = 0; reading < 2; reading++) {
        assert.deepEqual(refsOf(set, (await bodyOf(set)).batches), plainRefs(refs))
      }
    })

    it(`${name}: only what is asked for`, async () => {
      const set = await openSet(text)
      const temp = set.header.arrays.findIndex(({ path }) => path === 'temp')
      const { shape, chunkShape } = set.header.arrays[temp]
      const grid = gridShape(shape.map(Number), chunkShape)
      const options = { arrays: [temp], from: 5, to: 20 }
      const { batches, footer } = await bodyOf(set, options)
      const wanted = Array.from({ length: 15 }, (_, index) => `temp/${chunkKey(5 + index, grid)}`)
      const all = plainRefs(refs)
      assert.deepEqual(refsOf(set, batches), Object.fromEntries(wanted.map((key) => [key, all[key]])))
      assert.equal(footer.missing[temp], 0)
      const beyond = await bodyOf(set, { arrays: [temp], from: chunkCount(grid) + 5 })
      assert.deepEqual([beyond.batches, beyond.footer.missing[temp]], [[], 0])
    })
  }
})

describe('the specification', () => {
  it('templates, wherever they stand', async () => {
    const refs = {
      'a/1': ['{{ base }}/x.nc', 10, 20],
      'a/0': ['s3://bucket/x.nc', 1, 2],
      'a/.zarray': zarray([2], [1]),
    }
    const found = await readRefs({ version: 1, refs, templates: { base: 's3://bucket' } })
    assert.deepEqual(found, { 'a/0': ['s3://bucket/x.nc', 1, 2], 'a/1': ['s3://bucket/x.nc', 10, 20] })
  })

  it('file:// URLs as fsspec takes them; relative paths from the working directory, where they lead to a file', async () => {
    const of = (url: string) => readRefs({ 'a/.zarray': zarray([1], [1]), 'a/0': [url, 1, 2] })
    assert.deepEqual(await of('file:///data/a%20b.nc'), { 'a/0': ['/data/a%20b.nc', 1, 2] })
    assert.deepEqual(await of('https://host/a.nc'), { 'a/0': ['https://host/a.nc', 1, 2] })
    const before = process.cwd()
    process.chdir(folder)
    try {
      writeFileSync('near.nc', 'x')
      assert.deepEqual(await of('near.nc'), { 'a/0': [join(process.cwd(), 'near.nc'), 1, 2] })
      await assert.rejects(
        of('far.nc'),
        (error) => error instanceof SourceError && /'far\.nc'/.test(error.message),
      )
    } finally {
      process.chdir(before)
    }
  })

  it("the separator '/', scalars, text that is not ASCII, and metadata in base64", async () => {
    const metadata = Buffer.from(zarray([2, 2], [1, 1], { dimension_separator: '/' })).toString('base64')
    const set = await openSet({
      '.zgroup': '{"zarr_format": 2}',
      'g/a/.zarray': `base64:${metadata}`,
      'g/a/1/0': ['/x', 0, 1],
      'g/a/0/1': 'é',
      's/.zarray': zarray([], []),
      's/0': ['/x', 4, 4],
    })
    const { batches, footer } = await bodyOf(set)
    assert.deepEqual(refsOf(set, batches), {
      'g/a/0.1': 'c3a9',
      'g/a/1.0': ['/x', 0, 1],
      's/0': ['/x', 4, 4],
    })
    assert.deepEqual(footer.missing, [2, 0])
  })

  it('json2 strings as vlen-utf8: both encodings made by numcodecs 0.16', async () => {
    const json2 = { dtype: '|O', filters: [{ id: 'json2', encoding: 'utf-8', strict: true }] }
    const line = '["temp","", "\\u00e9\\"x","\\u65e5\\u672c","|O",[4]]'
    const square = '[["temp",""],["\\u00e9\\"x","\\u65e5\\u672c"],"|O",[2,2]]'
    const vlen = '040000000400000074656d700000000004000000c3a9227806000000e697a5e69cac'
    const set = await openSet({
      'a/.zarray': zarray([4], [4], json2),
      'a/0': line,
      'b/.zarray': zarray([2, 2], [2, 2], json2),
      'b/0.0': `base64:${Buffer.from(square).toString('base64')}`,
      'c/.zarray': zarray([], [], json2),
      'c/0': '["one","|O",[]]',
    })
    const { batches, footer } = await bodyOf(set)
    assert.deepEqual(refsOf(set, batches), { 'a/0': vlen, 'b/0.0': vlen, 'c/0': '01000000030000006f6e65' })
    assert.deepEqual(
      set.header.arrays.map(({ codecs }) => codecs),
      [[{ id: 'vlen-utf8' }], [{ id: 'vlen-utf8' }], [{ id: 'vlen-utf8' }]],
    )
    assert.deepEqual(
      footer.coverage.arrays.map(({ outcome }) => outcome),
      ['copied', 'copied', 'copied'],
    )
    for (const [wrong, problem] of [
      ['[1,"|O",[1]]', /no strings/],
      ['[null,"|O",[1]]', /no strings/],
      ['["a","b","|O",[2]]', /2 strings for 1/],
      ['["a"]', /a type and a shape/],
      ['{', /not JSON/],
    ] as const) {
      await assert.rejects(readRefs({ 'a/.zarray': zarray([1], [1], json2), 'a/0': wrong }), problem)
    }
  })

  it('the fill value is the attribute _FillValue too, as for xarray, unless there is one', async () => {
    const of = async (dtype: string, fill_value: unknown, attributes: object = {}) => {
      const metadata = zarray([1], [1], { dtype, fill_value })
      const { header } = await openSet({ 'a/.zarray': metadata, 'a/.zattrs': attributes })
      return header.arrays[0].attributes
    }
    assert.deepEqual(await of('<f4', -1.0000000200408773e20), { _FillValue: -1.0000000200408773e20 })
    assert.deepEqual(await of('>f8', 'NaN', { units: 'K' }), { units: 'K', _FillValue: Number.NaN })
    assert.deepEqual(await of('>i2', -999), { _FillValue: -999n })
    assert.deepEqual(await of('|S2', 'IA=='), {})
    assert.deepEqual(await of('<f4', 5, { _FillValue: 7.5 }), { _FillValue: 7.5 })
    assert.deepEqual(await of('<f4', 0, { _FillValue: 'AAAAAAAA+H8=' }), { _FillValue: Number.NaN })
    assert.deepEqual(await of('<f4', null), {})
    assert.deepEqual(await of('|b1', false), {})
  })

  it('is found by its first byte, after HDF5', () => {
    const found = (text: string) => formats.find(({ detect }) => detect(Buffer.from(text, 'latin1')))?.name
    assert.equal(found(' {"version": 1}'), 'kerchunk-json')
    assert.equal(found('\x89HDF\r\n\x1a\n'), 'hdf5')
    assert.equal(found('[1]'), undefined)
  })
})
