/** What Python's readers make of a written set: values that numpy wrote, through fastparquet, pyarrow, fsspec, zarr, xarray. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { layoutSet } from '../python-layout.ts'
import { type Row, streamOf, syntheticSet } from '../synthetic.ts'

const python = process.env.KSTREAM_PYTHON
const SCRIPT = fileURLToPath(new URL('../../../../test/python/check_parquet.py', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'kstream-python-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const skip = python ? false : 'KSTREAM_PYTHON names no Python'
const run = (command: string) =>
  execFileSync(python ?? '', [SCRIPT, command, folder], { encoding: 'utf8', timeout: 240_000 })

test('every Python reader reads what numpy wrote', { skip }, async () => {
  run('prepare')
  const options = layoutSet(readFileSync(join(folder, 'layout.json'), 'utf8'))
  for (const recordSize of [5, 100_000]) {
    const write = writeParquet(join(folder, `records-${recordSize}.parq`), { recordSize })
    const report = await write(streamOf(syntheticSet(options)))
    assert.deepEqual(report.skipped, [])
  }
  assert.equal(run('check'), 'records-100000.parq reads right\nrecords-5.parq reads right\n')
})

/** Rows by the formulas that the script has too; products stay below 2^53. */
function formulaRows(path: (i: number) => number, size: (i: number) => number): Row[] {
  const rows: Row[] = []
  for (let i = 0; i < 250_000; i++) {
    if (i % 13 === 5) continue
    if (i % 1000 === 1) rows.push({ chunk: i, raw: new Uint8Array(Math.floor(i / 1000) % 5).fill(i % 256) })
    else rows.push({ chunk: i, path: `/data/file ${path(i)} é.nc`, offset: i * 104_729_000, length: size(i) })
  }
  return rows
}

test('fastparquet and pyarrow read large shards exactly', { skip }, async () => {
  const rows = [
    formulaRows(
      (i) => (i * 7919) % 300,
      (i) => 500 + ((i * 31) % 1024),
    ),
    formulaRows(
      (i) => Math.floor(i / 50_000),
      (i) => (i * 2_654_435_761) % 2 ** 33,
    ),
    formulaRows(
      (i) => i,
      (i) => (i * 40_503) % 2 ** 31,
    ),
  ]
  const arrays = ['few', 'many', 'wide'].map((path) => ({ path, shape: [250_000] }))
  const cuts = rows.flatMap(({ length }, array) => {
    const batches = Array.from({ length: Math.ceil(length / 1000) }, () => [array, 1000] as const)
    return batches
  })
  await writeParquet(join(folder, 'large.parq'))(streamOf(syntheticSet({ arrays, rows, cuts })))
  run('large')
})
