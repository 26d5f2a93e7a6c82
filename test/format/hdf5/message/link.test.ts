/** Link messages and shared message records, laid out by hand from the specification. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cursor } from '../../../../lib/format/hdf5/cursor.ts'
import { parseLink } from '../../../../lib/format/hdf5/message/link.ts'
import { parseSharedMessage } from '../../../../lib/format/hdf5/message/shared.ts'
import { openMemory } from '../../../../lib/source/memory.ts'

const file = {
  source: openMemory(new Uint8Array(0)),
  base: 0,
  offsetSize: 4,
  lengthSize: 8,
  rootAddress: 0,
  btreeK: { groupLeaf: 4, groupInternal: 16, chunk: 32 },
}
const text = (value: string) => [...Buffer.from(value, 'latin1')]
const cursorOf = (...bytes: number[]) =>
  new Cursor(Uint8Array.from(bytes), { url: 'x.h5', structure: 'link message', offset: 0 })
const link = (...bytes: number[]) => parseLink(file, cursorOf(...bytes))

test('a hard link: version, flags, length of the name, name, address', () => {
  const parsed = link(1, 0, 1, ...text('a'), 0x10, 2, 0, 0)
  assert.deepEqual(parsed.link, { name: 'a', kind: 'hard', address: 0x210 })
  assert.equal(parsed.creationOrder, undefined)
})

test('creation order, charset and a two-byte name length where the flags say so', () => {
  const parsed = link(1, 0x15, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0xc3, 0xa9, 8, 0, 0, 0)
  assert.deepEqual(parsed.link, { name: 'é', kind: 'hard', address: 8 })
  assert.equal(parsed.creationOrder, 7)
})

test('soft, external and user-defined links', () => {
  const soft = link(1, 8, 1, 1, ...text('s'), 2, 0, ...text('/t'))
  assert.deepEqual(soft.link, { name: 's', kind: 'soft', target: '/t' })
  const external = link(1, 8, 64, 1, ...text('e'), 7, 0, 0, ...text('f.h5\0'), ...text('/o\0'))
  assert.deepEqual(external.link, { name: 'e', kind: 'external', file: 'f.h5', target: '/o' })
  assert.deepEqual(link(1, 8, 200, 1, ...text('u'), 0, 0).link, { name: 'u', kind: 'user', type: 200 })
})

test('a name that is not UTF-8 is a name all the same', () => {
  assert.equal(link(1, 0, 2, 0xe9, ...text('a'), 0, 0, 0, 0).link.name, '\ufffda')
})

test('what a link message may not be', () => {
  assert.throws(() => link(2, 0, 1, ...text('a'), 0, 0, 0, 0), { code: 'ERR_KSTREAM_FORMAT' })
  assert.throws(() => link(1, 8, 2, 1, ...text('a'), 0, 0, 0, 0), /link type 2/)
  assert.throws(() => link(1, 0, 9, ...text('a'), 0, 0, 0, 0), /9 bytes wanted/)
  assert.throws(() => link(1, 0, 1, ...text('a'), 255, 255, 255, 255), /no address/)
})

test('shared message records of all versions', () => {
  const parse = (...bytes: number[]) => parseSharedMessage(file, cursorOf(...bytes))
  const entry = [1, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9]
  assert.deepEqual(parse(...entry, 0x20, 1, 0, 0), { kind: 'object', address: 0x120 })
  assert.deepEqual(parse(2, 0, 0x20, 1, 0, 0), { kind: 'object', address: 0x120 })
  assert.deepEqual(parse(3, 2, 0x20, 1, 0, 0), { kind: 'object', address: 0x120 })
  const heap = parse(3, 1, 1, 2, 3, 4, 5, 6, 7, 8)
  assert.deepEqual(heap, { kind: 'heap', id: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })
  assert.throws(() => parse(4, 1, 0, 0, 0, 0), { code: 'ERR_KSTREAM_FORMAT' })
})
