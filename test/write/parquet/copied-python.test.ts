/** What Python's readers make of a set with bytes in files beside its shards. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { scratchFolder } from '../scratch.ts'
import { type Row, streamOf, syntheticSet } from '../synthetic.ts'

const python = process.env.KSTREAM_PYTHON
const skip = python ? false : 'KSTREAM_PYTHON names no Python'
const SCRIPT = fileURLToPath(new URL('../../../../test/python/check_copied.py', import.meta.url))
const folder = scratchFolder()

/** Elements of a chunk. */
const LARGE = 3 << 17
const SMALL = 1000

/** One chunk by the formula that the script has too; products stay below 2^53. */
function chunkOf(chunk: number, elements: number): Row {
  const values = Uint32Array.from({ length: elements }, (_, at) => (chunk * elements + at) * 7919)
  return { chunk, raw: new Uint8Array(values.buffer) }
}

test('fsspec, zarr and xarray read copied bytes, of a set that was made of another too', {
  skip,
}, async () => {
  const named = 'g/ä b.1 (x)'
  const set = syntheticSet({
    arrays: [
      { path: 'a', shape: [8 * LARGE], chunkShape: [LARGE], dataType: '<u4' },
      { path: named, shape: [6 * SMALL], chunkShape: [SMALL], dataType: '<u4' },
    ],
    rows: [
      [0, 1, 2, 5, 6, 7].map((chunk) => chunkOf(chunk, LARGE)),
      [0, 1, 2, 3, 4, 5].map((chunk) => chunkOf(chunk, SMALL)),
    ],
  })
  const first = join(folder, 'first ä.parq')
  const options = { recordSize: 3, inlineLimit: 3999 }
  const report = await writeParquet(first, options)(streamOf(set))
  assert.equal(report.copiedBytes, 4 * 6 * (LARGE + SMALL))
  const check = (path: string) =>
    execFileSync(python ?? '', [SCRIPT, path], { encoding: 'utf8', timeout: 240_000 })
  assert.equal(check(first), `${first} reads right\n`)
  const second = join(folder, 'second.parq')
  await writeParquet(second, options)(streamOf(await openParquetSet(first, { copies: 'raw' })))
  rmSync(first, { recursive: true })
  assert.equal(check(second), `${second} reads right\n`)
})
