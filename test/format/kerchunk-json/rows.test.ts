/** The rows of JSON reference sets: whole files, chunks of no bytes, generated references, Zarr v3, and the order of keys. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FormatError } from '../../../lib/errors.ts'
import { INLINE } from '../../../lib/model/reference-batch.ts'
import { bodyOf, openSet, readRefs, refsOf, zarray } from './document-set.ts'

/** `zarr.json` of an array. */
const node = (shape: number[], chunks: number[], encoding: object = { name: 'default' }) =>
  JSON.stringify({
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: 'float32',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
    chunk_key_encoding: encoding,
    fill_value: 0,
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
  })

const plainOrNot = [{ plain: true }, { plain: false }]

describe('rows', () => {
  it('a whole file is offset 0 and length 0, a chunk of no bytes is inlined', async () => {
    for (const options of plainOrNot) {
      const set = await openSet(
        {
          'a/.zarray': zarray([6], [1]),
          'a/0': ['/whole.nc'],
          'a/1': ['/x.nc', 5, 0],
          'a/2': ['/x.nc', 0, 0],
          'a/3': ['/x.nc', 0, 7],
          'a/4': '',
          'z/.zarray': zarray([], []),
        },
        options,
      )
      const { batches, footer } = await bodyOf(set)
      assert.deepEqual(refsOf(set, batches), {
        'a/0': ['/whole.nc', 0, 0],
        'a/1': '',
        'a/2': '',
        'a/3': ['/x.nc', 0, 7],
        'a/4': '',
      })
      const [{ path, raw }] = batches
      assert.deepEqual(
        [...path.subarray(0, 5)].map((index) => index === INLINE),
        [false, true, true, false, true],
      )
      assert.deepEqual(
        raw?.map((bytes) => bytes?.length),
        [undefined, 0, 0, undefined, 0],
      )
      assert.deepEqual(footer.missing, [1, 1])
    }
  })

  it('braces in URLs stand for themselves in version 0', async () => {
    for (const options of plainOrNot) {
      const document = { 'a/.zarray': zarray([2], [1]), 'a/0': ['/{{u}}/x.nc', 5, 3], 'a/1': ['/x', 1, 2] }
      assert.deepEqual(await readRefs(document, options), {
        'a/0': ['/{{u}}/x.nc', 5, 3],
        'a/1': ['/x', 1, 2],
      })
    }
  })

  it('chunks of no extent, as kerchunk describes arrays without elements', async () => {
    const set = await openSet({ 'a/.zarray': zarray([0, 3], [0, 3]), 'b/.zarray': zarray([0], [0]) })
    assert.deepEqual(
      set.header.arrays.map(({ shape, chunkShape }) => [shape, chunkShape]),
      [
        [
          [0, 3],
          [1, 3],
        ],
        [[0], [1]],
      ],
    )
    assert.deepEqual((await bodyOf(set)).footer.missing, [0, 0])
  })

  it('references of gen, wherever it stands, with and without a range', async () => {
    const gen = [
      {
        key: 'a/{{i}}.{{j}}',
        url: '{{u}}/f{{j}}.nc',
        offset: '{{i * 100}}',
        length: '{{j + 1}}',
        dimensions: { i: { stop: 2 }, j: [1, 0] },
      },
      { key: 'b/{{k}}', url: '{{u}}/b{{k}}', dimensions: { k: { start: 1, stop: 3 } } },
    ]
    const refs = { 'a/.zarray': zarray([2, 2], [1, 1]), 'b/.zarray': zarray([3], [1]), 'b/0': ['/b', 1, 2] }
    const found = {
      'a/0.0': ['s3://x/f0.nc', 0, 1],
      'a/0.1': ['s3://x/f1.nc', 0, 2],
      'a/1.0': ['s3://x/f0.nc', 100, 1],
      'a/1.1': ['s3://x/f1.nc', 100, 2],
      'b/0': ['/b', 1, 2],
      'b/1': ['s3://x/b1', 0, 0],
      'b/2': ['s3://x/b2', 0, 0],
    }
    const templates = { u: 's3://x' }
    assert.deepEqual(await readRefs({ version: 1, gen, refs, templates }), found)
    assert.deepEqual(await readRefs({ version: 1, templates, refs, gen }), found)
    const twice = { ...refs, 'b/1': ['/b', 1, 2] }
    await assert.rejects(readRefs({ version: 1, gen, refs: twice, templates }), /"b\/1" is given twice/)
    const outside = { ...refs, 'b/.zarray': zarray([2], [1]) }
    await assert.rejects(readRefs({ version: 1, gen, refs: outside, templates }), /"b\/2" is no chunk/)
  })

  it('more generated references than there are chunks are refused before any is made', async () => {
    const gen = [{ key: 'a/{{i}}', url: 'u', dimensions: { i: { stop: 900_000_000 } } }]
    const refs = { 'a/.zarray': zarray([1000], [1]) }
    await assert.rejects(
      openSet({ version: 1, gen, refs }),
      (error) => error instanceof FormatError && /900000000 references, .* 1000 chunks/.test(error.message),
    )
  })

  it('a file for each chunk: more paths than one list holds', async () => {
    const count = 150_000
    const refs: Record<string, unknown> = {
      'a/.zarray': zarray([count], [1]),
      'b/.zarray': zarray([count], [1]),
    }
    for (let chunk = 0; chunk < count; chunk++) {
      refs[`a/${chunk}`] = [`/data/${chunk}`]
      if (chunk % 1000 === 0) refs[`b/${chunk}`] = ['/data/0', chunk, 1]
    }
    const set = await openSet(refs)
    const { batches, footer } = await bodyOf(set)
    const rows = refsOf(set, batches)
    delete refs['a/.zarray']
    delete refs['b/.zarray']
    const expected = Object.entries(refs).map(([key, value]) => {
      const [url, offset = 0, length = 0] = Array.isArray(value) ? value : []
      return [key, [url, offset, length]]
    })
    assert.deepEqual(rows, Object.fromEntries(expected))
    assert.ok(batches.every(({ paths }) => paths.length < 70_000))
    assert.deepEqual(footer.missing, [0, count - 150])
  })
})

describe('order', () => {
  const batchesOf = async (text: string) => {
    const set = await openSet(text)
    const { batches } = await bodyOf(set)
    return batches.map(({ array, rows }) => [set.header.arrays[array].path, rows])
  }
  const chunk = (key: string) => `"${key}": ["/x", 1, 2]`
  const arrays = `{"a/.zarray": ${JSON.stringify(zarray([9, 9], [1, 1]))}, "b/.zarray": ${JSON.stringify(zarray([9], [1]))}, `

  it('arrays that ascend come first, interleaved as they may be; the others after them, sorted', async () => {
    const mixed = `${arrays}${['a/1.0', 'b/0', 'a/0.0', 'b/1', 'a/0.5', 'b/7'].map(chunk).join(', ')}}`
    assert.deepEqual(await batchesOf(mixed), [
      ['b', 3],
      ['a', 3],
    ])
    const numeric = `${arrays}${['a/2.0', 'a/8.8', 'b/2', 'b/8'].map(chunk).join(', ')}}`
    assert.deepEqual(await batchesOf(numeric), [
      ['a', 2],
      ['b', 2],
    ])
    const late = `{${chunk('b/0')}, ${chunk('b/1')}, ${arrays.slice(1)}${chunk('b/3')}}`
    assert.deepEqual(await batchesOf(late), [['b', 3]])
  })

  it('is that of numbers, not of letters, and every spelling of a key counts', async () => {
    const keys = Array.from({ length: 9 * 9 }, (_, index) => `a/${Math.floor(index / 9)}.${index % 9}`)
    const shuffled = keys.toSorted(
      (a, b) => ((a.length * 7919 + a.charCodeAt(4)) % 31) - ((b.length * 7919 + b.charCodeAt(4)) % 31),
    )
    for (const order of [keys, keys.toReversed(), shuffled]) {
      const set = await openSet(`${arrays}${order.map(chunk).join(', ')}}`)
      const { batches } = await bodyOf(set)
      assert.deepEqual(Object.keys(refsOf(set, batches)).sort(), [...keys].sort())
    }
    const escaped = `${arrays}${chunk('b/1')}, "b\\u002f0": ["/x", 1, 2], "\\u0062/2": "in"}`
    assert.deepEqual(await batchesOf(escaped), [['b', 3]])
    for (const again of ['"b/1": ["/x", 1, 2]', '"b\\u002f1": "in"', '"b\\/1":["/y"]']) {
      for (const before of ['', `${chunk('b/5')}, `]) {
        const twice = `${arrays}${before}${chunk('b/1')}, ${again}}`
        await assert.rejects(batchesOf(twice), /"b\/1" is given twice/)
      }
    }
  })

  it('is of each array by itself, where names begin alike', async () => {
    const of = (name: string) => `"${name}/.zarray": ${JSON.stringify(zarray([12], [1]))}`
    for (const [one, other] of [
      ['time', 'time_bnds'],
      ['t', 't2'],
      ['t', 't.x'],
      ['t', 't-1'],
    ]) {
      const keys = [`${one}/0`, `${other}/10`, `${other}/2`, `${one}/3`]
      const text = `{${of(one)}, ${of(other)}, ${keys.map(chunk).join(', ')}}`
      const set = await openSet(text)
      const { batches } = await bodyOf(set)
      assert.deepEqual(Object.keys(refsOf(set, batches)).sort(), keys.toSorted())
    }
  })

  it('arrays that are called by numbers, within and beside others', async () => {
    const of = (shape: number[], extra: object = {}) =>
      JSON.stringify(
        zarray(
          shape,
          shape.map(() => 1),
          extra,
        ),
      )
    const slash = { dimension_separator: '/' }
    const head = `{"7/.zarray": ${of([3])}, "8/.zarray": ${of([3])}, "g/1/.zarray": ${of([2, 2], slash)}, "g/.zarray": ${of([3, 3, 3], slash)}`
    for (const keys of [
      ['7/0', '7/1', '8/0', '8/2', 'g/1/0/1', 'g/2/1/1', 'g/2/2/0'],
      ['8/0', '7/0', '8/2', '7/1', 'g/2/1/1', 'g/1/0/1', 'g/2/2/0'],
    ]) {
      const outcomes = []
      for (const options of plainOrNot) {
        const set = await openSet(`${head}, ${keys.map(chunk).join(', ')}, "g/.zattrs": {}}`, options)
        const { batches } = await bodyOf(set)
        outcomes.push(Object.keys(refsOf(set, batches)).sort())
      }
      const expected = ['7/0', '7/1', '8/0', '8/2', 'g/1/0.1', 'g/2.1.1', 'g/2.2.0']
      assert.deepEqual(outcomes, [expected, expected])
    }
  })

  it('thousands of arrays, by turns', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `v${index}`)
    const metadata = names.map((name) => `"${name}/.zarray": ${JSON.stringify(zarray([200], [1]))}`)
    const keys = Array.from({ length: 200 }, (_, time) => names.map((name) => chunk(`${name}/${time}`)))
    const set = await openSet(`{${[...metadata, ...keys.flat()].join(',')}}`)
    const { batches, footer } = await bodyOf(set)
    assert.equal(Object.keys(refsOf(set, batches)).length, 600_000)
    assert.ok(footer.missing.every((missing) => missing === 0))
  })
})

describe('Zarr v3', () => {
  it('arrays by all key encodings, beside those of v2', async () => {
    for (const options of plainOrNot) {
      const set = await openSet(
        {
          'zarr.json': JSON.stringify({
            zarr_format: 3,
            node_type: 'group',
            attributes: { title: 'x' },
            consolidated_metadata: { kind: 'inline' },
          }),
          'a/zarr.json': node([2, 3], [1, 1]),
          'a/c/0/1': ['/x', 1, 2],
          'a/c/1/0': ['/x', 3, 4],
          'a/c/1/2': 'abcd',
          'b/zarr.json': node([3], [1], { name: 'v2' }),
          'b/1': ['/x', 5, 6],
          'b/2': ['/x', 7, 8],
          'd/zarr.json': node([2, 2], [1, 1], { name: 'default', configuration: { separator: '.' } }),
          'd/c.0.1': ['/x', 9, 10],
          'd/c.1.0': ['/x', 11, 12],
          's/zarr.json': node([], []),
          's/c': ['/x', 13, 4],
          'old/.zarray': zarray([2], [1]),
          'old/0': ['/x', 17, 1],
          'old/1': ['/x', 18, 1],
        },
        options,
      )
      assert.deepEqual(
        set.header.groups.map(({ path, attributes }) => [path, attributes]),
        [['', { title: 'x' }]],
      )
      const { batches, footer } = await bodyOf(set)
      assert.deepEqual(refsOf(set, batches), {
        'a/0.1': ['/x', 1, 2],
        'a/1.0': ['/x', 3, 4],
        'a/1.2': '61626364',
        'b/1': ['/x', 5, 6],
        'b/2': ['/x', 7, 8],
        'd/0.1': ['/x', 9, 10],
        'd/1.0': ['/x', 11, 12],
        'old/0': ['/x', 17, 1],
        'old/1': ['/x', 18, 1],
        's/0': ['/x', 13, 4],
      })
      assert.deepEqual(footer.missing.toSorted(), [0, 0, 1, 2, 3])
    }
  })

  it('a scalar without a number, as VirtualiZarr writes it', async () => {
    const refs = { 's/.zarray': zarray([], []), 's/': ['/x', 1, 2] }
    assert.deepEqual(await readRefs({ version: 1, refs }), { 's/0': ['/x', 1, 2] })
    const twice = { ...refs, 's/0': ['/x', 1, 2] }
    await assert.rejects(readRefs({ version: 1, refs: twice }), /"s\/0?" is given twice/)
  })

  it('keys of another encoding, and of two versions for one node, are refused', async () => {
    for (const [key, problem] of [
      ['a/0.1', /"a\/0.1" is no chunk/],
      ['a/c/0/3', /"a\/c\/0\/3" is no chunk/],
      ['a/c/0', /"a\/c\/0" is no chunk/],
      ['a/c.0.1', /"a\/c\.0\.1" is no chunk/],
      ['s/c/0', /"s\/c\/0" is no chunk/],
      ['s/0', /"s\/0" is no chunk/],
    ] as const) {
      for (const options of plainOrNot) {
        const document = {
          'a/zarr.json': node([2, 3], [1, 1]),
          's/zarr.json': node([], []),
          [key]: ['/x', 1, 2],
          z: 'z',
        }
        await assert.rejects(readRefs(document, options), problem)
      }
    }
    const both = { 'a/zarr.json': node([2], [1]), 'a/.zattrs': '{}' }
    await assert.rejects(openSet(both), /a\/zarr\.json stands beside \.zattrs/)
  })
})
