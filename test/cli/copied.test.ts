/** Sets with bytes in files beside their shards, from the command line: combined, added to, described, moved. */
import assert from 'node:assert/strict'
import { rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openParquetSet } from '../../lib/format/kerchunk-parquet/index.ts'
import { openSource } from '../../lib/source/open.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { filesBelow } from '../write/scratch.ts'
import { streamOf, syntheticSet } from '../write/synthetic.ts'
import { kstream, temporaryFolder } from './command.ts'

const WIDTH = 400_000

/** One step of a field too large for a shard, and its coordinate. */
async function writeStep(cwd: string, step: number): Promise<string> {
  const bytes = (values: Float64Array | Float32Array) => new Uint8Array(values.buffer)
  const field = Float32Array.from({ length: WIDTH }, (_, x) => step * WIDTH + x)
  const time = { path: 'time', dims: ['time'], shape: [1], dataType: '<f8' }
  const set = syntheticSet({
    sources: [{ url: join(cwd, `${step}.bin`), size: 1 }],
    arrays: [
      time,
      { path: 'temp', dims: ['time', 'x'], shape: [1, WIDTH], chunkShape: [1, WIDTH], dataType: '<f4' },
    ],
    rows: [[{ chunk: 0, raw: bytes(Float64Array.of(step)) }], [{ chunk: 0, raw: bytes(field) }]],
  })
  const name = `step${step}.parq`
  await writeParquet(join(cwd, name))(streamOf(set))
  return name
}

async function run(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await kstream(args, { cwd })
  assert.equal(code, 0, stderr)
  return stdout
}

async function valuesOf(path: string): Promise<ArrayLike<unknown>> {
  const set = await openParquetSet(path)
  const temp = set.header.arrays.findIndex((array) => array.path === 'temp')
  return (await readValues(set, temp, { open: openSource })).data
}

test('copied bytes go from set to set, and the command says where they are', async (t) => {
  const cwd = await temporaryFolder(t)
  const steps: string[] = []
  for (const step of [0, 1, 2]) steps.push(await writeStep(cwd, step))
  const build = (...names: string[]) => ['build', ...names, '--record-size', '2', '-o', 'all.parq']
  await run(cwd, ...build(...steps, '--concat-dims', 'time'))
  const whole = filesBelow(join(cwd, 'all.parq'))
  assert.deepEqual(
    [...whole.keys()].filter((name) => name.startsWith('temp')),
    ['temp/copied.0.bin', 'temp/copied.1.bin', 'temp/refs.0.parq', 'temp/refs.1.parq'],
  )
  await rm(join(cwd, 'all.parq'), { recursive: true })
  await run(cwd, ...build(...steps.slice(0, 1)))
  await run(cwd, 'build', ...steps.slice(1), '--append', '--concat-dims', 'time', '-o', 'all.parq')
  assert.deepEqual(filesBelow(join(cwd, 'all.parq')), whole)
  for (const step of steps) await rm(join(cwd, step), { recursive: true })
  const values = Float32Array.from({ length: 3 * WIDTH }, (_, at) => at)
  assert.deepEqual(await valuesOf(join(cwd, 'all.parq')), values)
  assert.match(
    await run(cwd, 'info', 'all.parq'),
    /^0 references, 4 inlined, 4\.8 MB copied into the set, 0 missing$/m,
  )

  await rename(join(cwd, 'all.parq'), join(cwd, 'moved.parq'))
  const moved = await kstream(['info', 'moved.parq'], { cwd })
  assert.equal(moved.code, 0)
  const place = join(cwd, 'all.parq')
  assert.ok(
    moved.stderr.includes(`point at ${place}; kstream build moved.parq -o NEW makes a set`),
    moved.stderr,
  )
  await run(cwd, 'build', 'moved.parq', '--record-size', '2', '-o', 'all.parq')
  assert.deepEqual(filesBelow(place), whole)
  assert.equal((await kstream(['info', 'all.parq'], { cwd })).stderr, '')

  await truncate(join(place, 'temp/copied.0.bin'), 5)
  const lost = await kstream(['info', 'all.parq'], { cwd })
  assert.notEqual(lost.code, 0)
  assert.match(lost.stderr, /^Lost: temp\/copied\.0\.bin was written and is not there, or not whole/m)
})
