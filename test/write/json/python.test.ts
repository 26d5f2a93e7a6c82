/** What Python's readers make of JSON that the sink wrote: values of numpy, h5py and netCDF4 through fsspec, zarr, xarray. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scan } from '../../../lib/scan.ts'
import { writeJson } from '../../../lib/write/json/sink.ts'
import { fixture } from '../../fixture.ts'
import { layoutSet } from '../python-layout.ts'
import { streamOf, syntheticSet } from '../synthetic.ts'

const python = process.env.KSTREAM_PYTHON
const skip = python ? false : 'KSTREAM_PYTHON names no Python with the peers'
const folder = mkdtempSync(join(tmpdir(), 'kstream-json-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function run(script: string, ...rest: string[]): string {
  const path = fileURLToPath(new URL(`../../../../test/python/${script}`, import.meta.url))
  return execFileSync(python ?? '', [path, ...rest], { encoding: 'utf8', timeout: 240_000 })
}

test('Python reads what numpy wrote, in both versions and compressed', { skip }, async () => {
  run('check_parquet.py', 'prepare', folder)
  const options = layoutSet(readFileSync(join(folder, 'layout.json'), 'utf8'))
  const names = ['v0.json', 'v1.json', 'v1.json.gz'] as const
  for (const name of names) {
    const write = writeJson(join(folder, name), { version: name === 'v0.json' ? 0 : 1 })
    assert.deepEqual((await write(streamOf(syntheticSet(options)))).skipped, [])
  }
  assert.equal(run('check_json.py', 'arrays', folder), names.map((name) => `${name} reads right\n`).join(''))
})

const FILES = ['ocean/ocean_month_1958_01.nc', 'ocean/ocean_month_1958_04.nc']

for (const [index, name] of FILES.entries()) {
  test(`${name}: raw, stored and decoded values, and what VirtualiZarr finds`, { skip }, async () => {
    const [original, json] = [fixture(name), join(folder, `original-${index}.json`)]
    await writeJson(json)(scan([original]))
    assert.equal(run('check_json.py', 'original', json, original), '14 arrays are equal\n')
    assert.equal(run('check_json.py', 'virtual', json), '14 arrays have their references\n')
  })
}
