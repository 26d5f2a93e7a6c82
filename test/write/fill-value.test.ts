import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataType } from '../../lib/model/data-type.ts'
import type { Attributes, AttributeValue } from '../../lib/model/metadata.ts'
import { fillJson, planFill, writtenFill } from '../../lib/write/fill-value.ts'
import { arrayOf } from './synthetic.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

test('fill values in the JSON of Zarr v2', () => {
  // numpy's tobytes() of each value.
  assert.equal(fillJson(hex('0000c07f'), '<f4'), 'NaN')
  assert.equal(fillJson(hex('ff800000'), '>f4'), '-Infinity')
  assert.equal(fillJson(hex('ec78ade0'), '<f4'), -1.0000000200408773e20)
  assert.equal(fillJson(hex('7c00'), '>f2'), 'Infinity')
  assert.equal(fillJson(hex('0100'), '<f2'), 2 ** -24)
  assert.equal(fillJson(hex('003e'), '<f2'), 1.5)
  assert.equal(fillJson(hex('00c4'), '<f2'), -4)
  assert.equal(fillJson(hex('0200000000000080'), '<i8'), -9223372036854775806n)
  assert.equal(fillJson(hex('fffffffffffffffe'), '>u8'), 18446744073709551614n)
  assert.equal(fillJson(hex('81'), '|i1'), -127n)
  assert.equal(fillJson(hex('01'), '|b1'), true)
  assert.deepEqual(fillJson(hex('0000803f0000c07f'), '<c8'), [1, 'NaN'])
  assert.equal(fillJson(hex('616200'), '|S3'), 'YWIA')
  assert.equal(fillJson(hex('61000000e9000000'), '<U2'), 'aé')
  const fields = [['a', '<i2'] as const, ['b', '|V1'] as const]
  assert.equal(fillJson(hex('010203'), fields), 'AQID')
})

function kindOf(dataType: DataType, fill: string | null, declared?: AttributeValue): string {
  const attributes: Attributes = declared === undefined ? {} : { _FillValue: declared }
  const fillValue = fill === null ? null : hex(fill)
  return planFill(arrayOf({ path: 'x', dataType, fillValue, attributes })).kind
}

test('a fill of zero, or none, is left to read as 0', () => {
  assert.equal(kindOf('<f4', null, -1), 'null')
  assert.equal(kindOf('<i4', '00000000', 5n), 'null')
  assert.equal(kindOf('<f4', '00000080'), 'conflict', 'zarr-python reads a fill of -0.0 as 0.0')
  assert.equal(kindOf('|O', '0100000000000000'), 'null')
})

test('the attribute _FillValue is compared in the type of the array', () => {
  assert.equal(kindOf('<f4', 'ec78ade0', -1e20), 'value')
  assert.equal(kindOf('<f4', 'ec78ade0', [-1.0000000200408773e20]), 'value')
  assert.equal(kindOf('<f4', 'ec78ade0', -1e19), 'conflict')
  assert.equal(kindOf('<f4', '0000c07f', Number.NaN), 'value')
  assert.equal(kindOf('<f4', '0000c07f', 0), 'conflict')
  assert.equal(kindOf('<i8', '0100000000000040', 4611686018427387905n), 'value')
  assert.equal(kindOf('<i8', '0100000000000040', 4611686018427387904n), 'conflict')
  assert.equal(kindOf('<i2', '0700', 7), 'value')
  assert.equal(kindOf('<i2', '0700', 7.5), 'conflict')
  assert.equal(kindOf('<i2', '0700', '7'), 'conflict')
  assert.equal(kindOf('|S2', '6100', 'a'), 'value')
  assert.equal(kindOf('|S2', '6100', 'b'), 'conflict')
  assert.equal(kindOf('<i2', '0700', null), 'conflict')
})

test('types for which no fill value is read right have their missing chunks written out', () => {
  // Tried with zarr-python 3.1.6 and xarray: null reads as NaT, as the text "0", or raises; bytes in base64 make
  // xarray raise.
  assert.equal(kindOf('<M8[s]', null), 'conflict')
  assert.equal(kindOf('>m8[ns]', '0000000000000000'), 'conflict')
  assert.equal(kindOf([['name', '|S2']], null), 'conflict')
  assert.equal(kindOf([['a', '|i1'] as const, ['_padding0', '|V3'] as const], '00000000'), 'conflict')
  assert.equal(kindOf([['a', '|i1'] as const, ['b', '|u1'] as const], '0001'), 'conflict')
  assert.equal(kindOf([['a', '|i1'] as const, ['b', '|u1'] as const], '0000'), 'null')
  assert.equal(kindOf('|V2', '0001'), 'conflict')
  assert.equal(kindOf('|V2', null), 'null')
})

test('without the attribute the fill value counts, and that is told', () => {
  const plan = planFill(arrayOf({ path: 'x', fillValue: hex('0700') }))
  assert.deepEqual(plan, { kind: 'value', json: 7n, attribute: false })
})

test('a fill value is written where chunks are missing, and for characters, which xarray masks by it alone', () => {
  const written = (dataType: DataType, fill: string, declared: AttributeValue, missing: number) => {
    const array = arrayOf({ path: 'x', dataType, fillValue: hex(fill), attributes: { _FillValue: declared } })
    return writtenFill(planFill(array), array, missing)
  }
  assert.equal(written('<i2', 'ffff', -1n, 0), null)
  assert.equal(written('<i2', 'ffff', -1n, 1), -1n)
  assert.equal(written('|S1', '5f', '_', 0), 'Xw==')
  assert.equal(written('|S1', '5f', 'x', 0), null)
  assert.equal(written('|S1', '00', '\0', 0), 'AA==')
  assert.equal(written('|S1', '00', '', 0), 'AA==')
  assert.equal(written('|S1', '00', 'x', 1), null)
  assert.equal(written('|S4', '5f000000', '_', 0), null)
})
