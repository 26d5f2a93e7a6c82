/** Sets laid flat, pulled one item at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import { events } from '../../lib/stream/events.ts'
import { collect } from './collect.ts'

const batch: ReferenceBatch = {
  kind: 'batch',
  array: 0,
  rows: 1,
  chunk: Float64Array.of(0),
  path: Uint32Array.of(0),
  paths: ['/a'],
  offset: Float64Array.of(0),
  length: Float64Array.of(1),
}

/** Sets of `batches` batches each, that note what was made and closed. */
function sets(count: number, batches: number) {
  const state = { made: 0, closed: 0, asked: [] as BodyOptions[] }
  async function* body(options: BodyOptions = {}) {
    state.asked.push(options)
    try {
      for (let i = 0; i < batches; i++) {
        state.made++
        yield batch
      }
      yield {
        kind: 'footer' as const,
        shapes: [],
        missing: [],
        dropped: [],
        coverage: { arrays: [], notes: [] },
      }
    } finally {
      state.closed++
    }
  }
  async function* source(): AsyncGenerator<ReferenceSet> {
    const header = { kind: 'header' as const, groups: [], arrays: [], skipped: [], notes: [] }
    for (let i = 0; i < count; i++) yield { header, sources: [], replayable: true, body }
  }
  return { state, source: source() }
}

test('each set is its header, its batches and its footer', async () => {
  const { state, source } = sets(2, 2)
  const kinds = (await collect(events({ from: 3 })(source))).map(({ kind }) => kind)
  const one = ['header', 'batch', 'batch', 'footer']
  assert.deepEqual(kinds, [...one, ...one])
  assert.equal(state.asked[0].from, 3)
})

test('a slow reader is not run ahead of', async () => {
  const { state, source } = sets(1, 50)
  let seen = 0
  for await (const { kind } of events()(source)) {
    if (kind === 'batch') seen++
    await delay(1)
    assert.equal(state.made, seen)
  }
  assert.equal(seen, 50)
})

test('leaving early and an abort between batches close the body', async () => {
  const left = sets(1, 50)
  for await (const { kind } of events()(left.source)) if (kind === 'batch') break
  assert.equal(left.state.closed, 1)

  const aborted = sets(1, 50)
  const controller = new AbortController()
  await assert.rejects(
    async () => {
      for await (const { kind } of events()(aborted.source, { signal: controller.signal })) {
        if (kind === 'batch') controller.abort()
      }
    },
    { name: 'AbortError' },
  )
  assert.equal(aborted.state.closed, 1)
  assert.equal(aborted.state.asked[0].signal, controller.signal)
})
