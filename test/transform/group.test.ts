/** A group as the whole of a set: its paths, what it needs from around it, and what is said of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { group } from '../../lib/transform/group.ts'
import { memorySet, readBody, through } from './memory-set.ts'

function swath() {
  return memorySet({
    groups: [
      { path: '', unlimitedDims: ['time', 'other'], attributes: { title: 'root' } },
      { path: 'ice', attributes: { title: 'ice', coordinates: '/grid/lat h' } },
      { path: 'ice/deep', unlimitedDims: ['level'] },
      { path: 'grid' },
      { path: 'iceberg' },
    ],
    arrays: [
      {
        path: 'time',
        dims: ['time'],
        shape: [3],
        attributes: { bounds: 'time_bnds' },
        rows: [[0, '/a', 0, 8]],
      },
      { path: 'time_bnds', dims: ['time', 'n'], shape: [3, 2] },
      { path: 'x', dims: ['x'], shape: [9] },
      {
        path: 'ice/h',
        dims: ['time', 'x'],
        shape: [3, 4],
        chunkShape: [1, 4],
        attributes: { coordinates: '/grid/lat /grid/big area /ice/area', cell_methods: 'time: mean' },
        rows: [[1, '/a', 8, 8]],
      },
      { path: 'ice/x', dims: ['x'], shape: [4] },
      { path: 'ice/area', dims: ['x'], shape: [4] },
      { path: 'ice/deep/t', dims: ['level', 'x'], shape: [1, 4], attributes: { coordinates: 'area' } },
      { path: 'grid/lat', dims: ['x'], shape: [4], attributes: { ancillary_variables: '/ice/h' } },
      { path: 'grid/big', dims: ['x'], shape: [9] },
      { path: 'iceberg/h', dims: ['x'], shape: [4] },
    ],
    skipped: [
      { path: 'ice/names', reason: 'strings' },
      { path: 'names', reason: 'strings' },
    ],
    notes: [
      { path: '', reason: 'a link' },
      { path: 'ice', reason: 'an attribute' },
      { path: 'time', reason: 'an attribute' },
    ],
  })
}

test('paths are relative, coordinates from around come along, references and remarks follow', async () => {
  const set = await through(group('/ice/'), swath())
  const { header } = set
  assert.deepEqual(
    header.arrays.map(({ path }) => path),
    ['time', 'time_bnds', 'h', 'x', 'area', 'deep/t', 'lat'],
  )
  assert.deepEqual(
    header.groups.map(({ path, unlimitedDims }) => [path, unlimitedDims]),
    [
      ['', ['time']],
      ['deep', ['level']],
    ],
  )
  assert.deepEqual(header.groups[0].attributes, { title: 'ice', coordinates: '/lat h' })
  assert.deepEqual(header.skipped, [{ path: 'names', reason: 'strings' }])
  assert.deepEqual(header.notes, [
    { path: '', reason: 'an attribute' },
    { path: 'time', reason: 'an attribute' },
    { path: '', reason: 'left out /x: the group has x of its own' },
    { path: '', reason: 'left out /grid/big: the group has a dimension x of its own' },
  ])
  const { rows, footer } = await readBody(set)
  assert.deepEqual(rows, { time: [[0, '/a', 0, 8]], h: [[1, '/a', 8, 8]] })
  assert.deepEqual(
    footer?.coverage.arrays.map(({ path }) => path),
    [...header.arrays.map(({ path }) => path), 'names'],
  )
})

test('mentions follow, absolute and relative, to where the arrays are now', async () => {
  const { header } = await through(group('ice'), swath())
  const attributes = Object.fromEntries(header.arrays.map((array) => [array.path, array.attributes]))
  assert.deepEqual(attributes.h, {
    coordinates: '/lat /grid/big area /area',
    cell_methods: 'time: mean',
  })
  assert.deepEqual(attributes['deep/t'], { coordinates: 'area' })
  assert.deepEqual(attributes.lat, { ancillary_variables: '/h' })
  assert.deepEqual(attributes.time, { bounds: 'time_bnds' })
})

test('a coordinate whose name the group has of its own is left out with a note', async () => {
  const set = memorySet({
    groups: [{ path: '' }, { path: 'g' }],
    arrays: [
      { path: 'lat', dims: ['y'], shape: [4] },
      { path: 'g/lat', dims: ['y'], shape: [4] },
      { path: 'g/t', dims: ['y'], shape: [4], attributes: { coordinates: '/lat' } },
    ],
  })
  const { header } = await through(group('g'), set)
  assert.deepEqual(
    header.arrays.map(({ path }) => path),
    ['lat', 't'],
  )
  assert.deepEqual(header.notes, [{ path: '', reason: 'left out /lat: the group has lat of its own' }])
})

test('the root stays as it is', async () => {
  const set = swath()
  assert.equal(await through(group('/'), set), set)
})

test('a group that is not there is refused, with what is near; an array is no group', async () => {
  for (const [name, message] of [
    ['/icy', /^\/data\/a\.nc: no group is called "icy"; did you mean ice\?/],
    ['/time', /no group is called "time"; did you mean ice\?/],
  ] as const) {
    await assert.rejects(through(group(name), swath()), { code: 'ERR_KSTREAM_PLAN', message })
  }
})
