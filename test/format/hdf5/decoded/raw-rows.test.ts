/** Batches whose rows become bytes of the set itself are cut before they carry too many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withRawRows } from '../../../../lib/format/hdf5/decoded/raw-rows.ts'
import { INLINE, type ReferenceBatch } from '../../../../lib/model/reference-batch.ts'

const MIB = 1 << 20

function batchOf(rows: number): ReferenceBatch {
  return {
    kind: 'batch',
    array: 3,
    rows,
    chunk: Float64Array.from({ length: rows + 5 }, (_, row) => 10 * row),
    path: new Uint32Array(rows + 5),
    paths: ['file.h5'],
    offset: Float64Array.from({ length: rows + 5 }, (_, row) => 1000 + row),
    length: new Float64Array(rows + 5).fill(7),
    filterMask: new Uint32Array(rows + 5),
  }
}

async function cut(
  batch: ReferenceBatch,
  read: (row: number) => Promise<Uint8Array | null>,
  chunkBytes: number,
) {
  const batches: ReferenceBatch[] = []
  for await (const part of withRawRows(batch, read, chunkBytes)) batches.push(part)
  return batches
}

test('a batch carries a few megabytes, or one chunk', async () => {
  for (const [bytes, most] of [
    [MIB, 8 * MIB],
    [12 * MIB, 12 * MIB],
  ]) {
    const batches = await cut(batchOf(9), async () => new Uint8Array(bytes), bytes)
    assert.equal(
      batches.reduce((rows, batch) => rows + batch.rows, 0),
      9,
    )
    for (const { raw } of batches) {
      const carried = (raw ?? []).reduce((sum, chunk) => sum + (chunk?.length ?? 0), 0)
      assert.ok(carried <= most, `${carried} bytes`)
    }
  }
})

test('no more chunks are read at a time than a few megabytes of them', async () => {
  let flying = 0
  let peak = 0
  const read = async () => {
    peak = Math.max(peak, ++flying)
    await new Promise((resolve) => setImmediate(resolve))
    flying--
    return new Uint8Array(1)
  }
  await cut(batchOf(50), read, 2 * MIB)
  assert.equal(peak, 2)
})

test('rows without bytes stay references, and nothing of masks remains', async () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const [batch, ...more] = await cut(batchOf(4), async (row) => (row === 2 ? bytes : null), 100)
  assert.deepEqual(more, [])
  assert.deepEqual([...batch.chunk], [0, 10, 20, 30])
  assert.deepEqual([...batch.path], [0, 0, INLINE, 0])
  assert.deepEqual([...batch.offset], [1000, 1001, 0, 1003])
  assert.deepEqual([...batch.length], [7, 7, 3, 7])
  assert.deepEqual(batch.raw, [null, null, bytes, null])
  assert.equal(batch.filterMask, undefined)
  const [untouched] = await cut(batchOf(4), async () => null, 100)
  assert.equal(untouched.raw, undefined)
})

test('rows that have bytes already are not read', async () => {
  const given = Uint8Array.of(9)
  const batch = { ...batchOf(1), path: Uint32Array.of(INLINE), raw: [given] }
  const [found] = await cut(batch, async () => assert.fail('read'), 100)
  assert.deepEqual(found.raw, [given])
})
