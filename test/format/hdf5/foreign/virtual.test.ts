/** Virtual datasets as references into their sources or as copies, against what h5py reads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fixture } from '../../../fixture.ts'
import { EXPECTED, openOnDisk, readArray } from '../external-fixture.ts'

/** With copies asked for: 'referenced', 'copied', or what the reason for leaving it out says. */
const OUTCOMES: Readonly<Record<string, string>> = {
  stack_packed: 'referenced',
  stack_plain: 'referenced',
  stack_tiles: 'referenced',
  stack_sparse: 'copied',
  stack_narrow: 'copied',
  far: 'referenced',
  soft: 'referenced',
  new_axis: 'referenced',
  new_axis_plain: 'referenced',
  last_axis: 'referenced',
  uneven: 'referenced',
  side_by_side: 'referenced',
  side_by_side_packed: 'referenced',
  gap: 'referenced',
  misaligned: 'copied',
  some_rows: 'copied',
  some_columns: 'referenced',
  interleaved: 'referenced',
  interleaved_packed: 'copied',
  inner: 'referenced',
  inner_cut: 'copied',
  covered: 'referenced',
  missing_file: 'referenced',
  missing_dataset: 'referenced',
  absolute: 'referenced',
  words: 'copied',
  codes: 'referenced',
  vectors: 'referenced',
  pairs: 'referenced',
  scalars: 'referenced',
  another_shape: 'in another shape',
  too_much: 'takes more of packed in parts/part0.h5 than is there',
  narrowed: 'of type "<i2" that shows plain in parts/part0.h5 of type "<i4"',
  no_sources: 'referenced',
  itself: 'shows itself',
  ring: 'shows itself',
  own: 'referenced',
  own_and_other: 'referenced',
  grown: 'copied',
  numbered: 'referenced',
  numbered_none: 'referenced',
}

for (const name of ['virtual.h5', 'virtual-latest.h5']) {
  describe(`${name}: values as h5py reads them`, async () => {
    const path = fixture(`hdf5/external/${name}`)
    const set = await openOnDisk(path, { copies: true })
    const plain = await openOnDisk(path)
    for (const [array, expected] of Object.entries(EXPECTED[name])) {
      test(array, async () => {
        const found = await readArray(set, array)
        const reason = set.header.skipped.find((skipped) => skipped.path === array)?.reason
        const ending = OUTCOMES[array]
        if (ending !== 'referenced' && ending !== 'copied') {
          assert.ok(reason?.includes(ending), `${reason}`)
          return
        }
        assert.equal(reason, undefined)
        assert.deepEqual(found?.shape.slice(0, expected.shape?.length), expected.shape)
        assert.equal(found?.hex, expected.hex)
        assert.deepEqual(found?.strings, expected.strings)
        assert.equal(found?.outcome.outcome, ending)
        assert.equal(ending === 'copied', found.copies > 0)
      })
      test(`${array} without copies`, async () => {
        const found = await readArray(plain, array)
        if (found === undefined) {
          const reason = plain.header.skipped.find((skipped) => skipped.path === array)?.reason
          assert.ok(OUTCOMES[array] !== 'referenced', reason)
          return
        }
        assert.equal(found.hex, expected.hex)
        assert.deepEqual(found.strings, expected.strings)
      })
    }
    test('sources that are not there are told', () => {
      const notes = set.header.notes.filter((note) => note.path.startsWith('missing_'))
      assert.deepEqual(notes, [
        {
          path: 'missing_dataset',
          reason: '1 of its 2 sources (gone in parts/part0.h5) is not there: it reads as the fill value',
        },
        {
          path: 'missing_file',
          reason: '1 of its 2 sources (packed in parts/gone.h5) is not there: it reads as the fill value',
        },
      ])
    })
    test('the other files are sources of the set', () => {
      const names = set.sources.map(({ url }) => url.slice(fixture('hdf5/external/').length))
      assert.equal(names[0], name)
      const others = ['part0.h5', 'part1.h5', 'part2.h5', 'inner.h5'].map((other) => `parts/${other}`)
      assert.deepEqual(names.slice(1).sort(), [...others, 'virtual-own.h5'].sort())
      assert.ok(set.sources.every(({ size, lastModified }) => size > 0 && lastModified !== undefined))
    })
  })
}
