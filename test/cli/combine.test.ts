/** `kstream build`: in which order, along what, and which of the files and arrays. */
import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import * as zarr from 'zarrita'
import { openParquetSet } from '../../lib/format/kerchunk-parquet/index.ts'
import { openSource } from '../../lib/source/open.ts'
import { referenceStore } from '../../lib/store/reference-store.ts'
import { fixture } from '../fixture.ts'
import { filesBelow } from '../write/scratch.ts'
import { kstream, temporaryFolder } from './command.ts'

const FILES = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))
const STEPS = [0, 1, 2, 3].map((number) => fixture(`cli/steps_${number}.nc`))

/** Builds the set `out.parq` and opens it; what was said is there too. */
async function build(cwd: string, args: readonly string[], expected = 0) {
  const outcome = await kstream(['build', ...args, '-o', 'out.parq', '--overwrite'], { cwd })
  assert.equal(outcome.code, expected, outcome.stderr)
  const set = await openParquetSet(join(cwd, 'out.parq'))
  const shapes = Object.fromEntries(set.header.arrays.map(({ path, shape }) => [path, shape]))
  const paths = set.header.arrays.map(({ path }) => path)
  return { ...outcome, set, shapes, paths }
}

async function valuesOf(cwd: string, path: string): Promise<unknown[]> {
  const store = referenceStore(await openParquetSet(join(cwd, 'out.parq')), openSource)
  try {
    const array = await zarr.open.v2(zarr.root(store).resolve(path), { kind: 'array' })
    return Array.from((await zarr.get(array)).data as Iterable<unknown>)
  } finally {
    await store.close()
  }
}

test('the order of the coordinate is taken, whatever that of the list, and it is said', async (t) => {
  const cwd = await temporaryFolder(t)
  await build(cwd, FILES)
  const expected = filesBelow(join(cwd, 'out.parq'))
  const { stderr } = await build(cwd, FILES.toReversed())
  assert.match(stderr, /^Ordered by .*time.*: 4 files moved from the place in the list$/m)
  assert.deepEqual(filesBelow(join(cwd, 'out.parq')), expected)
})

test('--order list keeps the order of the list, or says why it does not do', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.doesNotMatch((await build(cwd, [...FILES, '--order', 'list'])).stderr, /Ordered/)
  const args = ['build', ...FILES.toReversed(), '--order', 'list', '-o', 'no.parq']
  const { code, stderr } = await kstream(args, { cwd })
  assert.equal(code, 1, stderr)
  assert.match(stderr, /time: .*1958_10\.nc.*1958_07\.nc/)
})

test('a new dimension out of the names of files, with the one they have', async (t) => {
  const cwd = await temporaryFolder(t)
  const names: string[] = []
  for (const member of [1, 2]) {
    for (const step of [0, 1]) {
      const name = `steps_${step}_r${member}.nc`
      await copyFile(STEPS[step], join(cwd, name))
      names.push(name)
    }
  }
  const member = ['--concat-dims', 'member,time', '--coo-map', 'member=/_r(\\d+)/']
  const { shapes } = await build(cwd, [...names, ...member])
  assert.deepEqual(shapes.field?.toSorted(), [2, 3, 4])
  assert.deepEqual(shapes.member, [2])
  assert.deepEqual(await valuesOf(cwd, 'member'), [1n, 2n])
  assert.deepEqual(await valuesOf(cwd, 'time'), [0, 1, 2, 3])
  const { stderr } = await build(cwd, [...names.slice(0, 3), ...member])
  assert.match(stderr, /^No file for 1 of 4 places in the grid, which read as missing: .*member/m)
})

test('--coo-map takes commas, constants, lists and dates', async (t) => {
  const cwd = await temporaryFolder(t)
  const files = ['a_2001-02-03.nc', 'a_2001-02-05.nc']
  for (const [index, name] of files.entries()) await copyFile(STEPS[index], join(cwd, name))
  const run = ['--concat-dims', 'run', '--select', 'field', '--drop', 'time']
  const dates = await build(cwd, [...files, ...run, '--coo-map', 'run=/_(.*)\\.nc/'])
  assert.deepEqual(await valuesOf(cwd, 'run'), [981158400n, 981331200n])
  assert.equal(
    dates.set.header.arrays.find(({ path }) => path === 'run')?.attributes.units,
    'seconds since 1970-01-01',
  )
  await build(cwd, [...files, ...run, '--coo-map', 'run=list:5,6'])
  assert.deepEqual(await valuesOf(cwd, 'run'), [5n, 6n])
  await build(cwd, [...files, ...run, '--coo-map', 'run=/_([^.]{1,10})/'])
  assert.deepEqual(await valuesOf(cwd, 'run'), [981158400n, 981331200n])
})

test('--on-mismatch eras writes a group each, and says how each opens', async (t) => {
  const cwd = await temporaryFolder(t)
  const { paths, stdout, stderr } = await build(cwd, [...STEPS, '--on-mismatch', 'eras'])
  assert.match(stderr, /^Writing 2 eras, a group each\n {2}era_0: 2 files, .*steps_0\.nc … .*steps_1\.nc\n/m)
  assert.ok(paths.includes('era_0/field') && paths.includes('era_1/field'), paths.join())
  for (const era of ['out.parq/era_0', 'out.parq/era_1']) {
    assert.ok(stdout.includes(`xr.open_dataset("${era}", engine="kerchunk"`), stdout)
  }
})

test('--on-mismatch skip leaves the odd files out, by name: exit code 4', async (t) => {
  const cwd = await temporaryFolder(t)
  const { shapes, stderr } = await build(cwd, [...STEPS.slice(0, 3), '--on-mismatch', 'skip'], 4)
  assert.match(stderr, /^Left out: 1 file\n {2}.*steps_2\.nc: /m)
  assert.deepEqual(shapes.field, [4, 3])
})

test('--on-error skip leaves out what cannot be read, by name: exit code 4', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'text.nc'), 'month 1\n')
  const { shapes, stderr } = await build(cwd, [STEPS[0], 'text.nc', STEPS[1], '--on-error', 'skip'], 4)
  assert.match(stderr, /^Could not be read: 1 file\n {2}.*text\.nc: .*text file/m)
  assert.deepEqual(shapes.field, [4, 3])
})

test('sets are inputs, and --merge-variables puts their variables together', async (t) => {
  const cwd = await temporaryFolder(t)
  for (const name of ['temp', 'salt']) {
    const args = ['build', ...FILES, '--select', name, '-o', `${name}.parq`]
    assert.equal((await kstream(args, { cwd })).code, 0)
  }
  const { shapes } = await build(cwd, ['temp.parq', 'salt.parq', '--merge-variables'])
  assert.deepEqual([shapes.temp, shapes.salt, shapes.time], [[12, 8, 30, 48], [12, 8, 30, 48], [12]])
  const { code } = await kstream(['build', 'temp.parq', 'salt.parq', '-o', 'no.parq'], { cwd })
  assert.equal(code, 1)
})

test('--allow-gaps lets steps be missing', async (t) => {
  const cwd = await temporaryFolder(t)
  const files = [FILES[0], FILES[1], FILES[3]]
  assert.equal((await kstream(['build', ...files, '-o', 'no.parq'], { cwd })).code, 1)
  assert.deepEqual((await build(cwd, [...files, '--allow-gaps'])).shapes.time, [9])
})

test('--drop and --rename change each file before they are joined', async (t) => {
  const cwd = await temporaryFolder(t)
  const args = ['--drop', 'u,v,temp', '--rename', 'xt_ocean=lon', '--rename', 'yt_ocean=lat']
  const { set, paths } = await build(cwd, [...FILES, ...args])
  assert.ok(!paths.includes('u') && !paths.includes('temp') && paths.includes('lon'), paths.join())
  assert.deepEqual(set.header.arrays.find(({ path }) => path === 'sst')?.dims, ['time', 'lat', 'lon'])
})

test('--group makes a group the whole', async (t) => {
  const cwd = await temporaryFolder(t)
  const { paths } = await build(cwd, [fixture('cli/groups.nc'), '--group', '/a'])
  assert.deepEqual(paths.toSorted(), ['b/temp', 'temp'])
  assert.deepEqual(await valuesOf(cwd, 'temp'), [10, 11, 12])
  const near = await kstream(['build', fixture('cli/groups.nc'), '--group', '/aa', '-o', 'no.parq'], { cwd })
  assert.equal(near.code, 1)
  assert.match(near.stderr, /no group is called "aa"; did you mean a/)
})
