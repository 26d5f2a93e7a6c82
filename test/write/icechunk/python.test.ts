/** What Python's icechunk, zarr-python and xarray make of a written repository. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scan } from '../../../lib/scan.ts'
import { concat } from '../../../lib/transform/concat.ts'
import { writeIcechunk } from '../../../lib/write/icechunk/sink.ts'
import { fixture } from '../../fixture.ts'
import { scratchFolder } from '../scratch.ts'
import { type Row, streamOf, syntheticSet } from '../synthetic.ts'
import { layoutSet } from './layout-set.ts'

const python = process.env.KSTREAM_PYTHON ?? ''
const skip = python ? false : 'KSTREAM_PYTHON names no Python'
const folder = scratchFolder()
const script = (name: string) => fileURLToPath(new URL(`../../../../test/python/${name}`, import.meta.url))

/** Prints what it found where it fails. */
function run(name: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [script(name), ...args], {
    encoding: 'utf8',
    timeout: 400_000,
  })
  assert.equal(status, 0, `${stdout}${stderr.slice(-2000)}`)
  return stdout
}

/** h5netcdf itself crashes on a file of `found`, and numpy's arrays of arrays are not what its h5py gives. */
const LEFT_OUT = /^(missing-chunks|types-\w+)\.h5$/

function originals(): [files: string[], dim?: string][] {
  const filesOf = (name: string) =>
    readdirSync(fixture(name))
      .filter((file) => /\.(nc|h5)$/.test(file) && !LEFT_OUT.test(file))
      .sort()
      .map((file) => join(fixture(name), file))
  const single = ['netcdf3', 'hdf5/values', 'hdf5/chunks', 'hdf5/found'].flatMap(filesOf)
  const oneOfMany = filesOf('hdf5/objects').filter((_, at) => at % 5 === 0)
  return [[filesOf('ocean'), 'time'], ...[...single, ...oneOfMany].map((file): [string[]] => [[file]])]
}

test('every array equals what h5py, netCDF4 and xarray read of the originals', { skip }, async () => {
  const jobs: object[] = []
  for (const [at, [files, dim]] of originals().entries()) {
    const repository = join(folder, `original-${at}.icechunk`)
    const stages = dim === undefined ? concatNothing : concat(dim)
    const sink = writeIcechunk(repository, { onUnsupported: 'skip' })
    const report = await pipeline(scan(files, { onUnsupported: 'skip' }), stages, sink).catch(String)
    // A text in the file whose fill value has elements of its own is found when it is read.
    if (typeof report === 'string') assert.match(report, /fill_missing: a fill value whose array elements/)
    else jobs.push({ repository, originals: files, concat: dim, report })
  }
  writeFileSync(join(folder, 'jobs.json'), JSON.stringify(jobs))
  const counts = JSON.parse(run('check_icechunk.py', 'values', join(folder, 'jobs.json')))
  assert.deepEqual(counts, { equal: 442, skipped: 119 })
})

const concatNothing = async function* <T>(source: AsyncIterable<T>) {
  yield* source
}

test('what numpy wrote is read through odd paths, fill values and every kind of chunk', {
  skip,
}, async () => {
  execFileSync(python, [script('check_parquet.py'), 'prepare', folder], { timeout: 120_000 })
  const set = syntheticSet(layoutSet(folder))
  for (const options of [{}, { manifestReferences: 7, commitReferences: 20 }]) {
    const path = join(folder, `layout-${Object.keys(options).length}.icechunk`)
    const report = await writeIcechunk(path, options)(streamOf(set))
    assert.deepEqual(report.skipped, [])
    const moved = `${path}-moved`
    renameSync(path, moved)
    assert.equal(run('check_icechunk.py', 'layout', moved, folder), 'equal\n')
  }
})

test('a file that changed after it was scanned is refused', { skip }, async () => {
  // Containers are prefixes of decoded URLs, and stand in YAML.
  const odd = join(folder, 'ö dd 100%25 "🧊" \u0085')
  const file = join(odd, 'original.bin')
  const path = join(folder, 'changed.icechunk')
  mkdirSync(odd)
  writeFileSync(file, Buffer.alloc(80, 1))
  const rows = Array.from(
    { length: 4 },
    (_, chunk): Row => ({ chunk, path: file, offset: chunk * 20, length: 2 }),
  )
  await writeIcechunk(path)(streamOf(syntheticSet({ arrays: [{ path: 'v' }], rows: [rows] })))
  const said = run('check_icechunk.py', 'changed', path, file, 'v')
  assert.equal(said, 'read 4 values, then refused: True\n')
})

test('commits tell what they bring', { skip }, async () => {
  const path = join(folder, 'history.icechunk')
  const rows = Array.from(
    { length: 10 },
    (_, chunk): Row => ({ chunk, path: '/data/a.nc', offset: 8, length: 2 }),
  )
  const sources = [{ url: '/data/a.nc', size: 99, lastModified: '2020-01-01T00:00:00.500Z' }]
  const set = syntheticSet({ arrays: [{ path: 'g/v', shape: [10] }], rows: [rows], sources })
  const options = { manifestReferences: 2, commitReferences: 4, name: 'a.json' }
  const report = await writeIcechunk(path, options)(streamOf(set))
  assert.equal(report.commits, 3)
  assert.deepEqual(run('check_icechunk.py', 'history', path).trim().split('\n'), [
    '1577836800.5 kstream: a.json, references 9 to 10 of 10',
    '1577836800.5 kstream: a.json, references 5 to 8 of 10',
    '1577836800.5 kstream: a.json, references 1 to 4 of 10',
    '1577836800.5 Repository initialized',
    '[[], [], {"/g/v": 2}]',
    '[[], [], {"/g/v": 4}]',
  ])
})
