/** Datatype messages put together by hand from the specification's tables (IV.A.2.d). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FormatError } from '../../../../lib/errors.ts'
import { zarrTypeOf } from '../../../../lib/format/hdf5/data-type.ts'
import { parseDatatype } from '../../../../lib/format/hdf5/message/datatype-parser.ts'
import { bytesOf, cursorOf, type Field } from './bytes.ts'

/** Version and class in one byte, 24 bits of class bits, the size. */
const head = (version: number, type: number, bits: number, size: number): Field =>
  bytesOf([version * 16 + type, 1], [bits, 3], [size, 4])
const fixedPoint = (version: number, size: number, bits = 8): Field =>
  bytesOf(head(version, 0, bits, size), [0, 2], [size * 8, 2])
const INT32 = {
  class: 'fixed-point',
  size: 4,
  byteOrder: 'little',
  signed: true,
  bitOffset: 0,
  precision: 32,
}

describe('numbers', () => {
  test('a big-endian unsigned integer of 12 bits at bit 3', () => {
    const type = parseDatatype(cursorOf(head(1, 0, 1, 2), [3, 2], [12, 2]))
    const expected = {
      class: 'fixed-point',
      size: 2,
      byteOrder: 'big',
      signed: false,
      bitOffset: 3,
      precision: 12,
    }
    assert.deepEqual(type, expected)
    assert.throws(() => zarrTypeOf(type), /an integer of 12 bits at bit 3 of 2 bytes/)
  })
  test('a VAX number: both byte order bits', () => {
    const fields: Field[] = [
      head(3, 1, 0x41 | (31 << 8), 4),
      [0, 2],
      [32, 2],
      [23, 1],
      [8, 1],
      [0, 1],
      [23, 1],
      [127, 4],
    ]
    const type = parseDatatype(cursorOf(...fields))
    assert.equal(type.class === 'floating-point' && type.byteOrder, 'vax')
    assert.throws(() => zarrTypeOf(type), /VAX/)
  })
})

describe('compounds', () => {
  test('version 1: padded names, 32-bit offsets, extents in the member', () => {
    const extents: Field[] = [
      [2, 1],
      [0, 3],
      [0, 4],
      [0, 4],
      [2, 4],
      [3, 4],
      [0, 4],
      [0, 4],
    ]
    const first: Field[] = ['matrix\0\0', [0, 4], ...extents, fixedPoint(1, 4)]
    const scalar: Field[] = [
      [0, 1],
      [0, 3],
      [0, 4],
      [0, 4],
      [0, 4],
      [0, 4],
      [0, 4],
      [0, 4],
    ]
    const second: Field[] = ['eightlong\0\0\0\0\0\0\0', [24, 4], ...scalar, fixedPoint(1, 4)]
    const cursor = cursorOf(head(1, 6, 2, 28), ...first, ...second)
    const matrix = { class: 'array', size: 24, base: INT32, shape: [2, 3] }
    assert.deepEqual(parseDatatype(cursor), {
      class: 'compound',
      size: 28,
      members: [
        { name: 'matrix', offset: 0, type: matrix },
        { name: 'eightlong', offset: 24, type: INT32 },
      ],
    })
    assert.equal(cursor.remaining, 0)
  })
  test('version 3: names end at their NUL, offsets have the bytes that the size needs', () => {
    const cursor = cursorOf(head(3, 6, 1, 300), 'a\0', [296, 2], fixedPoint(3, 4))
    assert.deepEqual(parseDatatype(cursor), {
      class: 'compound',
      size: 300,
      members: [{ name: 'a', offset: 296, type: INT32 }],
    })
  })
  test('gaps become plain bytes under names that no member has', () => {
    const member = (name: string, offset: number): Field[] => [`${name}\0`, [offset, 1], fixedPoint(3, 4)]
    const type = parseDatatype(cursorOf(head(3, 6, 2, 16), ...member('_padding0', 8), ...member('b', 2)))
    assert.deepEqual(zarrTypeOf(type).dataType, [
      ['_padding1', '|V2'],
      ['b', '<i4'],
      ['_padding2', '|V2'],
      ['_padding0', '<i4'],
      ['_padding3', '|V4'],
    ])
  })
  test('members that overlap are refused', () => {
    const member = (name: string, offset: number): Field[] => [`${name}\0`, [offset, 1], fixedPoint(3, 4)]
    const type = parseDatatype(cursorOf(head(3, 6, 2, 8), ...member('a', 0), ...member('b', 2)))
    assert.throws(() => zarrTypeOf(type), /members overlap/)
  })
})

describe('an array type', () => {
  test('version 2 has a permutation', () => {
    const cursor = cursorOf(
      head(2, 10, 0, 24),
      [2, 1],
      [0, 3],
      [2, 4],
      [3, 4],
      [0, 4],
      [1, 4],
      fixedPoint(2, 4),
    )
    assert.deepEqual(parseDatatype(cursor), { class: 'array', size: 24, base: INT32, shape: [2, 3] })
  })
  test('must have the size of its elements', () => {
    const cursor = cursorOf(head(3, 10, 0, 20), [2, 1], [2, 4], [3, 4], fixedPoint(3, 4))
    assert.throws(() => parseDatatype(cursor), FormatError)
  })
})

test('an enumeration of version 1 has padded names, then all values', () => {
  const cursor = cursorOf(head(1, 8, 2, 1), fixedPoint(1, 1), 'FALSE\0\0\0', 'TRUE\0\0\0\0', [0, 1], [1, 1])
  const type = parseDatatype(cursor)
  assert.deepEqual(type.class === 'enum' && type.members.map(({ name, value }) => [name, [...value]]), [
    ['FALSE', [0]],
    ['TRUE', [1]],
  ])
  assert.equal(zarrTypeOf(type).dataType, '|b1')
})

describe('what a crafted file might hold', () => {
  test('types within types without end', () => {
    const cursor = cursorOf(...Array.from({ length: 100 }, () => head(3, 9, 0, 16)))
    assert.throws(() => parseDatatype(cursor), /nest deeper/)
  })
  test('more members than bytes', () => {
    assert.throws(() => parseDatatype(cursorOf(head(3, 6, 0xffff, 8), 'a\0')), FormatError)
  })
  test('a compound without members, which libhdf5 refuses too', () => {
    assert.throws(() => parseDatatype(cursorOf(head(3, 6, 0, 8))), /without members/)
  })
  test('an array of 2^32 fields in a compound', () => {
    const array = bytesOf(head(3, 10, 0, 0xfffffff0), [1, 1], [0x3ffffffc, 4], fixedPoint(3, 4))
    const type = parseDatatype(cursorOf(head(3, 6, 1, 0xfffffff0), 'a\0', [0, 4], array))
    assert.throws(() => zarrTypeOf(type), /more than 1024 fields/)
  })
  test('a member outside its compound, an element of no bytes, unknown classes and versions', () => {
    assert.throws(() => parseDatatype(cursorOf(head(3, 6, 1, 4), 'a\0', [2, 1], fixedPoint(3, 4))), /outside/)
    assert.throws(() => parseDatatype(cursorOf(head(1, 0, 0, 0), [0, 2], [0, 2])), /size of 0/)
    assert.throws(() => parseDatatype(cursorOf(head(1, 12, 0, 4))), /class 12/)
    assert.throws(() => parseDatatype(cursorOf(head(6, 0, 0, 4))), /version/)
    assert.throws(() => parseDatatype(cursorOf(head(5, 11, 0, 8), fixedPoint(5, 4))), /reserved form/)
  })
})
