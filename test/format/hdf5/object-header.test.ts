/** Object headers laid out by hand from the specification, and what they may not be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookup3 } from '../../../lib/format/hdf5/checksum.ts'
import { MESSAGE, readObjectHeader } from '../../../lib/format/hdf5/object-header.ts'
import { openMemory } from '../../../lib/source/memory.ts'

const u16 = (value: number) => [value & 255, value >> 8]
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)]
const u64 = (value: number) => [...u32(value), 0, 0, 0, 0]

/** A file of nothing but the bytes given for each address. */
function fileOf(blocks: Record<number, readonly number[]>, size = 2048) {
  const bytes = new Uint8Array(size)
  for (const [address, block] of Object.entries(blocks)) bytes.set(block, Number(address))
  const btreeK = { groupLeaf: 4, groupInternal: 16, chunk: 32 }
  return { source: openMemory(bytes, 'x.h5'), base: 0, offsetSize: 8, lengthSize: 8, rootAddress: 0, btreeK }
}

const message1 = (type: number, body: readonly number[], flags = 0) => [
  ...u16(type),
  ...u16(body.length),
  flags,
  0,
  0,
  0,
  ...body,
]
const header1 = (...messages: readonly number[][]) => {
  const body = messages.flat()
  return [1, 0, ...u16(messages.length), ...u32(1), ...u32(body.length), 0, 0, 0, 0, ...body]
}
const continuation = (address: number, length: number) => message1(0x10, [...u64(address), ...u64(length)])
const comment = (text: string) => message1(MESSAGE.comment, [...Buffer.from(text.padEnd(8, '\0'))])
const texts = (header: Awaited<ReturnType<typeof readObjectHeader>>) =>
  header.messages.map(({ body }) => Buffer.from(body.bytes).toString().replaceAll('\0', ''))

const signed = (block: readonly number[]) => [...block, ...u32(lookup3(Uint8Array.from(block)))]

test('version 1: messages in the order of the chunks, NIL left out, far continuations and near ones', async () => {
  const blocks = {
    100: header1(
      comment('one'),
      message1(0, [1, 2, 3, 4, 5, 6, 7, 8]),
      continuation(300, 16),
      comment('two'),
    ),
    300: comment('three'),
  }
  assert.deepEqual(texts(await readObjectHeader(fileOf(blocks), 100)), ['one', 'two', 'three'])
  const far = {
    100: header1(continuation(1500, 40), comment('one')),
    1500: [...continuation(1600, 16), ...comment('x')],
    1600: comment('y'),
  }
  assert.deepEqual(texts(await readObjectHeader(fileOf(far), 100)), ['one', 'x', 'y'])
})

test('version 1 that is longer than the first read', async () => {
  const comments = Array.from({ length: 50 }, (_, i) => comment(`c${i}`))
  const header = await readObjectHeader(fileOf({ 64: header1(...comments) }), 64)
  assert.equal(header.messages.length, 50)
  assert.equal(texts(header).at(-1), 'c49')
})

test('version 2: sizes, times, creation order, a gap, a continuation', async () => {
  const text = (value: string, order: number) => [
    MESSAGE.comment,
    ...u16(4),
    0,
    ...u16(order),
    ...Buffer.from(value),
  ]
  const next = [0x10, ...u16(16), 0, ...u16(0), ...u64(900), ...u64(4 + 10 + 4)]
  const body = [...text('abcd', 1), ...next, 0, 0, 0]
  // Flags: a two-byte size, attribute order tracked, phase change values and times stored.
  const head = [
    ...Buffer.from('OHDR'),
    2,
    0x35,
    ...Array(16).fill(7),
    ...Array(4).fill(8),
    ...u16(body.length),
  ]
  const blocks = { 40: signed([...head, ...body]), 900: signed([...Buffer.from('OCHK'), ...text('efgh', 2)]) }
  const header = await readObjectHeader(fileOf(blocks), 40)
  assert.equal(header.version, 2)
  assert.deepEqual(texts(header), ['abcd', 'efgh'])
  assert.deepEqual(
    header.messages.map(({ creationOrder }) => creationOrder),
    [1, 2],
  )
})

test('continuations that run in a circle end', async () => {
  const itself = fileOf({ 100: header1(continuation(116, 24)) })
  await assert.rejects(readObjectHeader(itself, 100), /circle/)
  const pair = fileOf({
    100: header1(continuation(300, 24)),
    300: continuation(400, 24),
    400: continuation(300, 24),
  })
  await assert.rejects(readObjectHeader(pair, 100), { code: 'ERR_KSTREAM_FORMAT', message: /circle/ })
})

test('unknown messages are ignored unless their flags forbid it', async () => {
  const ignored = await readObjectHeader(fileOf({ 0: header1(message1(0x70, [], 0x08), comment('one')) }), 0)
  assert.deepEqual(texts(ignored), ['', 'one'])
  const forbidden = fileOf({ 0: header1(message1(0x70, [], 0x80)) })
  await assert.rejects(readObjectHeader(forbidden, 0), {
    code: 'ERR_KSTREAM_UNSUPPORTED',
    message: /type 112/,
  })
})

test('what lies outside the file is an error there', async () => {
  const file = fileOf({ 100: header1(continuation(2040, 100)) })
  await assert.rejects(readObjectHeader(file, 100), {
    code: 'ERR_KSTREAM_FORMAT',
    structure: 'object header continuation',
    offset: 2040,
  })
  await assert.rejects(readObjectHeader(file, 2040), { code: 'ERR_KSTREAM_FORMAT', offset: 2040 })
  await assert.rejects(readObjectHeader(file, 2 ** 52), { code: 'ERR_KSTREAM_FORMAT' })
  const long = fileOf({ 100: [1, 0, 1, 0, 1, 0, 0, 0, 255, 255, 255, 15, 0, 0, 0, 0] })
  await assert.rejects(readObjectHeader(long, 100), { code: 'ERR_KSTREAM_FORMAT' })
})
