import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inflateSync } from 'node:zlib'
import type { ChunkedDataset } from '../../../../lib/format/hdf5/chunk-index/index.ts'
import type { Hdf5File } from '../../../../lib/format/hdf5/file.ts'
import { openHdf5 } from '../../../../lib/format/hdf5/superblock.ts'
import { chunkCoordinates, chunkCount } from '../../../../lib/model/chunk-grid.ts'
import { openMemory } from '../../../../lib/source/memory.ts'
import { fixture } from '../../../fixture.ts'
import { readChunkedDatasets } from './chunked-datasets.ts'
import { type Row, scanRows } from './scanned.ts'

/** What h5py read, by dataset: the number in each chunk that is not all fill, or all its values in the shape. */
interface Expected {
  readonly filters: readonly string[]
  readonly grid: readonly number[]
  readonly values: Readonly<Record<string, number | readonly number[]>>
}

const FILL = -1
const FILES = readdirSync(fixture('hdf5/chunks')).filter((name) => name.endsWith('.h5'))

async function open(name: string) {
  const bytes = new Uint8Array(readFileSync(fixture(`hdf5/chunks/${name}`)))
  const file = await openHdf5(openMemory(bytes))
  const json = readFileSync(fixture(`hdf5/chunks/${name.replace('.h5', '.json')}`), 'utf8')
  const expected: Record<string, Expected> = JSON.parse(json)
  return { bytes, file, expected, datasets: await readChunkedDatasets(file) }
}

/** Undoes the filters that the mask does not name, as HDF5 does: the last one first. */
function decode(stored: Uint8Array, filters: readonly string[], mask: number): Uint8Array {
  return filters.reduceRight((data, filter, i) => {
    if ((mask >>> i) & 1) return data
    if (filter === 'deflate') return new Uint8Array(inflateSync(data))
    const half = data.length / 2
    return Uint8Array.from(data, (_, at) => data[(at >> 1) + (at & 1 ? half : 0)])
  }, stored)
}

/** The elements of a chunk that lie within the shape, in C order. */
function valuesInShape(
  dataset: ChunkedDataset,
  grid: readonly number[],
  row: Row,
  data: Uint8Array,
): number[] {
  const { shape, layout } = dataset
  const at = chunkCoordinates(row.chunk, grid)
  assert.equal(data.length, chunkCount(layout.chunkShape) * 2, 'bytes of the decoded chunk')
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const values: number[] = []
  for (let i = 0; i < data.length / 2; i++) {
    const within = chunkCoordinates(i, layout.chunkShape)
    if (within.every((w, axis) => at[axis] * layout.chunkShape[axis] + w < shape[axis])) {
      values.push(view.getInt16(i * 2, true))
    }
  }
  return values
}

function checkValues(
  bytes: Uint8Array,
  dataset: ChunkedDataset,
  expected: Expected,
  rows: readonly Row[],
): void {
  const missing = new Set(Object.keys(expected.values))
  let last = -1
  for (const row of rows) {
    assert.ok(row.chunk > last, 'ascending chunk numbers')
    last = row.chunk
    const data = decode(bytes.subarray(row.offset, row.offset + row.length), expected.filters, row.mask)
    const values = valuesInShape(dataset, expected.grid, row, data)
    const wanted = expected.values[row.chunk] ?? FILL
    assert.deepEqual(
      values,
      typeof wanted === 'number' ? values.map(() => wanted) : wanted,
      `chunk ${row.chunk}`,
    )
    missing.delete(String(row.chunk))
  }
  assert.deepEqual([...missing], [], 'chunks that h5py read and the scan did not find')
}

for (const name of FILES) {
  describe(`chunk indexes of ${name}`, async () => {
    const { bytes, file, datasets, expected } = await open(name)
    test('no dataset is left out', () => {
      assert.deepEqual(datasets.map(({ path }) => path).sort(), Object.keys(expected).sort())
    })
    for (const dataset of datasets) {
      const { path } = dataset
      const kind = `${dataset.layout.index.kind}, layout ${dataset.layout.version}`
      test(`${path} (${kind}): the bytes of each chunk are the values that h5py reads there`, async () => {
        checkValues(bytes, dataset, expected[path], await scanRows(file, dataset))
      })
      test(`${path}: parts of the grid are parts of the whole`, () => checkParts(file, dataset))
    }
  })
}

async function checkParts(file: Hdf5File, dataset: ChunkedDataset): Promise<void> {
  const whole = await scanRows(file, dataset)
  const cuts = [
    0,
    1,
    ...[0.1, 0.3, 0.5, 0.8].map((part) => whole[Math.floor(whole.length * part)]?.chunk ?? 2),
  ]
  for (const from of cuts) {
    for (const to of [...cuts, Number.MAX_SAFE_INTEGER]) {
      const part = whole.filter(({ chunk }) => chunk >= from && chunk < to)
      assert.deepEqual(await scanRows(file, dataset, { from, to }), part, `from ${from} to ${to}`)
    }
  }
}
