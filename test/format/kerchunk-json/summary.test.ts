/** JSON reference sets: what kerchunk wrote, counted by Python; and what the specification allows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { detectJson } from '../../../lib/format/kerchunk-json/document.ts'
import { type JsonSummary, readJsonSummary } from '../../../lib/format/kerchunk-json/summary.ts'
import type { ByteSource } from '../../../lib/source/byte-source.ts'
import { fixture } from '../../fixture.ts'
import { zarray } from './document-set.ts'
import { readSummary as read } from './document-summary.ts'

const EXPECTED = JSON.parse(readFileSync(fixture('kerchunk-json/expected.json'), 'utf8'))

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
    assert.match(notes(jinja).join(), /1 URLs need Jinja/)
  })

  it('references of gen are counted; what cannot be told is named', async () => {
    const gen = [
      {
        key: 'temp/{{i}}.0',
        url: '{{u}}/a.nc',
        offset: '{{i}}',
        length: '7',
        dimensions: { i: { stop: 1 } },
      },
      { key: 'b', url: 'c', dimensions: {} },
    ]
    const templates = { u: 's3://x' }
    const summary = await read({ version: 1, gen, refs: temp, templates })
    assert.deepEqual(counts(summary), [['temp', 1, 0, 1, 7]])
    assert.equal(summary.urls, 2)
    assert.deepEqual(notes(summary), [': 1 keys belong to no array, the first is "b"'])
    const endless = [{ key: 'temp/{{i}}.0', url: 'a.nc', dimensions: { i: { stop: 900_000_000 } } }]
    const unknown = await read({ version: 1, gen: endless, refs: temp })
    assert.deepEqual(counts(unknown), [['temp', 0, 0, 2, 0]])
    assert.match(
      notes(unknown).join(),
      /^: 'gen' stands for references that are not all counted: .*900000000/,
    )
  })

  it('Zarr v3', async () => {
    const summary = await read({
      'zarr.json': { zarr_format: 3, node_type: 'group' },
      'a/zarr.json': {
        zarr_format: 3,
        node_type: 'array',
        shape: [4],
        data_type: 'int16',
        chunk_grid: { name: 'regular', configuration: { chunk_shape: [1] } },
        chunk_key_encoding: { name: 'default' },
        fill_value: 0,
        codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
      },
      'a/c/0': ['x', 1, 2],
      'a/c/2': ['x', 3, 4],
      'a/c/9': ['x', 3, 4],
    })
    assert.deepEqual(counts(summary), [['a', 2, 0, 2, 6]])
    assert.deepEqual(notes(summary), ['a: 1 keys are no chunks of its grid'])
    assert.deepEqual(
      summary.groups.map(({ path }) => path),
      [''],
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
