/** lookup3 against the vectors of its author's own self-test (lookup3.c, driver5). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkChecksum, lookup3 } from '../../../lib/format/hdf5/checksum.ts'
import { Cursor } from '../../../lib/format/hdf5/cursor.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('hashes as the published vectors say', () => {
  assert.equal(lookup3(bytes('')), 0xdeadbeef)
  assert.equal(lookup3(bytes(''), 0xdeadbeef), 0xbd5b7dde)
  assert.equal(lookup3(bytes('Four score and seven years ago'), 0), 0x17770551)
  assert.equal(lookup3(bytes('Four score and seven years ago'), 1), 0xcd628161)
})

test('does not depend on where the bytes begin in their buffer', () => {
  const shifted = bytes('xFour score and seven years ago').subarray(1)
  assert.equal(lookup3(shifted), 0x17770551)
})

test('a checksum that does not match is an error at its byte', () => {
  const stored = Uint8Array.of(...bytes('Four score and seven years ago'), 0x51, 0x05, 0x77, 0x17)
  const at = { url: 'x.h5', structure: 'thing', offset: 100 }
  const good = new Cursor(stored, at)
  good.skip(30)
  checkChecksum(good)
  assert.equal(good.position, 34)
  const bad = new Cursor(stored.slice().fill(0, 3, 4), at)
  bad.skip(30)
  assert.throws(() => checkChecksum(bad), { name: 'FormatError', structure: 'thing', offset: 130 })
})
