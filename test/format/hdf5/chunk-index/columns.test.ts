/** What every chunk index owes: a chunk of no bytes would be a reference that stands for the whole file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ColumnsBuilder } from '../../../../lib/format/hdf5/chunk-index/columns.ts'
import { planRequest } from '../../../../lib/format/hdf5/chunk-index/request.ts'
import { openHdf5 } from '../../../../lib/format/hdf5/superblock.ts'
import { openMemory } from '../../../../lib/source/memory.ts'
import { fixture } from '../../../fixture.ts'
import { readChunkedDatasets } from './chunked-datasets.ts'

test('chunks without bytes are refused wherever they lie; one byte is enough', async () => {
  const file = await openHdf5(openMemory(new Uint8Array(readFileSync(fixture('hdf5/chunks/latest.h5')))))
  const [dataset] = await readChunkedDatasets(file)
  const request = planRequest(file, dataset, {})
  assert.ok(request)
  for (const address of [0, 100]) {
    const columns = new ColumnsBuilder(request)
    columns.push(0, address, 1, 0)
    assert.throws(() => columns.push(1, address, 0, 0), {
      code: 'ERR_KSTREAM_FORMAT',
      message: /chunk 1 has no bytes/,
    })
  }
})
