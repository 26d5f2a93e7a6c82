import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isKStreamError } from '../../../../lib/errors.ts'
import { lookup3 } from '../../../../lib/format/hdf5/checksum.ts'
import type { ChunkedDataset } from '../../../../lib/format/hdf5/chunk-index/index.ts'
import type { Hdf5File } from '../../../../lib/format/hdf5/file.ts'
import { openHdf5 } from '../../../../lib/format/hdf5/superblock.ts'
import type { ByteSource } from '../../../../lib/source/byte-source.ts'
import { openMemory } from '../../../../lib/source/memory.ts'
import { fixture } from '../../../fixture.ts'
import { wholeRandomFrom } from '../../../seeded-random.ts'
import { readChunkedDatasets } from './chunked-datasets.ts'
import { scanRows } from './scanned.ts'

const FILES = ['deep_btree_v1.h5', 'earliest.h5', 'latest.h5', 'large.h5']
const SECONDS = 2

/** A source that changes bytes of what is read; `sealed`: and then makes the checksum at its end right again. */
function damaged(source: ByteSource, next: (below: number) => number, sealed: boolean): ByteSource {
  return {
    ...source,
    async read(offset, length, options) {
      const bytes = await source.read(offset, length, options)
      if (next(3) === 0) return bytes
      const at = next(2) === 0 ? next(Math.min(length, 48)) : next(length)
      bytes[at] = next(3) === 0 ? 255 : bytes[at] ^ (1 << next(8))
      const view = new DataView(bytes.buffer, bytes.byteOffset, length)
      if (sealed && length > 4) view.setUint32(length - 4, lookup3(bytes.subarray(0, length - 4)), true)
      return bytes
    },
  }
}

async function open(name: string): Promise<{ file: Hdf5File; datasets: readonly ChunkedDataset[] }> {
  const bytes = new Uint8Array(readFileSync(fixture(`hdf5/chunks/${name}`)))
  const file = await openHdf5(openMemory(bytes))
  return { file, datasets: await readChunkedDatasets(file) }
}

/** Scans; nothing but an error of ours, or fewer rows than the file has bytes, in bounded time. */
async function survive(file: Hdf5File, dataset: ChunkedDataset, what: string): Promise<'rows' | 'error'> {
  const began = performance.now()
  let outcome: 'rows' | 'error' = 'rows'
  try {
    await scanRows(file, dataset, {}, file.source.size)
  } catch (error) {
    assert.ok(isKStreamError(error), `${what}: ${error instanceof Error ? error.stack : String(error)}`)
    outcome = 'error'
  }
  assert.ok(performance.now() - began < SECONDS * 1000, `${what} took too long`)
  return outcome
}

for (const name of FILES) {
  for (const sealed of [false, true]) {
    const how = sealed ? 'with right checksums' : 'with wrong checksums'
    test(`${name}: changed bytes ${how} give errors of ours or bounded rows`, async () => {
      const { file, datasets } = await open(name)
      let errors = 0
      for (const dataset of datasets) {
        for (let seed = 1; seed <= 25; seed++) {
          const source = damaged(file.source, wholeRandomFrom(seed * 7919), sealed)
          const outcome = await survive({ ...file, source }, dataset, `${dataset.path}, seed ${seed}`)
          if (outcome === 'error') errors++
        }
      }
      assert.ok(errors > 0, 'some damage was found')
    })
  }

  test(`${name}: a truncated file gives errors of ours`, async () => {
    const { file, datasets } = await open(name)
    const next = wholeRandomFrom(5)
    for (const dataset of datasets) {
      for (let i = 0; i < 10; i++) {
        const size = 600 + next(file.source.size - 600)
        const read: ByteSource['read'] = (offset, length, options) => {
          assert.ok(offset + length <= size, 'no read past the end')
          return file.source.read(offset, length, options)
        }
        await survive(
          { ...file, source: { ...file.source, size, read } },
          dataset,
          `${dataset.path} cut at ${size}`,
        )
      }
    }
  })

  test(`${name}: shapes that the index does not back cost neither time nor memory`, async () => {
    const { file, datasets } = await open(name)
    const next = wholeRandomFrom(11)
    for (const dataset of datasets) {
      for (let i = 0; i < 10; i++) {
        const axis = next(dataset.shape.length)
        const extent = [1, 1000, 2 ** 31, 2 ** 45, Number.MAX_SAFE_INTEGER][next(5)]
        const shape = dataset.shape.with(axis, extent)
        const maxShape =
          next(2) === 0 ? dataset.maxShape : dataset.maxShape.with(axis, next(2) ? null : extent)
        await survive(
          file,
          { ...dataset, shape, maxShape },
          `${dataset.path} with shape ${shape} of ${maxShape}`,
        )
      }
    }
  })
}

test('an address that nothing was ever written to has no rows and reads nothing', async () => {
  const { file, datasets } = await open('large.h5')
  const dataset = datasets.find(({ path }) => path === 'sparse_unwritten')
  assert.ok(dataset)
  const read = () => assert.fail('a read')
  assert.deepEqual(await scanRows({ ...file, source: { ...file.source, read } }, dataset), [])
})
