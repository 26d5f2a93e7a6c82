/** Arrays made of values: bytes by hand from the specifications of NumPy's types and numcodecs' vlen-utf8. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlanError } from '../../lib/errors.ts'
import type { CoordinateValue } from '../../lib/plan/coordinate-source.ts'
import { createdCoordinate } from '../../lib/plan/created-coordinate.ts'

function created(...parts: CoordinateValue[][]) {
  const attributes = { units: 'days since 1970-01-01' }
  const { array, bytes } = createdCoordinate(
    'g/member',
    'member',
    parts.map((values) => ({ values, attributes })),
  )
  return { array, hex: Buffer.from(bytes).toString('hex') }
}

test('integers are 64 bits, in one chunk, with the attributes of the values', () => {
  const { array, hex } = created([1n, -2n], [9223372036854775807n])
  assert.deepEqual(array, {
    path: 'g/member',
    dims: ['member'],
    attributes: { units: 'days since 1970-01-01' },
    shape: [3],
    chunkShape: [3],
    dataType: '<i8',
    fillValue: null,
    codecs: [],
  })
  assert.equal(hex, '0100000000000000feffffffffffffffffffffffffffff7f')
})

test('a number that is no bigint makes all of them doubles', () => {
  const { array, hex } = created([1], [2n])
  assert.equal(array.dataType, '<f8')
  assert.equal(hex, '000000000000f03f0000000000000040')
})

test('strings are variable-length', () => {
  const { array, hex } = created(['r1'], ['é', ''])
  assert.equal(array.dataType, '|O')
  assert.deepEqual(array.codecs, [{ id: 'vlen-utf8' }])
  assert.equal(hex, '03000000' + '02000000' + '7231' + '02000000' + 'c3a9' + '00000000')
})

test('no values make an array of none', () => {
  const { array, hex } = created([])
  assert.deepEqual([array.shape, array.chunkShape, hex], [[0], [1], ''])
})

test('what one array cannot hold is refused', () => {
  assert.throws(() => created([1n], ['a']), PlanError)
  assert.throws(() => created([2n ** 63n]), /does not fit 64 bits/)
  assert.throws(() => created([0.5, 2n ** 53n + 1n]), /does not fit a double/)
})
