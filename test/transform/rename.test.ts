/** New names, and everywhere they have to appear. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlanError, UsageError } from '../../lib/errors.ts'
import { rename } from '../../lib/transform/rename.ts'
import { memorySet, readBody, through } from './memory-set.ts'

function grid() {
  return memorySet({
    groups: [
      { path: '', unlimitedDims: ['time'], attributes: { coordinates: 'lon lat', title: 'lon' } },
      { path: 'ice' },
    ],
    arrays: [
      { path: 'lon', dims: ['x'], attributes: { bounds: 'lon_bnds', long_name: 'lon of x' } },
      { path: 'x', dims: ['x'], rows: [[0, '/a', 0, 8]] },
      {
        path: 'temp',
        dims: ['time', 'x'],
        attributes: {
          coordinates: 'lon  lat',
          cell_methods: 'time: mean x: point (interval: 1 hour)',
          cell_measures: 'lon: area',
          grid_mapping: 'crs: lon lat',
          formula_terms: 'a: lon b: x',
        },
      },
      { path: 'ice/h', dims: ['time', 'x'], attributes: { coordinates: '/lon lon' } },
      { path: 'ice/x', dims: ['x'] },
    ],
    skipped: [{ path: 'names', reason: 'strings' }],
    notes: [{ path: 'lon', reason: 'an attribute' }],
  })
}

test('an array takes its dimension and its mentions along, attribute by attribute', async () => {
  const { header } = await through(rename({ lon: 'longitude', x: 'i', time: 't' }), grid())
  assert.deepEqual(
    header.arrays.map(({ path, dims }) => [path, ...dims]),
    [
      ['longitude', 'i'],
      ['i', 'i'],
      ['temp', 't', 'i'],
      // The group has an x of its own, which keeps its name.
      ['ice/h', 't', 'x'],
      ['ice/x', 'x'],
    ],
  )
  assert.deepEqual(header.arrays[2].attributes, {
    coordinates: 'longitude  lat',
    cell_methods: 't: mean i: point (interval: 1 hour)',
    cell_measures: 'lon: area',
    grid_mapping: 'crs: longitude lat',
    formula_terms: 'a: longitude b: i',
  })
  assert.deepEqual(header.arrays[3].attributes, { coordinates: '/longitude longitude' })
  assert.deepEqual(header.arrays[0].attributes, { bounds: 'lon_bnds', long_name: 'lon of x' })
  assert.deepEqual(header.groups[0], {
    path: '',
    unlimitedDims: ['t'],
    attributes: { coordinates: 'longitude lat', title: 'lon' },
  })
})

test('the coverage calls arrays by their new names; rows stay', async () => {
  const set = await through(rename({ lon: 'longitude', x: 'i', names: 'labels' }), grid())
  const { rows, footer } = await readBody(set)
  assert.deepEqual(rows, { i: [[0, '/a', 0, 8]] })
  assert.deepEqual(
    footer?.coverage.arrays.map(({ path }) => path),
    ['longitude', 'i', 'temp', 'ice/h', 'ice/x', 'labels'],
  )
  assert.deepEqual(footer?.coverage.notes, [{ path: 'longitude', reason: 'an attribute' }])
})

test('names in a group are renamed by path, and can be swapped', async () => {
  const inGroup = await through(rename({ 'ice/x': 'j', '/ice/h': 'ice/thickness' }), grid())
  assert.deepEqual(
    inGroup.header.arrays.slice(3).map(({ path, dims }) => [path, ...dims]),
    [
      ['ice/thickness', 'time', 'j'],
      ['ice/j', 'j'],
    ],
  )
  const swapped = await through(rename({ lon: 'x', x: 'lon' }), grid())
  assert.deepEqual(
    swapped.header.arrays.slice(0, 3).map(({ path, dims }) => [path, ...dims]),
    [
      ['x', 'lon'],
      ['lon', 'lon'],
      ['temp', 'time', 'lon'],
    ],
  )
})

test('unknown names, collisions and impossible names are errors', async () => {
  const refuses = (names: Record<string, string>, pattern: RegExp) =>
    assert.rejects(through(rename(names), grid()), (error) => {
      assert.ok(error instanceof PlanError, String(error))
      assert.match(error.message, pattern)
      return true
    })
  await refuses({ tmep: 't' }, /"tmep"; did you mean (time, )?temp/)
  await refuses({ lon: 'temp' }, /array lon and array temp would both be called temp/)
  await refuses({ temp: 'ice' }, /group ice and array temp would both be called ice/)
  await refuses({ time: 'x' }, /dimensions .* would both be called x/)
  const impossible: Record<string, string>[] = [
    { lon: 'ice/lon' },
    { lon: '' },
    { lon: '.zarray' },
    { '': 'x' },
    { lon: '..' },
  ]
  for (const names of impossible) {
    assert.throws(() => rename(names), UsageError)
  }
})
