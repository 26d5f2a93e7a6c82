/** What files of other people were found to hold, in small files of our own, against netCDF4. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { open } from '../../../lib/format/hdf5/index.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

const EXPECTED = JSON.parse(readFileSync(fixture('hdf5/found/expected.json'), 'utf8'))

test('datasets of references are named, and take no part in numbering the dimensions', async () => {
  const bytes = new Uint8Array(readFileSync(fixture('hdf5/found/references.h5')))
  const again = async () => openMemory(bytes, 'references.h5')
  const { header } = await open(await again(), again, { onUnsupported: 'skip' })
  const dims = Object.fromEntries(header.arrays.map((array) => [array.path, array.dims]))
  assert.deepEqual(dims, EXPECTED['references.h5'])
  assert.deepEqual(
    [...header.skipped].sort((a, b) => (a.path < b.path ? -1 : 1)),
    [
      { path: '#refs#/b', reason: 'an object reference' },
      { path: 'cells', reason: 'an object reference' },
      { path: 'table', reason: 'a compound with a member that is an object reference' },
    ],
  )
})
