/** Dimensions of datasets that no library writes, but a file may hold: no name may have two lengths in a group. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DatasetFacts, planDimensions } from '../../../lib/format/hdf5/netcdf4.ts'

const PLAIN: DatasetFacts = {
  group: '',
  name: 'v',
  address: 1,
  shape: [],
  maxShape: [],
  extraShape: [],
  isScale: false,
  scaleName: undefined,
  dimensionId: undefined,
  coordinateIds: undefined,
  scales: [],
}

function dataset(name: string, address: number, shape: readonly number[], more: Partial<DatasetFacts> = {}) {
  return { ...PLAIN, name, address, shape, maxShape: shape, ...more }
}
const scale = (name: string, address: number, length: number, more: Partial<DatasetFacts> = {}) =>
  dataset(name, address, [length], { isScale: true, ...more })

const dimsOf = (groups: readonly string[], datasets: readonly DatasetFacts[]) =>
  planDimensions(groups, datasets).variables.map(({ dims }) => dims)

test('a scale of another length than the axis does not name it', () => {
  const datasets = [scale('x', 1, 4), dataset('v', 2, [5], { scales: [1] })]
  assert.deepEqual(dimsOf([''], datasets), [['x'], ['phony_dim_1']])
})
test('a scale that is not in the file does not name its axis', () => {
  assert.deepEqual(dimsOf([''], [dataset('v', 2, [5], { scales: [77] })]), [['phony_dim_0']])
})
test('a name from elsewhere that has another length here gives way', () => {
  const datasets = [
    scale('x', 1, 4, { group: 'a' }),
    scale('x', 2, 6, { group: 'b' }),
    dataset('v', 3, [4], { group: 'b', scales: [1] }),
  ]
  const [first, second, moved] = dimsOf(['', 'a', 'b'], datasets)
  assert.deepEqual([first, second], [['x'], ['x']])
  assert.match(moved[0], /^phony_dim_/)
})
test('an axis twice as long as another never shares its anonymous dimension, an equal one in another array does', () => {
  const datasets = [dataset('v', 1, [3, 3, 6]), dataset('w', 2, [6, 3])]
  assert.deepEqual(dimsOf([''], datasets), [
    ['phony_dim_0', 'phony_dim_1', 'phony_dim_2'],
    ['phony_dim_2', 'phony_dim_0'],
  ])
})
test('axes of an array type come last and never grow', () => {
  const datasets = [dataset('v', 1, [3], { maxShape: [null], extraShape: [3] })]
  const { variables, unlimited } = planDimensions([''], datasets)
  assert.deepEqual(variables[0].dims, ['phony_dim_0', 'phony_dim_1'])
  assert.deepEqual(variables[0].shape, [3])
  assert.deepEqual([...unlimited], [['', ['phony_dim_0']]])
})
test('a name that is taken is not given to an anonymous axis', () => {
  const datasets = [scale('phony_dim_1', 1, 4), dataset('v', 2, [5])]
  assert.deepEqual(dimsOf([''], datasets), [['phony_dim_1'], ['phony_dim_2']])
})
test('the prefix stays where another variable has the plain name', () => {
  const names = (datasets: readonly DatasetFacts[]) =>
    planDimensions([''], datasets).variables.map(({ name }) => name)
  const hidden = dataset('_nc4_non_coord_x', 2, [5])
  assert.deepEqual(names([scale('x', 1, 4), hidden]), ['x', '_nc4_non_coord_x'])
  const scaleName = 'This is a netCDF dimension but not a netCDF variable.         4'
  assert.deepEqual(names([scale('x', 1, 4, { scaleName }), hidden]), ['x', 'x'])
})
