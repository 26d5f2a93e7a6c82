/** Fill values to bytes; the expected bytes are NumPy's: `np.array(value, dtype).tobytes().hex()`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PythonJson } from '../../lib/format/python-json.ts'
import { parseFillAttribute, parseFillValue } from '../../lib/format/zarr-fill-value.ts'
import type { DataType } from '../../lib/model/data-type.ts'

const CASES: readonly (readonly [type: DataType, json: PythonJson, hex: string])[] = [
  ['<i2', -2n, 'feff'],
  ['>i2', -2n, 'fffe'],
  ['<u8', 18446744073709551615n, 'ffffffffffffffff'],
  ['<i8', -9223372036854775806n, '0200000000000080'],
  ['|b1', true, '01'],
  ['<f4', 1.5, '0000c03f'],
  ['>f4', 1.5, '3fc00000'],
  ['<f4', 3n, '00004040'],
  ['<f8', 'NaN', '000000000000f87f'],
  ['<f8', '-Infinity', '000000000000f0ff'],
  ['<f2', 1.5, '003e'],
  ['>f2', -2, 'c000'],
  ['<f2', 65504, 'ff7b'],
  // The smallest normal and the smallest subnormal half.
  ['<f2', 2 ** -14, '0004'],
  ['<f2', 2 ** -24, '0100'],
  ['<f2', 'Infinity', '007c'],
  // What a half cannot hold is rounded as numpy.float16 does it: to the nearest, halves to the even one.
  ['<f2', 0.3, 'cd34'],
  ['<f2', 1 + 2 ** -11, '003c'],
  ['<f2', 1 + 3 * 2 ** -11, '023c'],
  ['<f2', 65519.99, 'ff7b'],
  ['<f2', -65520, '00fc'],
  ['<f2', 2 ** -25, '0000'],
  ['<f2', 1.5 * 2 ** -24, '0200'],
  ['<f2', 2 ** -14 - 2 ** -26, '0004'],
  ['<c8', [1.5, 'NaN'], '0000c03f0000c07f'],
  ['|S4', 'YWI=', '61620000'],
  ['|S4', 0n, '00000000'],
  ['<U2', 'é', 'e900000000000000'],
  ['>U1', '\u{1f600}', '0001f600'],
  ['|u1', 255, 'ff'],
  ['<M8[ns]', 'NaT', '0000000000000080'],
  ['<m8[D]', -1n, 'ffffffffffffffff'],
  [
    [
      ['a', '<i2'],
      ['b', '|u1'],
    ],
    'AQAC',
    '010002',
  ],
]

for (const [type, json, hex] of CASES) {
  test(`${JSON.stringify(type)} ${typeof json === 'bigint' ? json : JSON.stringify(json)}`, () => {
    const bytes = parseFillValue(type, json)
    assert.equal(bytes && Buffer.from(bytes).toString('hex'), hex)
  })
}

test('null is no fill value, and what does not fit the type is refused', () => {
  assert.equal(parseFillValue('<f4', null), null)
  assert.equal(parseFillValue('<f4', undefined), null)
  assert.equal(parseFillValue('|O', ''), null)
  for (const [type, json] of [
    ['<i4', 1.5],
    ['<i4', 'NaN'],
    ['<f4', 'nan'],
    ['<f4', [1]],
    ['<c8', [1.5]],
    ['<c8', 1.5],
    ['|S2', 'YWJj'],
    ['|S2', 5n],
    ['<U1', 'ab'],
    ['|u1', 256n],
    ['|u1', -1n],
    ['<i2', 32768n],
    ['<i8', 'NaT'],
  ] as [DataType, PythonJson][]) {
    assert.equal(parseFillValue(type, json), undefined, `${type} ${json}`)
  }
})

test("xarray's encoding of the attribute _FillValue is undone for floats alone", () => {
  // base64.standard_b64encode(struct.pack('<d', -999.0))
  assert.equal(parseFillAttribute('<f4', 'AAAAAAA4j8A='), -999)
  assert.equal(parseFillAttribute('|S12', 'AAAAAAA4j8A='), undefined)
  assert.equal(parseFillAttribute('<f4', -999), undefined)
  assert.equal(parseFillAttribute('<f4', 'AAAA'), undefined)
})
