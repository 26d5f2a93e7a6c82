/** Zarr v3 metadata against zarr-python: its documents, and the same arrays in Zarr v2's words. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { UnsupportedError } from '../../lib/errors.ts'
import {
  isJsonObject,
  type JsonObject,
  type PythonJson,
  parsePythonJson,
} from '../../lib/format/python-json.ts'
import { parseZarr3Node, type Zarr3Node } from '../../lib/format/zarr3-metadata.ts'
import { chunkKey } from '../../lib/model/chunk-grid.ts'
import type { ArrayMetadata } from '../../lib/model/metadata.ts'
import { fixture } from '../fixture.ts'

function object(json: PythonJson | undefined): JsonObject {
  assert.ok(isJsonObject(json))
  return json
}

function list(json: PythonJson | undefined): readonly JsonObject[] {
  assert.ok(Array.isArray(json))
  return json.map(object)
}

/** Without the difference of `1` and `1.0`. */
function plain(json: PythonJson | undefined): unknown {
  return JSON.parse(JSON.stringify(json, (_, value) => (typeof value === 'bigint' ? Number(value) : value)))
}

const judged = object(parsePythonJson(readFileSync(fixture('zarr3/metadata.json'), 'utf8')))

function refuse(key: string, problem: string): never {
  throw new RangeError(`${key} ${problem}`)
}

function parse(document: JsonObject, key = 'g/temp/zarr.json'): Zarr3Node {
  return parseZarr3Node(refuse, key, document)
}

function parseArray(document: JsonObject): ArrayMetadata {
  const node = parse(document)
  assert.ok(node.kind === 'array')
  return node.array
}

/** A document that says nothing special. */
const FLOATS: JsonObject = {
  zarr_format: 3n,
  node_type: 'array',
  shape: [4n, 6n],
  data_type: 'float32',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [2n, 3n] } },
  chunk_key_encoding: { name: 'default' },
  fill_value: 0,
  codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
}

function fillOf(data_type: PythonJson, fill_value: PythonJson, endian = 'little'): string | undefined {
  const codecs = [{ name: 'bytes', configuration: { endian } }]
  const { fillValue } = parseArray({ ...FLOATS, data_type, fill_value, codecs })
  return fillValue ? Buffer.from(fillValue).toString('hex') : undefined
}

describe('the metadata of Zarr v3 arrays', () => {
  for (const { name, document, dataType, fill, codecs, first } of list(judged.cases))
    it(`says what zarr-python's says: ${String(name)} ${String(first ?? '')}`, () => {
      const node = parse(object(document))
      assert.ok(node.kind === 'array')
      const { array, chunkKeys } = node
      assert.deepEqual(array.dataType, plain(dataType))
      assert.equal(array.fillValue && Buffer.from(array.fillValue).toString('hex'), fill)
      assert.deepEqual(array.codecs, plain(codecs))
      assert.deepEqual([array.shape, array.chunkShape, array.path], [[5], [2], 'g/temp'])
      if (first === undefined) return
      const part = chunkKey(3, [5], chunkKeys.separator)
      assert.equal(chunkKeys.prefix === '' ? part : `c${chunkKeys.separator}${part}`, first)
    })

  for (const { word, document } of list(judged.beyond))
    it(`is refused by name where Zarr v2 has no words for ${String(word)}`, () =>
      assert.throws(
        () => parse(object(document)),
        (error) =>
          error instanceof UnsupportedError &&
          error.array === 'g/temp' &&
          error.message.includes(String(word)),
      ))

  it('has dimensions by their names, and others where they have none', () => {
    assert.deepEqual(parseArray(FLOATS).dims, ['dim_0', 'dim_1'])
    assert.deepEqual(parseArray({ ...FLOATS, dimension_names: null }).dims, ['dim_0', 'dim_1'])
    assert.deepEqual(parseArray({ ...FLOATS, dimension_names: ['y', null] }).dims, ['y', 'dim_1'])
    assert.deepEqual(parseArray({ ...FLOATS, dimension_names: ['dim_1', null] }).dims, ['dim_1', 'dim_1_'])
  })

  it('takes names alone, and an array without axes', () => {
    const scalar = {
      ...FLOATS,
      shape: [],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [] } },
    }
    const array = parseArray({ ...scalar, data_type: 'uint8', codecs: ['bytes'], chunk_key_encoding: 'v2' })
    assert.deepEqual([array.shape, array.dims, array.dataType], [[], [], '|u1'])
  })

  it('keeps attributes, and decodes _FillValue as xarray does', () => {
    const attributes = { one: 1n, half: 0.5, _ARRAY_DIMENSIONS: ['a', 'b'], _FillValue: 'AAAAAACAWEA=' }
    const { attributes: kept } = parseArray({ ...FLOATS, attributes })
    assert.deepEqual(kept, { one: 1n, half: 0.5, _FillValue: 98 })
    const filled = (data_type: PythonJson, _FillValue: PythonJson, fill_value: PythonJson): unknown =>
      parseArray({ ...FLOATS, data_type, fill_value, attributes: { _FillValue } }).attributes._FillValue
    assert.equal(filled('int16', -1n, 0n), -1n)
    assert.equal(filled('float32', 'missing', 0), 'missing')
    assert.deepEqual(filled('complex64', ['AAAAAACAWEA=', 'AAAAAAAA+H8='], [0, 0]), [98, Number.NaN])
    const bytes = { name: 'null_terminated_bytes', configuration: { length_bytes: 2n } }
    assert.equal(filled(bytes, 'YWI=', 'YWI='), 'ab')
  })
})

describe('the fill value of Zarr v3', () => {
  it('has the bits that the specification spells', () => {
    assert.equal(fillOf('float32', '0x7fc00001'), '0100c07f')
    assert.equal(fillOf('float32', '0x7fc00001', 'big'), '7fc00001')
    assert.equal(fillOf('float16', '0xFE00'), '00fe')
    assert.equal(fillOf('float64', '0x7ff8000000000123', 'big'), '7ff8000000000123')
    assert.equal(fillOf('complex64', ['0x7fc00001', 1], 'big'), '7fc000013f800000')
    assert.equal(fillOf('r24', [1n, 2n, 255n]), '0102ff')
  })

  const misfits: readonly [type: PythonJson, fill: PythonJson][] = [
    ['float32', null],
    ['float32', '0x7fc0'],
    ['float32', '1.5'],
    ['float32', true],
    ['int8', 128n],
    ['uint16', -1n],
    ['int32', 1.5],
    ['complex64', [1]],
    ['r24', [1n, 2n]],
    ['r24', [1n, 2n, 256n]],
    ['r24', 'AQI='],
    [{ name: 'null_terminated_bytes', configuration: { length_bytes: 2n } }, 'YWJj'],
    [{ name: 'null_terminated_bytes', configuration: { length_bytes: 2n } }, '??'],
    [{ name: 'fixed_length_utf32', configuration: { length_bytes: 4n } }, 'ab'],
    [{ name: 'structured', configuration: { fields: [['a', 'int16']] } }, 'AQ=='],
  ]
  for (const [type, fill] of misfits)
    it(`is refused where it does not fit: ${JSON.stringify([type, fill], (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`, () =>
      assert.throws(() => fillOf(type, fill), /fill_value does not fit/))
})

describe('a zarr.json that is not as it should be', () => {
  const wrong: readonly [what: string, change: JsonObject, message: RegExp][] = [
    ['another format', { zarr_format: 2n }, /zarr_format is not 3/],
    ['no type of node', { node_type: 'file' }, /node_type is neither/],
    ['a negative extent', { shape: [-1n, 6n] }, /is no list of extents/],
    [
      'chunks of no extent',
      { chunk_grid: { name: 'regular', configuration: { chunk_shape: [0n, 3n] } } },
      /extents/,
    ],
    ['another rank', { shape: [4n] }, /different ranks/],
    ['chunks beyond count', { shape: [9007199254740991n, 9007199254740991n] }, /chunks beyond count/],
    ['no codecs', { codecs: null }, /codecs is no list/],
    [
      'no codec to bytes',
      { codecs: [{ name: 'gzip', configuration: { level: 1n } }] },
      /none that makes bytes/,
    ],
    ['two codecs to bytes', { codecs: ['bytes', 'bytes'] }, /has bytes where it cannot be/],
    ['a compressor before', { codecs: ['crc32c', 'bytes'] }, /has crc32c where it cannot be/],
    [
      'no such endian',
      { codecs: [{ name: 'bytes', configuration: { endian: 'middle' } }] },
      /no such endian/,
    ],
    ['numbers as text', { codecs: ['vlen-utf8'] }, /has vlen-utf8 for values of one length/],
    ['text as numbers', { data_type: 'string', fill_value: '' }, /has bytes for values of any length/],
    ['gzip without a level', { codecs: ['bytes', 'gzip'] }, /the level of gzip/],
    [
      'a shuffle of blosc',
      { codecs: ['bytes', { name: 'blosc', configuration: { shuffle: 'all' } }] },
      /no such shuffle/,
    ],
    ['names for other axes', { dimension_names: ['x'] }, /dimension_names is no list of a name an axis/],
    ['attributes in a list', { attributes: [] }, /attributes is no object/],
    ['no name', { data_type: { configuration: {} } }, /data_type has no name/],
    [
      'a separator',
      { chunk_key_encoding: { name: 'v2', configuration: { separator: '-' } } },
      /no such separator/,
    ],
    [
      'elements of a gigabyte',
      { data_type: { name: 'raw_bytes', configuration: { length_bytes: 1n << 30n } } },
      /over \d+ bytes/,
    ],
  ]
  for (const [what, change, message] of wrong)
    it(`is refused: ${what}`, () =>
      assert.throws(() => parse({ ...FLOATS, ...change }), { name: 'RangeError', message }))

  it('is refused: structures without end', () => {
    let data_type: PythonJson = 'int8'
    for (let i = 0; i < 10_000; i++)
      data_type = { name: 'structured', configuration: { fields: [['a', data_type]] } }
    assert.throws(() => parse({ ...FLOATS, data_type }), /more than 32 deep/)
  })

  for (const key of ['temp/.zarray', '../zarr.json', 'a//zarr.json', '/zarr.json', './zarr.json'])
    it(`is refused: the key ${key}`, () => assert.throws(() => parse(FLOATS, key), RangeError))

  const beyond: readonly [what: string, change: JsonObject][] = [
    ['the Zarr data type bfloat16', { data_type: 'bfloat16' }],
    ['the Zarr data type r7', { data_type: 'r7' }],
    ['the Zarr codec imagecodecs.jpeg', { codecs: ['bytes', 'imagecodecs.jpeg'] }],
    ['the Zarr chunk grid rectilinear', { chunk_grid: { name: 'rectilinear', configuration: {} } }],
    ['the Zarr chunk key encoding hash', { chunk_key_encoding: { name: 'hash' } }],
    ['the Zarr extension "tiles"', { tiles: { must_understand: true } }],
    ['Zarr storage transformers', { storage_transformers: [{ name: 'x' }] }],
  ]
  for (const [feature, change] of beyond)
    it(`is beyond Zarr v2: ${feature}`, () =>
      assert.throws(() => parse({ ...FLOATS, ...change }), {
        name: 'UnsupportedError',
        feature,
        array: 'g/temp',
      }))

  it('may have extensions that say they can be passed over', () => {
    assert.equal(parse({ ...FLOATS, tiles: { must_understand: false } }).kind, 'array')
  })
})

describe('the metadata of Zarr v3 groups', () => {
  it("says what zarr-python's says, consolidated or not", () => {
    const attributes = { title: 't', one: 1n, half: 0.5, list: [1n, 2] }
    assert.deepEqual(parse(object(judged.group), 'zarr.json'), {
      kind: 'group',
      group: { path: '', attributes },
    })
    assert.deepEqual(parse({ zarr_format: 3n, node_type: 'group' }, 'a/b/zarr.json'), {
      kind: 'group',
      group: { path: 'a/b', attributes: {} },
    })
  })
})
