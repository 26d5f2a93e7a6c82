import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Placement, type PlacementOptions, placeByValues } from '../../lib/plan/placement.ts'
import { type Comparable, reduceSegment } from '../../lib/plan/segment.ts'

const isFill = (value: number | bigint) => Number(value) === -999

/** Places files /0, /1, … with these values. */
function place(
  files: readonly (readonly Comparable[])[],
  options: Partial<PlacementOptions> = {},
): Placement {
  const placed = {
    dim: 't',
    names: files.map((_, at) => `/${at}`),
    segments: files.map((values) => reduceSegment(values, isFill)),
    extents: files.map((values) => values.length),
    text: String,
    units: 'days',
    measured: true,
  }
  return placeByValues(placed, { order: 'coordinate', shared: false, allowGaps: true, ...options })
}

function told({ barriers }: Placement): string[] {
  return barriers.map(({ kind, inputs, files }) => [kind, ...inputs, files[0]].join(' '))
}

describe('placement in the order of the list', () => {
  const list = (...files: Comparable[][]) => told(place(files, { order: 'list' }))

  it('lets strictly monotonic files pass', () => {
    assert.deepEqual(list([1], [2], [3, 4], [], [5n]), [])
    assert.deepEqual(list([9, 8], [7], [6, 5]), [])
    assert.deepEqual(list([Number.NaN, 1], [-999, Number.NaN], [2, -999]), [])
    assert.deepEqual(list([2 ** 53], [9007199254740993n]), [])
  })

  it('names the first pair that is not, and how many there are', () => {
    assert.deepEqual(list([1], [2], [2]), ['duplicate /1 /2 1'])
    assert.deepEqual(list([1], [3], [2]), ['unordered /1 /2 1'])
    assert.deepEqual(list([3, 4], [1, 2]), ['unordered /0 /1 1'])
    assert.deepEqual(list([1, 2], [4, 3]), ['unordered /0 /1 1'])
    assert.deepEqual(list([1, 5], [3, 7]), ['overlap /0 /1 1'])
    assert.deepEqual(list([1, 2], [], [2]), ['overlap /0 /2 1'])
    assert.deepEqual(list([1], [9], [2], [3]), ['unordered /1 /2 2'])
  })
})

describe('placement by value', () => {
  it('sorts, descending where files descend, and keeps what has no rows out', () => {
    assert.deepEqual([...place([[5, 6], [], [1, 2], [3]]).slotOf], [2, -1, 0, 1])
    assert.deepEqual([...place([[1], [3, 2], [9, 8]]).slotOf], [2, 1, 0])
    assert.deepEqual([...place([['b'], ['c', 'a'], ['aa']]).slotOf], [1, 2, 0])
  })

  it('refuses rows without a value, and labels that are there twice', () => {
    assert.deepEqual(told(place([[1], [Number.NaN]])), ['no-coordinate /0 /1 1'])
    assert.deepEqual(told(place([['a', 'b'], ['c'], ['b']])), ['duplicate /0 /2 1'])
  })

  it('gives equal files one place where places may be shared', () => {
    const shared = place([[2], [1], [2], [1]], { shared: true })
    assert.deepEqual([...shared.slotOf], [1, 0, 1, 0])
    assert.deepEqual(told(shared), [])
    assert.deepEqual(
      told(
        place(
          [
            [1, 2],
            [2, 3],
          ],
          { shared: true },
        ),
      ),
      ['overlap /0 /1 1'],
    )
  })

  it('tells of missing steps where steps are regular', () => {
    const gaps = (...files: Comparable[][]) => told(place(files, { allowGaps: false }))
    assert.deepEqual(gaps([0, 1], [2, 3], [6, 7]), ['gap /1 /2 1'])
    assert.deepEqual(gaps([0, 31], [59, 90], [120, 151]), [])
    assert.deepEqual(gaps([0, 31], [59, 90], [151, 181]), ['gap /1 /2 1'])
    assert.deepEqual(gaps([1], [2], [3], [5], [6], [7]), ['gap /2 /3 1'])
    assert.deepEqual(gaps([0, 10, 50], [200, 500]), [])
    assert.deepEqual(gaps([1], [2], [4]), [])
    assert.deepEqual(gaps(['a'], ['c']), [])
  })
})
