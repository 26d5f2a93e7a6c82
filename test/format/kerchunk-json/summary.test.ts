/** JSON reference sets: what kerchunk wrote, counted by Python; and documents that are strange, broken or hostile. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { FormatError, UnsupportedError } from '../../../lib/errors.ts'
import { detectJson } from '../../../lib/format/kerchunk-json/document.ts'
import { type JsonSummary, readJsonSummary } from '../../../lib/format/kerchunk-json/summary.ts'
import type { ByteSource } from '../../../lib/source/byte-source.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

const EXPECTED = JSON.parse(readFileSync(fixture('kerchunk-json/expected.json'), 'utf8'))

const zarray = (shape: number[], chunks: number[], extra: object = {}) =>
  JSON.stringify({ zarr_format: 2, shape, chunks, dtype: '<f4', fill_value: null, order: 'C', ...extra })

function read(document: string | object): Promise<JsonSummary> {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return readJsonSummary('r.json', {
    open: async (url) => openMemory(new Uint8Array(Buffer.from(text)), url),
  })
}

function counts({ arrays }: JsonSummary): unknown[] {
  return arrays.map(({ metadata, references, inlined, missing, bytes }) => [
    metadata.path,
    references,
    inlined,
    missing,
    bytes,
  ])
}

/** The notes, the array first. */
const notes = (summary: JsonSummary) => summary.notes.map(({ path, reason }) => `${path}: ${reason}`)

async function refused(document: string | object): Promise<FormatError> {
  const error = await read(document).then(
    () => assert.fail('was read'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof FormatError, String(error))
  return error
}

function described(summary: JsonSummary): unknown {
  const arrays = summary.arrays.map(({ metadata, chunks, references, inlined, missing, bytes }) => {
    const { path, shape, chunkShape, dataType, dims } = metadata
    const counted = { grid: chunks, references, inlined, missing, bytes }
    return [path, { shape, chunks: chunkShape, dtype: dataType, dims, ...counted }]
  })
  const groups = summary.groups.map(({ path }) => path).sort()
  return { arrays: Object.fromEntries(arrays), urls: summary.urls, groups }
}

describe('what kerchunk wrote', () => {
  for (const [name, version] of [
    ['joined-v1.json', 1],
    ['single-v0.json', 0],
  ] as const) {
    it(`${name}: metadata and counts as Python finds them`, async () => {
      const summary = await readJsonSummary(fixture(`kerchunk-json/${name}`))
      assert.deepEqual(described(summary), EXPECTED[name])
      assert.equal(summary.version, version)
      assert.deepEqual(summary.notes, [])
      assert.equal(summary.moreUrls, false)
    })

    it(`${name}: the same in any order of keys`, async () => {
      const document = JSON.parse(readFileSync(fixture(`kerchunk-json/${name}`), 'utf8'))
      const reversed = (refs: object) => Object.fromEntries(Object.entries(refs).reverse())
      const turned = version === 0 ? reversed(document) : { refs: reversed(document.refs), version: 1 }
      assert.deepEqual(described(await read(turned)), EXPECTED[name])
    })
  }
})

describe('the specification', () => {
  const temp = { 'temp/.zarray': zarray([4, 3], [2, 3]) }

  it('templates are put in before URLs are told apart, wherever they stand', async () => {
    const refs = {
      ...temp,
      'temp/0.0': ['{{ base }}/a.nc', 10, 20],
      'temp/1.0': ['s3://bucket/a.nc', 30, 40],
    }
    const summary = await read({ version: 1, refs, templates: { base: 's3://bucket' } })
    assert.equal(summary.urls, 1)
    assert.deepEqual(counts(summary), [['temp', 2, 0, 0, 60]])
    const jinja = await read({
      version: 1,
      templates: { f: 'x{{c}}' },
      refs: { ...refs, 'temp/1.0': ["{{f(c='1')}}", 1, 2] },
    })
    assert.match(notes(jinja).join(), /2 URLs need Jinja/)
  })

  it('gen is named as not counted', async () => {
    const gen = [
      { key: 'temp/{{i}}.0', url: 'a.nc', dimensions: { i: { stop: 2 } } },
      { key: 'b', url: 'c', dimensions: {} },
    ]
    const summary = await read({ version: 1, gen, refs: temp })
    assert.deepEqual(counts(summary), [['temp', 0, 0, 2, 0]])
    assert.match(
      notes(summary).join(),
      /^: 'gen' stands for references that are not counted \(2 generators\)$/,
    )
  })

  it('whole files, inlined chunks as strings and objects, and the file that the reader is told', async () => {
    const summary = await read({
      'a/.zarray': zarray([4], [1]),
      'a/0': ['x.nc'],
      'a/1': 'base64:AAAA',
      'a/2': { any: [1, { deep: 2 }] },
      'a/3': [null, 5, 6],
    })
    assert.deepEqual(counts(summary), [['a', 2, 2, 0, 6]])
    assert.equal(summary.arrays[0].wholeFiles, 1)
    assert.equal(summary.urls, 1)
  })

  it('metadata as objects instead of strings, NaN within strings', async () => {
    const summary = await read({
      '.zgroup': { zarr_format: 2 },
      'a/.zarray': JSON.parse(zarray([2], [1], { filters: [{ id: 'zlib', level: 4 }], fill_value: 1.5 })),
      'a/.zattrs': '{"missing": NaN, "_ARRAY_DIMENSIONS": ["x"], "n": 3}',
    })
    const [{ metadata }] = summary.arrays
    assert.deepEqual(metadata.codecs, [{ id: 'zlib', level: 4 }])
    assert.deepEqual(metadata.dims, ['x'])
    assert.deepEqual(metadata.attributes, { missing: Number.NaN, n: 3n })
    assert.deepEqual(metadata.fillValue, new Uint8Array(Float32Array.of(1.5).buffer))
  })

  it("the separator '/', scalars, and arrays at the root", async () => {
    const summary = await read({
      'g/a/.zarray': zarray([2, 2, 2], [1, 1, 2], { dimension_separator: '/' }),
      'g/a/0/1/0': ['x', 0, 1],
      'g/a/1/1/0': ['x', 0, 1],
      's/.zarray': zarray([], []),
      's/0': ['x', 0, 4],
    })
    assert.deepEqual(counts(summary), [
      ['g/a', 2, 0, 2, 2],
      ['s', 1, 0, 0, 4],
    ])
    assert.deepEqual(summary.notes, [])
    assert.deepEqual(counts(await read({ '.zarray': zarray([2], [1]), '1': ['x', 0, 9] })), [
      ['', 1, 0, 1, 9],
    ])
  })

  it('keys given twice, beyond the grid, and of no array are named', async () => {
    const text = `{"a/.zarray": ${JSON.stringify(zarray([2], [1]))}, "a/0": ["x", 0, 1], "a/0": ["x", 1, 1],
      "a/2": ["x", 0, 1], "a/00": "y", "b/0": "z", "a/x": "q"}`
    const summary = await read(text)
    assert.deepEqual(counts(summary), [['a', 1, 0, 1, 1]])
    assert.deepEqual(notes(summary), [
      ': 1 keys belong to no array, the first is "b/0"',
      'a: 1 chunks are given more than once; the last one counts',
      'a: 3 keys are no chunks of its grid',
    ])
  })

  it('a grid of any size costs nothing', async () => {
    const summary = await read({
      'a/.zarray': zarray([2 ** 31, 2 ** 20], [1, 1]),
      'a/2147483647.1048575': ['x', 0, 1],
    })
    assert.deepEqual(counts(summary), [['a', 1, 0, 2 ** 51 - 1, 1]])
  })

  it('more URLs than are kept are said to be more', async () => {
    const refs: Record<string, unknown> = { 'a/.zarray': zarray([100_001], [1]) }
    for (let index = 0; index <= 100_000; index++) refs[`a/${index}`] = [`f${index}.nc`, 0, 1]
    const summary = await read(refs)
    assert.deepEqual([summary.urls, summary.moreUrls], [100_000, true])
    assert.deepEqual(counts(summary), [['a', 100_001, 0, 0, 100_001]])
  })
})

describe('what is refused', () => {
  it('says the byte at which it stops being JSON, and the last key', async () => {
    const valid = `{"é/.zarray": ${JSON.stringify(zarray([9], [1]))}, "é/0": [`
    const error = await refused(`${valid}NaN, 1, 2]}`)
    assert.equal(error.offset, Buffer.byteLength(valid))
    assert.match(error.message, /no JSON here, after the key "é\/0"/)
  })

  it('finds the place in the middle of a long document', async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `"a/${index}": ["file.nc", ${index}, 5]`)
    const start = `{"a/.zarray": ${JSON.stringify(zarray([20_000], [1]))}, ${keys.join(', ')}, "a/x": `
    assert.ok(start.length > 2 * 2 ** 18)
    const error = await refused(`${start}[7, 1, 2], "a/y": "z"}`)
    assert.equal(error.offset, start.length + '[7, 1, 2'.length)
    assert.match(error.message, /neither a string, nor .*, after the key "a\/x"/)
  })

  it('every document that is cut short', async () => {
    const whole = JSON.stringify({
      version: 1,
      templates: { u: 'a' },
      gen: [{ key: 'k' }],
      refs: { '.zgroup': '{"zarr_format":2}', 'a/.zarray': zarray([2], [1]), 'a/0': ['\\u00e9\n', 10, 20] },
    })
    await read(whole)
    for (let length = 1; length < whole.length; length++) {
      const error = await refused(whole.slice(0, length))
      assert.ok(error.offset <= length)
    }
  })

  it('values that are no references, and documents that are no sets', async () => {
    const wrong = [
      1,
      true,
      [],
      [1, 2, 3],
      ['u', 1],
      ['u', -1, 2],
      ['u', 1.5, 2],
      ['u', 0, 1, 2],
      ['u', [1], 2],
    ]
    for (const value of wrong) {
      assert.match((await refused({ 'a/0': value })).message, /neither a string, nor/, JSON.stringify(value))
    }
    assert.match((await refused('[1]')).message, /a list/)
    assert.match((await refused({ hello: 'world' })).message, /no Zarr metadata/)
    assert.match((await refused({ version: 2, refs: {} })).message, /version 2/)
    assert.match((await refused({ refs: {}, 'a/0': 'x' })).message, /within and beside/)
    assert.match((await refused({ 'a/.zarray': '{' })).message, /a\/\.zarray is not JSON/)
    assert.match((await refused({ 'a/.zarray': zarray([2], [0]) })).message, /chunks is no list of extents/)
    assert.match((await refused(`{}{}`)).message, /no JSON/)
  })

  it('nesting, names and metadata beyond every measure', async () => {
    assert.match((await refused(`{"gen": ${'['.repeat(1_000_000)}`)).message, /nested deeper than 64/)
    assert.match((await refused(`{"${'k'.repeat(600_000)}": 1}`)).message, /more than 4096 characters/)
    assert.match((await refused({ a: ['u'.repeat(20_000), 0, 1] })).message, /more than 16384/)
    assert.match((await refused(`{"a": ["u", ${'1'.repeat(600_000)}, 1]}`)).message, /more than 32/)
    assert.match((await refused({ '.zattrs': 'x'.repeat(2 ** 24 + 1) })).message, /more than 16777216/)
    assert.match((await refused({ '.zattrs': { x: 'x'.repeat(2 ** 24) } })).message, /more than 16777216/)
  })

  it('what is not UTF-8', async () => {
    const open = async () => openMemory(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 'r.json')
    await assert.rejects(readJsonSummary('r.json', { open }), /is not UTF-8/)
  })

  it('Zarr format 3, by name', async () => {
    await assert.rejects(read({ 'a/zarr.json': '{}' }), UnsupportedError)
    await assert.rejects(read({ 'a/.zarray': zarray([1], [1], { zarr_format: 3 }) }), UnsupportedError)
  })
})

it('memory does not grow with the document', async () => {
  // 29 MB of references that are made as they are read.
  const head = Buffer.from(`{"a/.zarray": ${JSON.stringify(zarray([2 ** 21], [1]))}`)
  const row = (index: number) => `, "a/${index + 2 ** 20}": ["/data/file.nc", ${2 ** 40 + index}, 12345]`
  const width = row(0).length
  const rows = 2 ** 19
  const size = head.length + rows * width + 1
  const source: ByteSource = {
    url: 'made.json',
    size,
    info: { url: 'made.json', size },
    async read(offset, length) {
      const first = Math.max(0, Math.floor((offset - head.length) / width))
      const last = Math.min(rows, Math.ceil((offset + length - head.length) / width))
      const start = first === 0 ? 0 : head.length + first * width
      const text = Array.from({ length: last - first }, (_, index) => row(first + index)).join('')
      const bytes = Buffer.from((first === 0 ? head.toString() : '') + text + (last === rows ? '}' : ''))
      return new Uint8Array(bytes.subarray(offset - start, offset - start + length))
    },
    async close() {},
  }
  let most = 0
  const watch: ByteSource = {
    ...source,
    async read(offset, length, options) {
      most = Math.max(most, process.memoryUsage().heapUsed)
      return source.read(offset, length, options)
    },
  }
  const before = process.memoryUsage().heapUsed
  const summary = await readJsonSummary('made.json', { open: async () => watch })
  assert.deepEqual(counts(summary), [['a', rows, 0, 2 ** 21 - rows, rows * 12345]])
  assert.ok(size > 25e6 && most - before < 150e6, `${size} bytes of JSON, ${most - before} of memory`)
})

it('an object is told from other files by its first byte', () => {
  const detected = (text: string) => detectJson(new Uint8Array(Buffer.from(text)))
  assert.ok(['{', ' \r\n\t{"a"', '\u{feff}{}'].every(detected))
  assert.ok(!['', '[1]', '"{"', '\x89HDF\r\n', ' '].some(detected))
})
