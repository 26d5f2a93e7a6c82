/** Structures with strings of variable length: where these are, and what their copies look like. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnsupportedError } from '../../../../lib/errors.ts'
import { zarrTypeOf } from '../../../../lib/format/hdf5/data-type.ts'
import {
  fixedElements,
  hasTextMembers,
  textLayout,
  textPlaces,
  withFixedTexts,
} from '../../../../lib/format/hdf5/decoded/text-members.ts'
import type { Datatype } from '../../../../lib/format/hdf5/message/datatype.ts'

const text: Datatype = { class: 'vlen-string', size: 16, padding: 'null-terminated', charset: 'utf-8' }
const byte: Datatype = {
  class: 'fixed-point',
  size: 1,
  byteOrder: 'little',
  signed: false,
  bitOffset: 0,
  precision: 8,
}
const arrayOf = (base: Datatype, count: number): Datatype => ({
  class: 'array',
  size: base.size * count,
  base,
  shape: [count],
})
/** One byte, a string, a byte of padding. */
const pair: Datatype = {
  class: 'compound',
  size: 18,
  members: [
    { name: 'name', offset: 1, type: text },
    { name: 'kind', offset: 0, type: byte },
  ],
}
/** A string, two pairs, two strings: 16 + 36 + 32 bytes. */
const type: Datatype = {
  class: 'compound',
  size: 84,
  members: [
    { name: 'pairs', offset: 16, type: arrayOf(pair, 2) },
    { name: 'tags', offset: 52, type: arrayOf(text, 2) },
    { name: 'id', offset: 0, type: text },
  ],
}
/** Of the names within pairs, the tags, the ids. */
const widths = [2, 3, 4]

test('strings are found in structures and arrays of them', () => {
  assert.ok(hasTextMembers(type))
  assert.ok(hasTextMembers(arrayOf(text, 2)))
  assert.ok(!hasTextMembers(text))
  assert.ok(!hasTextMembers({ class: 'vlen-sequence', size: 16, base: pair }))
  assert.deepEqual(textPlaces(type), [
    { offset: 0, member: 2 },
    { offset: 17, member: 0 },
    { offset: 35, member: 0 },
    { offset: 52, member: 1 },
    { offset: 68, member: 1 },
  ])
})

test('the copied type has them at their lengths, and everything else moved along', () => {
  assert.deepEqual(zarrTypeOf(withFixedTexts(type, widths)).dataType, [
    ['id', '|S4'],
    ['pairs.0.kind', '|u1'],
    ['pairs.0.name', '|S2'],
    ['_padding0', '|V1'],
    ['pairs.1.kind', '|u1'],
    ['pairs.1.name', '|S2'],
    ['_padding1', '|V1'],
    ['tags.0', '|S3'],
    ['tags.1', '|S3'],
  ])
})

test('copied elements: the bytes between the strings as they are, the strings NUL-padded', () => {
  const stored = new Uint8Array(2 * 84).fill(0x2e)
  stored[16] = 1
  stored[34] = 2
  const encode = (words: string) => words.split(' ').map((word) => new TextEncoder().encode(word))
  const texts = [...encode('id a bc x yz'), ...encode('four d e tag t')]
  const layout = textLayout(type, widths)
  const copied = fixedElements(stored, texts, layout, { elementSize: 84, pointerSize: 16, count: 3 })
  const second = `four.d\0..e\0.tagt\0\0`
  assert.equal(
    Buffer.from(copied).toString('latin1'),
    `id\0\0\x01a\0.\x02bc.x\0\0yz\0${second}${'\0'.repeat(18)}`,
  )
})

test('more strings in an element than a structure has fields are refused', () => {
  assert.throws(() => textPlaces(arrayOf(text, 1025)), UnsupportedError)
  assert.throws(() => textPlaces(arrayOf(arrayOf(pair, 1 << 20), 1 << 20)), /more than 1024 strings/)
})
