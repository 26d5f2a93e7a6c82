/** Stages as Node streams, composed, and laid flat. */
import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { asStream } from '../../lib/stream/as-stream.ts'
import { compose } from '../../lib/stream/compose.ts'
import type { Stage } from '../../lib/stream/stage.ts'
import { collect } from './collect.ts'

function adding(amount: number): Stage<number> {
  return async function* (source) {
    for await (const item of source) yield item + amount
  }
}

test('a stage pipes as a stream, in object mode', async () => {
  const seen: number[] = []
  const stream = Readable.from([1, 2, 3]).pipe(asStream(adding(10)))
  for await (const item of stream) seen.push(item)
  assert.deepEqual(seen, [11, 12, 13])
})

test('composed stages run in their order; none passes everything', async () => {
  const doubling: Stage<number> = async function* (source) {
    for await (const item of source) yield item * 2
  }
  const flow = compose(adding(1), doubling, adding(100))
  assert.deepEqual(await collect(flow(Readable.from([1, 2]))), [104, 106])
  assert.deepEqual(await collect(compose<number>()(Readable.from([1, 2]))), [1, 2])
})

test('a slow reader is run ahead of by one item or two, not by all of them', async () => {
  let made = 0
  let seen = 0
  let ahead = 0
  const making: Stage<number> = async function* (source) {
    for await (const item of source) {
      made++
      yield item
    }
  }
  const slow = new Writable({
    objectMode: true,
    highWaterMark: 1,
    async write(_item, _encoding, done) {
      ahead = Math.max(ahead, made - seen)
      await delay(1)
      seen++
      done()
    },
  })
  await pipeline(Readable.from(Array.from({ length: 200 }, (_, i) => i)), asStream(making), slow)
  assert.equal(seen, 200)
  assert.ok(ahead <= 2, `${ahead} ahead`)
})

test('a stage that throws fails the pipeline; one that is left closes', async () => {
  const failing: Stage<number> = async function* (source) {
    for await (const item of source) {
      if (item === 2) throw new RangeError('two')
      yield item
    }
  }
  await assert.rejects(
    pipeline(Readable.from([1, 2, 3]), asStream(failing), async (items) => {
      for await (const _ of items);
    }),
    RangeError,
  )
})

test('an abort closes the stage behind a stream', async () => {
  let closed = false
  const controller = new AbortController()
  const holding: Stage<number> = async function* (source) {
    try {
      for await (const item of source) yield item
    } finally {
      closed = true
    }
  }
  async function* endless() {
    for (let i = 0; ; i++) yield i
  }
  const slow = async (items: AsyncIterable<number>) => {
    for await (const item of items) if (item === 5) controller.abort()
  }
  await assert.rejects(
    pipeline(Readable.from(endless()), asStream(holding), slow, { signal: controller.signal }),
    { name: 'AbortError' },
  )
  for (let i = 0; i < 50 && !closed; i++) await delay(2)
  assert.ok(closed)
})
