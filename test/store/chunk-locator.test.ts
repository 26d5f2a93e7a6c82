/** Chunks that come with their bytes are located without holding more of these than there is room for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import { ChunkLocator } from '../../lib/store/chunk-locator.ts'
import { randomFrom } from '../seeded-random.ts'
import { syntheticSet } from '../write/synthetic.ts'

const MEBI = 1 << 20

/** Arrays of so many chunks, every fifth missing, each others' bytes 4 MiB that begin with its number; what was read of it. */
function heavySet(chunks: number, arrays = 1, bytes = 4 * MEBI) {
  const bodies: { from: number; rows: number }[] = []
  const header = syntheticSet({
    arrays: Array.from({ length: arrays }, (_, at) => ({ path: `a${at}`, shape: [chunks] })),
    rows: [],
  }).header
  async function* body({ arrays: asked = [], from = 0, to = chunks }: BodyOptions = {}) {
    const read = { from, rows: 0 }
    bodies.push(read)
    for (const array of asked) {
      for (let chunk = from; chunk < Math.min(to, chunks); chunk++) {
        if (chunk % 5 === 3) continue
        read.rows++
        const raw = new Uint8Array(bytes)
        raw[0] = chunk
        const zero = new Float64Array(1)
        const path = Uint32Array.of(INLINE)
        const columns = { chunk: Float64Array.of(chunk), path, paths: [], offset: zero, length: zero }
        yield { kind: 'batch', array, rows: 1, ...columns, raw: [raw] } satisfies ReferenceBatch
      }
    }
    const coverage = { arrays: [], notes: [] }
    yield { kind: 'footer', shapes: [[chunks]], missing: [0], dropped: [], coverage } as const
  }
  const set: ReferenceSet = { header, sources: [], replayable: true, body }
  return { set, bodies, locator: new ChunkLocator(set, () => chunks, {}) }
}

async function check(locator: ChunkLocator, chunk: number, array = 0): Promise<void> {
  const location = await locator.locate(array, chunk)
  assert.equal(location?.chunk, chunk % 5 === 3 ? undefined : chunk)
  if (location) assert.equal(location.raw?.[0], chunk)
}

test('neighbours are found by few walks, none of which takes more than 64 MiB', async () => {
  for (const order of ['one by one', 'at once'] as const) {
    const { locator, bodies } = heavySet(100)
    const chunks = Array.from({ length: 100 }, (_, chunk) => chunk)
    if (order === 'at once') await Promise.all(chunks.map((chunk) => check(locator, chunk)))
    else for (const chunk of chunks) await check(locator, chunk)
    // 80 chunks, 16 at a time, and the first look at all of them.
    assert.ok(bodies.length <= 8, `${bodies.length} walks ${order}`)
    assert.ok(bodies.every(({ rows }) => rows <= 17))
  }
})

test('chunks are found in any order', async () => {
  const { locator } = heavySet(60, 2)
  const random = randomFrom(5)
  for (let i = 0; i < 60; i++) await check(locator, Math.floor(random() * 60), Math.floor(random() * 2))
})

test('all locations of an array are passed on as they are read', async () => {
  const { locator, bodies } = heavySet(60)
  const found: number[] = []
  for await (const { chunk } of locator.locations(0)) found.push(chunk)
  assert.deepEqual(
    found,
    Array.from({ length: 60 }, (_, chunk) => chunk).filter((chunk) => chunk % 5 !== 3),
  )
  assert.equal(bodies.length, 2)
})

test('what there is room for is located once', async () => {
  const { locator, bodies } = heavySet(20, 3, 1000)
  await locator.prefetch([0, 1, 2])
  for (const array of [0, 1, 2]) for (let chunk = 0; chunk < 20; chunk++) await check(locator, chunk, array)
  assert.equal(bodies.length, 1)
  const heavy = heavySet(20, 3)
  await heavy.locator.prefetch([0, 1, 2])
  assert.equal(heavy.bodies[0].rows, 17)
  await check(heavy.locator, 19, 2)
})
