/** Reads that lie near one another: how many are made of them, and whose abort stops what. */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import type { ByteSource } from '../../lib/source/byte-source.ts'
import { openMemory } from '../../lib/source/memory.ts'
import { type FlushReport, planRangeGroups, withRangeCoalescing } from '../../lib/source/range-coalescing.ts'

const content = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251)

/** A source that notes its reads and holds them until `release`. */
function heldSource() {
  const memory = openMemory(content, 'memory:held')
  const reads: { offset: number; length: number; signal: AbortSignal | undefined }[] = []
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const source: ByteSource = {
    ...memory,
    async read(offset, length, options) {
      reads.push({ offset, length, signal: options?.signal })
      await held
      return memory.read(offset, length, options)
    },
  }
  return { source, reads, release: () => release() }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

function group(ranges: [number, number][], gap: number, maxLength: number): [number, number, number][] {
  const plan = planRangeGroups(
    ranges.map(([offset, length]) => ({ offset, length })),
    gap,
    maxLength,
  )
  return plan.map(({ offset, length, members }) => [offset, length, members.length])
}

test('ranges group by gap and length', () => {
  assert.deepEqual(group([], 10, 100), [])
  // A gap of 10 is bridged, one of 11 not; order of arrival does not matter.
  assert.deepEqual(
    group(
      [
        [41, 5],
        [0, 10],
        [20, 10],
      ],
      10,
      100,
    ),
    [
      [0, 30, 2],
      [41, 5, 1],
    ],
  )
  // Overlaps and duplicates cost nothing.
  assert.deepEqual(
    group(
      [
        [0, 10],
        [0, 10],
        [5, 10],
        [2, 3],
      ],
      0,
      100,
    ),
    [[0, 15, 4]],
  )
  // Nothing grows beyond maxLength, but one long range stays one, with what lies within it.
  assert.deepEqual(
    group(
      [
        [0, 60],
        [60, 60],
      ],
      0,
      100,
    ),
    [
      [0, 60, 1],
      [60, 60, 1],
    ],
  )
  assert.deepEqual(
    group(
      [
        [0, 500],
        [100, 10],
      ],
      0,
      100,
    ),
    [[0, 500, 2]],
  )
})

test('reads of one turn become one read; the report counts them', async () => {
  const { source, reads, release } = heldSource()
  release()
  const reports: FlushReport[] = []
  const near = withRangeCoalescing(source, { gap: 100, onFlush: (report) => reports.push(report) })
  const late = async () => {
    await Promise.resolve()
    return near.read(150, 10)
  }
  const chunks = await Promise.all([near.read(0, 10), near.read(100, 10), near.read(5000, 10), late()])
  assert.deepEqual(
    chunks.map(([first]) => first),
    [0, 100, 5000 % 251, 150],
  )
  for (const chunk of chunks) assert.equal(chunk.byteOffset % 8, 0)
  assert.deepEqual(
    reads.map(({ offset, length }) => [offset, length]),
    [
      [0, 160],
      [5000, 10],
    ],
  )
  assert.deepEqual(reports, [{ url: 'memory:held', groups: 2, requests: 4, bytes: 170 }])
})

test('one abort fails one read; the shared read goes on until the last gives up', async () => {
  const { source, reads, release } = heldSource()
  const near = withRangeCoalescing(source)
  const [first, second] = [new AbortController(), new AbortController()]
  const a = near.read(0, 4, { signal: first.signal })
  const b = near.read(8, 4, { signal: second.signal })
  await turn()
  first.abort()
  await assert.rejects(a, { name: 'AbortError' })
  assert.equal(reads.length, 1)
  assert.equal(reads[0].signal?.aborted, false)
  second.abort()
  await assert.rejects(b, { name: 'AbortError' })
  assert.equal(reads[0].signal?.aborted, true)
  release()
})

test('hundreds of reads put one listener on the signal that they share', async () => {
  const near = withRangeCoalescing(openMemory(content, 'memory:shared'))
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 200 }, () => near.read(0, 4, { signal })))
  await Promise.all(Array.from({ length: 200 }, () => near.read(4, 4, { signal })))
  assert.equal(getEventListeners(signal, 'abort').length, 1)
})

test('a read without a signal keeps the shared read alive', async () => {
  const { source, release } = heldSource()
  const near = withRangeCoalescing(source)
  const controller = new AbortController()
  const a = near.read(0, 4, { signal: controller.signal })
  const b = near.read(8, 4)
  await turn()
  controller.abort()
  await assert.rejects(a, { name: 'AbortError' })
  release()
  assert.deepEqual([...(await b)], [8, 9, 10, 11])
})

test('a range past the end fails alone', async () => {
  const near = withRangeCoalescing(openMemory(content))
  const good = near.read(9990, 10)
  await assert.rejects(near.read(9995, 10), { code: 'ERR_KSTREAM_SOURCE', offset: 9995, length: 10 })
  assert.equal((await good).length, 10)
})

test('a failing read fails all that it was for', async () => {
  const memory = openMemory(content)
  const near = withRangeCoalescing({ ...memory, read: () => Promise.reject(new Error('gone')) })
  const results = await Promise.allSettled([near.read(0, 1), near.read(1, 1), near.read(9000, 1)])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
})
