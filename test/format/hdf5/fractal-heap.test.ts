/** Fractal heap IDs and the doubling table, worked out by hand from the specification. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cursor } from '../../../lib/format/hdf5/cursor.ts'
import { FractalHeap } from '../../../lib/format/hdf5/fractal-heap.ts'
import {
  childRows,
  type FractalHeapHeader,
  locate,
  rowBlockSize,
} from '../../../lib/format/hdf5/fractal-heap-header.ts'
import { openMemory } from '../../../lib/source/memory.ts'

/** libhdf5's own parameters for the links of a group. */
const table = { width: 4, startSize: 512, maxDirectSize: 65536, directRows: 9 }

test('rows of the doubling table', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 8].map((row) => rowBlockSize(table, row)),
    [512, 512, 1024, 2048, 65536],
  )
  assert.deepEqual(locate(table, 0), { row: 0, entry: 0, from: 0 })
  assert.deepEqual(locate(table, 511), { row: 0, entry: 0, from: 0 })
  assert.deepEqual(locate(table, 2047), { row: 0, entry: 3, from: 1536 })
  assert.deepEqual(locate(table, 2048), { row: 1, entry: 4, from: 2048 })
  assert.deepEqual(locate(table, 4096), { row: 2, entry: 8, from: 4096 })
  assert.deepEqual(locate(table, 6000), { row: 2, entry: 9, from: 5120 })
  // Nine rows of direct blocks hold 4 * 512 * 2^8 bytes; the next row's blocks are 128 KiB, indirect.
  assert.deepEqual(locate(table, 524288), { row: 9, entry: 36, from: 524288 })
  // 128 KiB take 4 * 512 * (1 + 1 + 2 + ... + 32): seven rows.
  assert.equal(childRows(table, 9), 7)
})

function heapOf(header: Partial<FractalHeapHeader>, bytes = new Uint8Array(64)) {
  const btreeK = { groupLeaf: 4, groupInternal: 16, chunk: 32 }
  const source = openMemory(bytes, 'x.h5')
  const file = { source, base: 0, offsetSize: 4, lengthSize: 4, rootAddress: 0, btreeK }
  const cursor = new Cursor(bytes, { url: 'x.h5', structure: 'fractal heap header', offset: 0 })
  const sizes = { idLength: 8, offsetBytes: 4, lengthBytes: 2 }
  const places = { rootAddress: undefined, rootRows: 0, hugeAddress: undefined }
  return new FractalHeap(file, {
    address: 0,
    cursor,
    ...sizes,
    checksums: true,
    table,
    ...places,
    filters: [],
    ...header,
  })
}

test('a tiny object is in its ID', async () => {
  const { bytes } = await heapOf({}).object(Uint8Array.of(0x22, 5, 6, 7, 0, 0, 0, 0))
  assert.deepEqual([...bytes], [5, 6, 7])
  const long = Uint8Array.of(0x21, 0x02, ...Array.from({ length: 300 }, (_, i) => i & 255))
  const extended = await heapOf({ idLength: 302 }).object(long)
  // 0x102 + 1 bytes, counted in twelve bits.
  assert.deepEqual([...extended.bytes], [...long.subarray(2, 2 + 0x103)])
})

test('a huge object whose address and length fit in the ID', async () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i)
  const id = Uint8Array.of(0x10, 20, 0, 0, 0, 3, 0, 0, 0)
  const object = await heapOf({ idLength: 9 }, bytes).object(id)
  assert.deepEqual([...object.bytes], [20, 21, 22])
  assert.equal(object.start, 20)
})

test('IDs that lead nowhere', async () => {
  const rejects = (id: number[], message: RegExp, header = {}) =>
    assert.rejects(heapOf(header).object(Uint8Array.from(id)), { code: 'ERR_KSTREAM_FORMAT', message })
  await rejects([0x40, 0, 0, 0, 0, 0, 0, 0], /version 1/)
  await rejects([0x30, 0, 0, 0, 0, 0, 0, 0], /type 3/)
  await rejects([0x00, 0, 0, 0, 0, 0, 0, 0], /no blocks/)
  await rejects([0x10, 0, 0, 0, 0, 0, 0, 0], /no huge objects/)
  await rejects([0x2f, 0, 0, 0, 0, 0, 0, 0], /16 bytes wanted/)
  await rejects([0x00, 1, 0], /3 bytes, not 8/)
  await rejects([0x00, 1, 0, 0, 0, 1, 0, 0], /larger than the file/, { rootAddress: 40 })
})
