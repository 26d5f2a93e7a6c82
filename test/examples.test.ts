/** The examples do what they say, on the ocean series; values are compared with what netCDF4-python read. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { buildTemperature } from '../examples/build.ts'
import { convertMoved } from '../examples/convert.ts'
import { planAndBuild } from '../examples/plan.ts'
import { readArray } from '../examples/read.ts'
import { publish } from '../examples/references.ts'
import { splitByStep } from '../examples/split.ts'
import { openParquetSet } from '../lib/format/kerchunk-parquet/index.ts'
import { scan } from '../lib/scan.ts'
import { writeJson } from '../lib/write/json/sink.ts'
import { temporaryFolder } from './cli/command.ts'
import { fixture } from './fixture.ts'

const FILES = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))

test('build.ts and read.ts: the values are those of the original files', async (t) => {
  const set = join(await temporaryFolder(t), 'temp.parq')
  const report = await buildTemperature(FILES, set)
  assert.deepEqual(report.skipped, [])
  const { concatenated } = JSON.parse(await readFile(fixture('ocean/expected.json'), 'utf8'))
  for (const name of ['temp', 'time', 'st_ocean']) {
    const { data, shape } = await readArray(set, name)
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const expected = concatenated.variables[name]
    assert.deepEqual(shape, expected.shape, name)
    assert.equal(createHash('sha256').update(bytes).digest('hex'), expected.sha256, name)
  }
})

test('references.ts: every reference points at the published file', async (t) => {
  const set = join(await temporaryFolder(t), 'one.parq')
  const { report, largest } = await publish(FILES[0], set)
  assert.ok(largest.bytes > 0)
  let references = 0
  for await (const item of (await openParquetSet(set)).body()) {
    if (item.kind === 'footer') continue
    assert.deepEqual(
      item.paths.filter((path) => path !== 'https://data.example/ocean/ocean_month_1958_01.nc'),
      [],
    )
    references += item.path.filter((path) => path !== 0xffffffff).length
  }
  assert.equal(references, report.references)
})

test('plan.ts: one set where files fit, a group for each run of them where they do not', async (t) => {
  const folder = await temporaryFolder(t)
  const fit = await planAndBuild(FILES, join(folder, 'fit.parq'))
  assert.deepEqual([fit.plan.barriers.length, fit.plan.eras.length], [0, 1])
  const steps = [0, 1, 2, 3].map((step) => fixture(`cli/steps_${step}.nc`))
  const { plan, written } = await planAndBuild(steps, join(folder, 'eras.parq'))
  assert.deepEqual(
    plan.barriers.map(({ kind, array, subject }) => [kind, array, subject]),
    [['attribute', 'field', 'units']],
  )
  assert.deepEqual(
    plan.eras.map(({ inputs }) => inputs),
    [2, 2],
  )
  assert.equal(written.arrays, 4)
})

test('convert.ts: the values of a file that was moved after its JSON set was written', async (t) => {
  const folder = await temporaryFolder(t)
  const [before, now] = [join(folder, 'before'), join(folder, 'now')]
  await mkdir(before)
  await copyFile(FILES[0], join(before, 'a.nc'))
  const legacy = join(folder, 'legacy.json')
  await pipeline(scan([join(before, 'a.nc')]), writeJson(legacy))
  await rename(before, now)
  const set = join(folder, 'moved.parq')
  const report = await convertMoved(legacy, set, before, now)
  assert.deepEqual(report.skipped, [])
  const { files } = JSON.parse(await readFile(fixture('ocean/expected.json'), 'utf8'))
  const expected = files['ocean_month_1958_01.nc'].variables.temp
  const { data, shape } = await readArray(set, 'temp')
  assert.deepEqual(shape, expected.shape)
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  assert.equal(createHash('sha256').update(bytes).digest('hex'), expected.sha256)
})

test('split.ts: a reference for each step, with the values that netCDF4-python read', async (t) => {
  const set = join(await temporaryFolder(t), 'steps.parq')
  await splitByStep([fixture('netcdf3/alone-f8.nc')], set)
  const { variables } = JSON.parse(await readFile(fixture('netcdf3/expected.json'), 'utf8'))['alone-f8.nc']
  const { header, footer } = await openParquetSet(set)
  const alone = header.arrays.find(({ path }) => path === 'alone')
  assert.deepEqual(alone?.chunkShape, [1, 3])
  assert.deepEqual(footer?.missing, [0, 0])
  const { data, shape } = await readArray(set, 'alone')
  assert.deepEqual(shape, variables.alone.shape)
  const big = new DataView(Uint8Array.from(Buffer.from(variables.alone.hex, 'hex')).buffer)
  assert.deepEqual(
    data,
    Float64Array.from({ length: 21 }, (_, at) => big.getFloat64(8 * at)),
  )
})
