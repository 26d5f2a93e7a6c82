/** NDJSON as any tool may write it: by hand, in any order, and what no number may lose. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { SourceError } from '../../../lib/errors.ts'
import { detect } from '../../../lib/format/ndjson/index.ts'
import type { ArrayMetadata, Attributes } from '../../../lib/model/metadata.ts'
import { scratchFolder } from '../../write/scratch.ts'
import { syntheticSet } from '../../write/synthetic.ts'
import { linesOf, openLines, openSources, rowsOf } from './ndjson-file.ts'

const ARRAY = { path: 'g/t', shape: [3, 4], chunkShape: [1, 2], dataType: '<f4' }
const HEADER = { kind: 'header', arrays: [ARRAY] }
const reference = (chunk: string, more: object = {}) => ({
  kind: 'reference',
  array: 'g/t',
  chunk,
  path: '/data/a.nc',
  offset: 10,
  length: 5,
  ...more,
})

describe('a file written by hand', () => {
  it('needs no more than arrays and references', async () => {
    const set = await openLines([HEADER, reference('2.1'), reference('0.0')])
    assert.deepEqual(
      set.header.groups.map(({ path }) => path),
      ['', 'g'],
    )
    assert.deepEqual(set.header.arrays, [
      { ...ARRAY, dims: ['dim_0', 'dim_1'], attributes: {}, fillValue: null, codecs: [] },
    ])
    assert.match(set.header.notes[0].reason, /sources are not listed/)
    const { rows, footer } = await rowsOf(set)
    assert.deepEqual(rows, { 'g/t/0.0': ['/data/a.nc', 10, 5, 0], 'g/t/2.1': ['/data/a.nc', 10, 5, 0] })
    assert.deepEqual(footer, {
      kind: 'footer',
      shapes: [[3, 4]],
      missing: [4],
      dropped: [],
      coverage: { arrays: [{ path: 'g/t', outcome: 'referenced' }], notes: set.header.notes },
    })
    assert.equal(openSources(), 0)
  })

  it('has whole files, inlined chunks, masks, blank lines, and members of its own', async () => {
    const set = await openLines([
      '\ufeff',
      { ...HEADER, tool: { name: 'x' } },
      '',
      { kind: 'reference', array: 'g/t', chunk: '0.0', path: 's3://b/ä.nc', by: [1] },
      ' \t\r',
      '{"chunk": "0.1", "inline": "AQID", "array": "g\\/t", "kind": "reference", "filterMask": 4294967295}\r',
      reference('1.0', { offset: 1e15, filterMask: 2 }),
      { kind: 'reference', array: 'g/t', chunk: '1.1', inline: '' },
    ])
    assert.deepEqual((await rowsOf(set)).rows, {
      'g/t/0.0': ['s3://b/ä.nc', 0, 0, 0],
      'g/t/0.1': ['010203', 4294967295],
      'g/t/1.0': ['/data/a.nc', 1e15, 5, 2],
      'g/t/1.1': ['', 0],
    })
  })

  it('may leave extents to its footer, of any axis', async () => {
    for (const shape of [
      [null, 4],
      [3, null],
      [null, null],
    ]) {
      const header = { kind: 'header', arrays: [{ ...ARRAY, shape }] }
      const footer = { kind: 'footer', arrays: [{ path: 'g/t', shape: [3, 4], missing: 4 }] }
      const set = await openLines([header, reference('2.1'), reference('0.1'), footer, ''])
      const { rows, footer: read } = await rowsOf(set)
      assert.deepEqual([read.shapes, read.missing], [[[3, 4]], [4]])
      assert.equal(Object.keys(rows).length, 2)
    }
  })

  it('sorts on disk in little memory, and gives the part that is asked for', async () => {
    const chunks = Array.from({ length: 5000 }, (_, index) => (index * 7919) % 5000)
    const header = { kind: 'header', arrays: [{ ...ARRAY, shape: [5000, 2] }] }
    const lines = chunks.map((chunk) => reference(`${chunk}.0`, { offset: chunk + 1 }))
    const set = await openLines([header, ...lines], { memoryBytes: 1 << 12 })
    const { rows, footer } = await rowsOf(set)
    assert.deepEqual(
      rows,
      Object.fromEntries(chunks.map((chunk) => [`g/t/${chunk}.0`, ['/data/a.nc', chunk + 1, 5, 0]])),
    )
    assert.deepEqual(footer.missing, [0])
    const part = await rowsOf(set, { from: 4990, to: 6000 })
    assert.equal(Object.keys(part.rows).length, 10)
    assert.deepEqual((await rowsOf(set, { arrays: [] })).rows, {})
  })

  it('may have relative paths where they lead to files', async () => {
    const file = join(scratchFolder(), 'here.nc')
    writeFileSync(file, 'x')
    const near = await openLines([HEADER, reference('0.0', { path: relative(process.cwd(), file) })])
    assert.deepEqual((await rowsOf(near)).rows, { 'g/t/0.0': [file, 10, 5, 0] })
    const far = await openLines([HEADER, reference('0.0', { path: 'nowhere.nc' })])
    await assert.rejects(
      rowsOf(far),
      (error) => error instanceof SourceError && /nowhere\.nc/.test(error.message),
    )
  })
})

it('is told by its beginning', () => {
  const is = (text: string) => detect(Buffer.from(text))
  assert.ok(is('{"kind":"header"'))
  assert.ok(is('\ufeff \n{ "kind" : "header" }'))
  assert.ok(!is('{"version":1,"kind":"header"}'))
  assert.ok(!is('{"kind":"footer"}'))
  assert.ok(!is(''))
})

describe('numbers', () => {
  const array = (more: Partial<ArrayMetadata>): ArrayMetadata => ({
    path: 'x',
    dims: [],
    attributes: {},
    shape: [],
    chunkShape: [],
    dataType: '<f8',
    fillValue: null,
    codecs: [],
    ...more,
  })

  it('of attributes stay what they are, and texts stay texts', async () => {
    const attributes: Attributes = {
      nan: Number.NaN,
      list: [1, 2n, Number.POSITIVE_INFINITY, -0, 1e300],
      text: 'NaN',
      both: ['NaN', Number.NaN, { deep: [Number.NEGATIVE_INFINITY, '-Infinity'] }, null, true],
      big: 2n ** 64n - 1n,
      __proto__x: 'a',
    }
    const set = syntheticSet({
      arrays: [array({ attributes })],
      rows: [[]],
      groups: [{ path: '', attributes }],
    })
    const text = await linesOf(set)
    JSON.parse(text.split('\n')[0])
    const { header } = await openLines(text)
    assert.deepEqual(header, set.header)
  })

  it('of fill values stay bit by bit', async () => {
    const fills: [ArrayMetadata['dataType'], number[]][] = [
      ['<f4', [1, 0, 0xc0, 0x7f]],
      ['<f4', [0, 0, 0xc0, 0x7f]],
      ['>f8', [0x80, 0, 0, 0, 0, 0, 0, 0]],
      ['<i8', [2, 0, 0, 0, 0, 0, 0, 0x80]],
      ['<c8', [1, 0, 0x80, 0xff, 0, 0, 0, 0]],
      ['|S3', [0x61, 0, 0]],
      ['<U1', [0, 0xd8, 0, 0]],
      ['|b1', [2]],
      ['|O', [0, 0, 0, 0, 0, 0, 0, 0]],
      [
        [
          ['a', '<i2'],
          ['b', '|V1', [2]],
          ['c', [['d', '<f4']]],
        ],
        [1, 2, 3, 4, 5, 6, 7, 8],
      ],
    ]
    const arrays = fills.map(([dataType, bytes], index) =>
      array({ path: `x${index}`, dataType, fillValue: Uint8Array.from(bytes) }),
    )
    const set = syntheticSet({ arrays, rows: arrays.map(() => []) })
    assert.deepEqual((await openLines(await linesOf(set))).header, set.header)
  })
})
