/** Bytes in memory as a source, and the counters around a source. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemory } from '../../lib/source/memory.ts'
import { Tally, withTally } from '../../lib/source/tally.ts'

test('reads are copies on a boundary of 8 bytes', async () => {
  const bytes = Uint8Array.from([1, 2, 3, 4, 5])
  const source = openMemory(bytes.subarray(1), 'memory:x')
  assert.equal(source.size, 4)
  assert.deepEqual(source.info, { url: 'memory:x', size: 4 })
  const read = await source.read(1, 2)
  assert.deepEqual([...read], [3, 4])
  assert.equal(read.byteOffset, 0)
  read[0] = 99
  assert.deepEqual([...(await source.read(1, 2))], [3, 4])
})

test('a Buffer is copied too', async () => {
  const source = openMemory(Buffer.from('abcd'))
  const read = await source.read(0, 4)
  read[0] = 0
  assert.equal((await source.read(0, 1))[0], 97)
})

test('reads past the end, after an abort and after closing are refused', async () => {
  const source = openMemory(new Uint8Array(4))
  await assert.rejects(source.read(2, 3), { code: 'ERR_KSTREAM_SOURCE', offset: 2, length: 3 })
  await assert.rejects(source.read(0, 1, { signal: AbortSignal.abort() }), { name: 'AbortError' })
  await source.close()
  await assert.rejects(source.read(0, 1), /closed/)
})

test('a tally counts reads and their bytes, and passes the rest through', async () => {
  const tally = new Tally()
  const source = withTally(openMemory(new Uint8Array(100), 'memory:t'), tally)
  await Promise.all([source.read(0, 10), source.read(50, 5)])
  assert.deepEqual({ requests: tally.requests, bytes: tally.bytes }, { requests: 2, bytes: 15 })
  assert.equal(source.url, 'memory:t')
  await source.close()
  await assert.rejects(source.read(0, 1), /closed/)
})
