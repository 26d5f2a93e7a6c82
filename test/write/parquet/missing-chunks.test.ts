/** Chunks that a file lacks, of types whose fill values Zarr's readers mistake: the set holds them as h5py reads them. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from '../../../lib/format/hdf5/index.ts'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { fixture } from '../../fixture.ts'
import { readBody } from '../../format/hdf5/values-fixture.ts'
import { scratchFolder } from '../scratch.ts'
import { streamOf } from '../synthetic.ts'

const NAME = 'missing-chunks.h5'
const expected = JSON.parse(readFileSync(fixture('hdf5/found/expected.json'), 'utf8'))[NAME]
const file = fixture(`hdf5/found/${NAME}`)
const bytes = new Uint8Array(readFileSync(file))
const path = join(scratchFolder(), 'set.parq')

test('no chunk is left to a fill value that would be read as another', async () => {
  const again = async () => openMemory(bytes, file)
  const report = await writeParquet(path)(
    streamOf(await open(await again(), again, { onUnsupported: 'fail' })),
  )
  assert.equal(report.missing, 0)
  const metadata = JSON.parse(readFileSync(join(path, '.zmetadata'), 'utf8')).metadata
  // As readers see it that know nothing of the records, by which chunks of fill values count as missing.
  rmSync(join(path, '.kstream'), { recursive: true })
  const { chunks } = await readBody(await openParquetSet(path), bytes)
  assert.deepEqual([...chunks.keys()].sort(), Object.keys(expected).sort())
  for (const [name, parts] of chunks) {
    const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, chunk]) => chunk)
    const values = Buffer.concat(inOrder).toString('hex')
    // The last chunk goes on past the end of the array.
    assert.equal(values.slice(0, expected[name].length), expected[name], name)
    assert.equal(metadata[`${name}/.zarray`].fill_value, null, name)
  }
})
