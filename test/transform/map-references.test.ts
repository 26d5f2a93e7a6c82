/** References one at a time: what the function sees, and what becomes of its answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../lib/errors.ts'
import { mapReferences, type Reference } from '../../lib/transform/map-references.ts'
import { memorySet, readBody, through } from './memory-set.ts'

function set() {
  return memorySet({
    arrays: [
      {
        path: 'temp',
        shape: [null, 5],
        chunkShape: [1, 2],
        rows: [
          [0, '/a', 0, 10],
          [2, 'raw'],
          [3, '/b', 20, 30],
          [7, '/a', 50, 10],
        ],
        missing: 2,
        filterMask: [0, 0, 1, 0],
      },
      { path: 'scalar', rows: [[0, '/a', 90, 4]] },
    ],
  })
}

test('the function sees every reference with its place in the grid, and its array', async () => {
  const seen: unknown[] = []
  const stage = mapReferences((reference, array) => {
    const { chunk, coordinates, path, offset, length, raw } = reference
    seen.push([array.path, chunk, coordinates, path, offset, length, raw && Buffer.from(raw).toString()])
    return reference
  })
  const beneath = set()
  const { rows, footer } = await readBody(await through(stage, beneath))
  // Three chunks a row of the grid: 7 is (2, 1).
  assert.deepEqual(seen, [
    ['temp', 0, [0, 0], '/a', 0, 10, null],
    ['temp', 2, [0, 2], null, 0, 3, 'raw'],
    ['temp', 3, [1, 0], '/b', 20, 30, null],
    ['temp', 7, [2, 1], '/a', 50, 10, null],
    ['scalar', 0, [], '/a', 90, 4, null],
  ])
  assert.deepEqual(rows, (await readBody(set())).rows)
  assert.deepEqual(footer?.missing, [2, 0])
})

test('changes land in the columns, the filter mask stays with its row', async () => {
  const stage = mapReferences((reference: Reference) => {
    if (reference.chunk === 0) return null
    if (reference.chunk === 7)
      return { path: null, offset: 0, length: 0, raw: new Uint8Array(Buffer.from('in')) }
    return { ...reference, offset: reference.offset + 1000 * (reference.raw ? 0 : 1) }
  })
  const mapped = await through(stage, set())
  const { rows, batches, footer } = await readBody(mapped, { arrays: [0] })
  assert.deepEqual(rows.temp, [
    [2, 'raw'],
    [3, '/b', 1020, 30],
    [7, 'in'],
  ])
  assert.deepEqual([...(batches[1].filterMask ?? [])], [1, 0])
  assert.deepEqual(footer?.missing, [3, 0])
  // Each body counts anew.
  assert.deepEqual((await readBody(mapped, { arrays: [0] })).footer?.missing, [3, 0])
})

test('a batch of which nothing stays is not handed on', async () => {
  const { batches, footer } = await readBody(
    await through(
      mapReferences(() => null),
      set(),
    ),
  )
  assert.deepEqual(batches, [])
  assert.deepEqual(footer?.missing, [6, 1])
})

test('an answer that is no reference is refused', async () => {
  for (const wrong of [
    { path: '/a', offset: -1, length: 1 },
    { path: '/a', offset: 0, length: Number.NaN },
    { path: null, offset: 0, length: 1 },
    { path: '/a', offset: 0, length: 1, raw: new Uint8Array(1) },
  ]) {
    await assert.rejects(
      readBody(
        await through(
          mapReferences(() => wrong),
          set(),
        ),
      ),
      UsageError,
    )
  }
})
