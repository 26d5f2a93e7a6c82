/** What stays of a set when arrays are chosen, in header, body and footer alike. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlanError } from '../../lib/errors.ts'
import { select } from '../../lib/transform/select.ts'
import { memorySet, readBody, through } from './memory-set.ts'

/** An ocean file: a curvilinear grid, bounds of time, a sea-ice group of its own, one array that was skipped. */
function ocean() {
  return memorySet({
    groups: [{ path: '', unlimitedDims: ['time'] }, { path: 'ice' }, { path: 'ice/deep' }, { path: 'empty' }],
    arrays: [
      { path: 'time', dims: ['time'], attributes: { bounds: 'time_bnds' }, rows: [[0, '/a', 0, 8]] },
      { path: 'salt', dims: ['time', 'y', 'x'], rows: [[0, '/a', 8, 8]] },
      {
        path: 'temp',
        dims: ['time', 'y', 'x'],
        attributes: {
          coordinates: 'geolon missing',
          grid_mapping: 'crs: x y',
          cell_measures: 'area: area_t',
        },
        rows: [
          [0, '/a', 100, 8],
          [1, '/a', 108, 8],
          [3, '/a', 116, 8],
        ],
        missing: 1,
      },
      { path: 'time_bnds', dims: ['time', 'nv'] },
      { path: 'geolon', dims: ['y', 'x'] },
      { path: 'crs', missing: 7 },
      { path: 'area_t', dims: ['y', 'x'] },
      { path: 'y', dims: ['y'] },
      { path: 'ice/thickness', dims: ['time', 'x'], rows: [[0, '/a', 200, 8]] },
      { path: 'ice/x', dims: ['x'] },
      { path: 'ice/deep/h', dims: ['time'] },
    ],
    skipped: [{ path: 'names', reason: 'variable-length strings' }],
    notes: [
      { path: 'salt', reason: 'an attribute' },
      { path: 'temp', reason: 'another' },
    ],
    dropped: [1, 4],
  })
}

const pathsOf = (items: readonly { readonly path: string }[]) => items.map(({ path }) => path)

test('an array stays with its coordinates and theirs, in the order of the file', async () => {
  const set = await through(select(['temp']), ocean())
  assert.deepEqual(pathsOf(set.header.arrays), ['time', 'temp', 'time_bnds', 'geolon', 'crs', 'y'])
  assert.deepEqual(pathsOf(set.header.groups), [''])
  assert.deepEqual(set.header.skipped, [])
  assert.deepEqual(pathsOf(set.header.notes), ['temp'])
})

test('body and footer are renumbered with the header', async () => {
  const { rows, footer } = await readBody(await through(select(['temp']), ocean()))
  assert.deepEqual(rows, {
    time: [[0, '/a', 0, 8]],
    temp: [
      [0, '/a', 100, 8],
      [1, '/a', 108, 8],
      [3, '/a', 116, 8],
    ],
  })
  assert.ok(footer)
  assert.deepEqual(footer.missing, [0, 1, 0, 0, 7, 0])
  // salt (1) is gone, geolon was number 4 and is number 3.
  assert.deepEqual(footer.dropped, [3])
  assert.equal(footer.shapes.length, 6)
  assert.deepEqual(pathsOf(footer.coverage.arrays), ['time', 'temp', 'time_bnds', 'geolon', 'crs', 'y'])
  assert.deepEqual(pathsOf(footer.coverage.notes), ['temp'])
})

test('nothing that was left out is read; array numbers and ranges reach the set beneath', async () => {
  const beneath = ocean()
  const set = await through(select(['temp']), beneath)
  await readBody(set)
  await readBody(set, { arrays: [1], from: 2, to: 4 })
  assert.deepEqual(beneath.watch.asked, [{ arrays: [0, 2, 3, 4, 5, 7] }, { arrays: [2], from: 2, to: 4 }])
})

test('a dimension belongs to the nearest group; a group stands for all within', async () => {
  const thickness = await through(select(['/ice/thickness']), ocean())
  assert.deepEqual(pathsOf(thickness.header.arrays), ['time', 'time_bnds', 'ice/thickness', 'ice/x'])
  assert.deepEqual(pathsOf(thickness.header.groups), ['', 'ice'])
  const ice = await through(select(['ice/']), ocean())
  assert.deepEqual(pathsOf(ice.header.groups), ['', 'ice', 'ice/deep'])
  assert.ok(pathsOf(ice.header.arrays).includes('ice/deep/h'))
  const empty = await through(select(['empty']), ocean())
  assert.deepEqual(pathsOf(empty.header.groups), ['', 'empty'])
  assert.deepEqual(empty.header.arrays, [])
  assert.deepEqual((await readBody(empty)).rows, {})
})

test('drop leaves out arrays and groups, and wins', async () => {
  const rest = await through(select({ drop: ['salt', 'ice', 'names'] }), ocean())
  assert.deepEqual(pathsOf(rest.header.arrays), ['time', 'temp', 'time_bnds', 'geolon', 'crs', 'area_t', 'y'])
  assert.deepEqual(pathsOf(rest.header.groups), ['', 'empty'])
  assert.deepEqual(rest.header.skipped, [])
  const both = await through(select({ arrays: ['temp'], drop: ['geolon', 'crs'] }), ocean())
  assert.deepEqual(pathsOf(both.header.arrays), ['time', 'temp', 'time_bnds', 'y'])
})

test('an array that was skipped stays named where it is chosen', async () => {
  const set = await through(select(['names', 'y']), ocean())
  assert.deepEqual(pathsOf(set.header.skipped), ['names'])
  const coverage = (await readBody(set)).footer?.coverage.arrays
  assert.deepEqual(coverage?.at(-1), { path: 'names', outcome: 'skipped', reason: 'variable-length strings' })
})

test('an unknown name is an error that lists near ones', async () => {
  const refuses = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof PlanError, String(error))
    assert.match(error.message, pattern)
    assert.deepEqual(error.inputs, ['/data/a.nc'])
    return true
  }
  await assert.rejects(
    through(select(['tmep']), ocean()),
    refuses(/^\/data\/a\.nc: .*"tmep"; did you mean time, temp\?/),
  )
  await assert.rejects(through(select(['thickness']), ocean()), refuses(/did you mean ice\/thickness\?/))
  await assert.rejects(
    through(select({ drop: ['qqqqqq'] }), ocean()),
    refuses(/"qqqqqq"; there are time, salt.* more/),
  )
})

test('an abort between batches, and leaving early, close the body beneath', async () => {
  const beneath = ocean()
  const set = await through(select(['temp']), beneath)
  const controller = new AbortController()
  await assert.rejects(
    async () => {
      for await (const _ of set.body({ signal: controller.signal })) controller.abort()
    },
    { name: 'AbortError' },
  )
  assert.deepEqual([beneath.watch.opened, beneath.watch.closed, beneath.watch.pulled], [1, 1, 2])
  for await (const _ of set.body()) break
  assert.deepEqual([beneath.watch.opened, beneath.watch.closed, beneath.watch.pulled], [2, 2, 3])
})
