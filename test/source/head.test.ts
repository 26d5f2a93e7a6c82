/** The beginning of a file is read once, and nothing that is read shares its memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteSource } from '../../lib/source/byte-source.ts'
import { withHead } from '../../lib/source/head.ts'
import { openMemory } from '../../lib/source/memory.ts'

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)

function counted() {
  const reads: [number, number][] = []
  const memory = openMemory(bytes, 'x')
  const source: ByteSource = {
    ...memory,
    async read(offset, length, options) {
      reads.push([offset, length])
      const got = await memory.read(offset, length, options)
      if (options?.into?.length !== length) return got
      options.into.set(got)
      return options.into
    },
  }
  return { source, reads }
}

test('reads within the head make no read of the source; others do, whole', async () => {
  const { source, reads } = counted()
  const headed = await withHead(source, new Uint8Array(40))
  assert.deepEqual(reads, [[0, 40]])
  assert.deepEqual([...(await headed.read(0, 40))], [...bytes.subarray(0, 40)])
  assert.deepEqual([...(await headed.read(37, 3))], [37, 38, 39])
  assert.deepEqual([...(await headed.read(40, 0))], [])
  assert.equal(reads.length, 1)
  assert.deepEqual([...(await headed.read(38, 3))], [38, 39, 40])
  assert.deepEqual([...(await headed.read(98, 2))], [98, 99])
  assert.deepEqual(reads.slice(1), [
    [38, 3],
    [98, 2],
  ])
})

test('a smaller file is read whole', async () => {
  const { source, reads } = counted()
  const headed = await withHead(source, new Uint8Array(1000))
  assert.deepEqual([...(await headed.read(99, 1))], [99])
  assert.deepEqual(reads, [[0, 100]])
})

test('bytes start on a boundary, and stay when the head is used again', async () => {
  const head = new Uint8Array(40)
  const headed = await withHead(counted().source, head)
  const got = await headed.read(3, 4)
  head.fill(0xff)
  assert.deepEqual([...got], [3, 4, 5, 6])
  assert.equal(got.byteOffset % 8, 0)
})

test('ranges are checked, and aborts seen, as by the source itself', async () => {
  const headed = await withHead(counted().source, new Uint8Array(1000))
  for (const [offset, length] of [
    [99, 2],
    [-1, 2],
    [0.5, 1],
    [0, -1],
    [Number.NaN, 1],
    [0, Number.NaN],
  ]) {
    await assert.rejects(
      headed.read(offset, length),
      { code: 'ERR_KSTREAM_SOURCE' },
      `${length} at ${offset}`,
    )
  }
  await assert.rejects(headed.read(0, 1, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
