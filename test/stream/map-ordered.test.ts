/** Order, bounds and endings of the concurrent map. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { mapOrdered } from '../../lib/stream/map-ordered.ts'
import { collect } from './collect.ts'

/** 0, 1, 2, ..., with what became of the source. */
function counted(limit: number) {
  const state = { taken: 0, closed: 0 }
  async function* source() {
    try {
      while (state.taken < limit) yield state.taken++
    } finally {
      state.closed++
    }
  }
  return { state, source: source() }
}

test('results come in order, whichever is ready first, with at most `concurrency` at work', async () => {
  let running = 0
  let most = 0
  const work = async (item: number) => {
    most = Math.max(most, ++running)
    await delay((item * 7) % 5)
    running--
    return item * 2
  }
  const { state, source } = counted(40)
  const results = await collect(mapOrdered(source, work, { concurrency: 6 }))
  assert.deepEqual(
    results,
    Array.from({ length: 40 }, (_, index) => index * 2),
  )
  assert.equal(most, 6)
  assert.equal(state.closed, 1)
})

test('nothing is taken before the first pull, and a slow reader sees at most `concurrency` ahead', async () => {
  const { state, source } = counted(1000)
  const mapped = mapOrdered(source, async (item) => item, { concurrency: 4 })
  await delay(5)
  assert.equal(state.taken, 0)
  let seen = 0
  for await (const item of mapped) {
    await delay(2)
    seen++
    assert.equal(item, seen - 1)
    assert.ok(state.taken - seen <= 4, `${state.taken} taken, ${seen} seen`)
    if (seen === 20) break
  }
  assert.equal(state.closed, 1)
})

test('a source that has nothing more at the moment holds no result back', async () => {
  async function* stalling() {
    yield 1
    await new Promise(() => {})
  }
  const mapped = mapOrdered(stalling(), async (item) => item, { concurrency: 4 })
  assert.deepEqual(await mapped.next(), { done: false, value: 1 })
  // Its pull is still waiting: closing must not wait for it.
  await mapped.return(undefined)
})

test('a failure comes in its turn, aborts the work behind it, and closes the source', async () => {
  const { state, source } = counted(100)
  const aborted: number[] = []
  const work = async (item: number, signal: AbortSignal) => {
    if (item < 3) return item
    if (item === 3) {
      await delay(2)
      throw new RangeError('third')
    }
    try {
      await delay(10_000, undefined, { signal })
    } catch {
      aborted.push(item)
    }
    return item
  }
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const item of mapOrdered(source, work, { concurrency: 3 })) seen.push(item)
  }, RangeError)
  assert.deepEqual(seen, [0, 1, 2])
  assert.deepEqual(aborted, [4, 5])
  assert.equal(state.closed, 1)
})

test('work that throws at once, and a source that fails, fail in their turn', async () => {
  const throwing = mapOrdered(
    [1],
    () => {
      throw new RangeError('at once')
    },
    { concurrency: 2 },
  )
  await assert.rejects(collect(throwing), RangeError)
  async function* failing() {
    yield 1
    throw new RangeError('source')
  }
  const mapped = mapOrdered(failing(), async (item) => item, { concurrency: 8 })
  assert.deepEqual(await mapped.next(), { done: false, value: 1 })
  await assert.rejects(mapped.next(), RangeError)
})

test('an abort ends a wait, reaches the work in flight, and closes the source', async () => {
  const { state, source } = counted(100)
  const controller = new AbortController()
  let reached = 0
  const work = async (_: number, signal: AbortSignal) => {
    await delay(10_000, undefined, { signal }).catch(() => reached++)
  }
  setTimeout(() => controller.abort(), 5)
  const mapped = mapOrdered(source, work, { concurrency: 3, signal: controller.signal })
  await assert.rejects(mapped.next(), { name: 'AbortError' })
  assert.equal(reached, 3)
  assert.equal(state.closed, 1)
})

test('sync iterables are closed as well', async () => {
  let closed = false
  function* source() {
    try {
      for (let i = 0; ; i++) yield i
    } finally {
      closed = true
    }
  }
  for await (const item of mapOrdered(source(), async (n) => n, { concurrency: 2 })) if (item === 3) break
  assert.ok(closed)
})
