/** Values in external raw files, against what h5py reads of them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uncutShape } from '../../../../lib/format/hdf5/foreign/raw-grid.ts'
import { fixture } from '../../../fixture.ts'
import { EXPECTED, openOnDisk, readArray } from '../external-fixture.ts'

const NAME = 'raw.h5'

/** Rows that are references and rows that are copies, where copies are asked for; or why it is left out. */
const OUTCOMES: Readonly<Record<string, readonly [number, number] | string>> = {
  one: [1, 0],
  inside: [1, 0],
  big_endian: [1, 0],
  three: [3, 0],
  uneven: [6, 0],
  same_twice: [2, 0],
  odd_cut: [0, 1],
  middle_cut: [8, 0],
  endless: [2, 0],
  short: [0, 1],
  shorter: [1, 0],
  gone: 'gone.raw, a raw file that is not there',
  empty: [0, 0],
  padded: [0, 1],
}

describe('raw files: values as h5py reads them', async () => {
  const path = fixture(`hdf5/external/${NAME}`)
  const set = await openOnDisk(path, { copies: true })
  const plain = await openOnDisk(path)
  for (const [array, expected] of Object.entries(EXPECTED[NAME])) {
    test(array, async () => {
      const found = await readArray(set, array)
      const counts = OUTCOMES[array]
      if (typeof counts === 'string') {
        const skipped = set.header.skipped.find((skipped) => skipped.path === array)
        assert.ok(skipped?.reason.includes(counts), skipped?.reason)
        return
      }
      assert.deepEqual([found?.shape, found?.hex], [expected.shape, expected.hex])
      assert.deepEqual([found?.references, found?.copies], counts)
      assert.equal(found?.outcome.outcome, counts[1] > 0 ? 'copied' : 'referenced')
    })
    test(`${array} without copies`, async () => {
      const found = await readArray(plain, array)
      const counts = OUTCOMES[array]
      if (typeof counts === 'string' || counts[1] > 0) assert.equal(found, undefined)
      else assert.deepEqual([found?.hex, found?.copies], [expected.hex, 0])
    })
  }
  test('the raw files are sources of the set, in the order of their first use', () => {
    const names = set.sources.map(({ url }) => url.slice(fixture('hdf5/external/').length))
    assert.deepEqual(names, [NAME, 'c.raw', 'a.raw', 'b.raw', 'text.raw', 'short.raw'])
  })
})

test('pieces between cuts: the largest of which none is cut', () => {
  assert.deepEqual(uncutShape([6, 8], 4, [64, 128], false), [2, 8])
  assert.deepEqual(uncutShape([6, 8], 4, [96], false), [3, 8])
  assert.deepEqual(uncutShape([5, 8], 4, [64], false), [2, 8])
  assert.deepEqual(uncutShape([5, 8], 4, [64], true), [1, 8])
  assert.deepEqual(uncutShape([4, 2, 4], 4, [48], false), [1, 1, 4])
  assert.deepEqual(uncutShape([4, 2, 4], 4, [64], false), [2, 2, 4])
  assert.deepEqual(uncutShape([25], 4, [33], false), undefined)
  assert.deepEqual(uncutShape([4, 4], 4, [8], false), [1, 2])
})
