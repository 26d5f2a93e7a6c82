/** The expected documents are what zarr-python 3.1.6 and xarray 2026.9 write for such arrays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataType } from '../../lib/model/data-type.ts'
import type { ArrayMetadata, CodecConfig } from '../../lib/model/metadata.ts'
import { arrayDocument, groupDocument, zarr3Problem } from '../../lib/write/zarr3.ts'
import { arrayOf } from './synthetic.ts'

const documentOf = (array: Partial<ArrayMetadata>) => {
  const { text, notes } = arrayDocument(arrayOf({ path: 'v', ...array }), [4])
  return { notes, ...JSON.parse(text) }
}

const TEXT = [{ id: 'vlen-utf8' }]
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

test('types and fill values are those of zarr-python', () => {
  const cases: [DataType, string | null, unknown, unknown, string?][] = [
    ['|b1', '01', 'bool', true],
    ['<i2', 'feff', 'int16', -2, 'little'],
    ['>u4', '00000102', 'uint32', 258, 'big'],
    ['>f4', '7fc00000', 'float32', 'NaN', 'big'],
    ['<f2', null, 'float16', 0, 'little'],
    ['<f8', '000000000000f0ff', 'float64', '-Infinity', 'little'],
    ['<c8', null, 'complex64', [0, 0], 'little'],
    ['|S3', '7a0000', { name: 'null_terminated_bytes', configuration: { length_bytes: 3 } }, 'egAA'],
    [
      '<U2',
      '6100000000000000',
      { name: 'fixed_length_utf32', configuration: { length_bytes: 8 } },
      'a',
      'little',
    ],
    ['|V3', null, { name: 'raw_bytes', configuration: { length_bytes: 3 } }, 'AAAA'],
    [
      '<M8[10s]',
      null,
      { name: 'numpy.datetime64', configuration: { unit: 's', scale_factor: 10 } },
      0,
      'little',
    ],
    [
      [
        ['a', '<i4'],
        ['b', '|S3'],
      ],
      null,
      {
        name: 'structured',
        configuration: {
          fields: [
            ['a', 'int32'],
            ['b', { name: 'null_terminated_bytes', configuration: { length_bytes: 3 } }],
          ],
        },
      },
      'AAAAAAAAAA==',
      'little',
    ],
  ]
  for (const [dataType, fill, type, fillValue, endian] of cases) {
    const document = documentOf({ dataType, fillValue: fill === null ? null : bytes(fill) })
    assert.deepEqual(document.data_type, type)
    assert.deepEqual(document.fill_value, fillValue)
    const codec = endian ? { name: 'bytes', configuration: { endian } } : { name: 'bytes' }
    assert.deepEqual(document.codecs, [codec])
  }
})

test('codecs follow the one that makes bytes', () => {
  const codecs: CodecConfig[] = [
    { id: 'shuffle', elementsize: 2 },
    { id: 'zlib', level: 4 },
    { id: 'fletcher32' },
    { id: 'zstd', level: 3 },
    { id: 'blosc', cname: 'zstd', clevel: 5, shuffle: 2, blocksize: 0 },
  ]
  assert.deepEqual(documentOf({ codecs }).codecs.slice(1), [
    { name: 'numcodecs.shuffle', configuration: { elementsize: 2 } },
    { name: 'numcodecs.zlib', configuration: { level: 4 } },
    { name: 'numcodecs.fletcher32', configuration: {} },
    { name: 'zstd', configuration: { level: 3, checksum: false } },
    {
      name: 'blosc',
      configuration: { typesize: 2, cname: 'zstd', clevel: 5, shuffle: 'bitshuffle', blocksize: 0 },
    },
  ])
  const text = documentOf({ dataType: '|O', codecs: [...TEXT, { id: 'zlib', level: 1 }] })
  assert.deepEqual(text.codecs, [
    { name: 'vlen-utf8' },
    { name: 'numcodecs.zlib', configuration: { level: 1 } },
  ])
  assert.deepEqual([text.data_type, text.fill_value], ['string', ''])
})

test('xarray decodes _FillValue by the type of the array', () => {
  const cases: [DataType, ArrayMetadata['attributes'][string], unknown][] = [
    ['<f4', 1e20, 'QIy1eB2vFUQ='],
    ['<f8', [Number.NaN], 'AAAAAAAA+H8='],
    ['<i2', -999n, -999],
    ['<i2', 5, 5],
    ['|b1', true, true],
    ['<c8', [1, 0], ['AAAAAAAA8D8=', 'AAAAAAAAAAA=']],
    ['<i2', 0.5, undefined],
    ['<f4', 'x', undefined],
    ['|S1', 'x', undefined],
  ]
  for (const [dataType, value, expected] of cases) {
    const { attributes, notes } = documentOf({ dataType, attributes: { units: 'm', _FillValue: value } })
    assert.deepEqual(attributes._FillValue, expected)
    assert.equal(attributes.units, 'm')
    assert.equal(notes.length, expected === undefined ? 1 : 0)
  }
})

test('what zarr-python cannot read is named', () => {
  const problem = (array: Partial<ArrayMetadata>) => zarr3Problem(arrayOf({ path: 'v', ...array }))
  assert.equal(problem({}), undefined)
  assert.match(problem({ dataType: '<f16' }) ?? '', /no type '<f16'/)
  assert.match(problem({ dataType: '|O', codecs: [{ id: 'json2' }] }) ?? '', /no such objects/)
  assert.match(problem({ codecs: [{ id: 'lzf' }] }) ?? '', /codec lzf has no place/)
  assert.match(problem({ dataType: [['a', '>i4']] }) ?? '', /big-endian field/)
  assert.match(problem({ dataType: [['a', '<i4', [2]]] }) ?? '', /a list in it/)
  assert.match(problem({ dataType: [['a', '|O']] }) ?? '', /texts in it/)
})

test('a group has its attributes, integers and floats apart', () => {
  const text = '{"zarr_format": 3, "node_type": "group", "attributes": {"a": 1, "b": 1.0, "c": NaN}}'
  const document = groupDocument({ path: 'g', attributes: { a: 1n, b: 1, c: Number.NaN } })
  assert.equal(document.text, text)
  assert.match(document.notes[0].reason, /attributes c hold NaN/)
})
