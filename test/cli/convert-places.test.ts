/** Where `kstream convert` reads from and writes to: what lies in the way, what would be lost, and who has gone. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixture.ts'
import { COMMAND, kstream, kstreamProcess, temporaryFolder } from './command.ts'

const JANUARY = fixture('ocean/ocean_month_1958_01.nc')

test('references to data on standard input would point nowhere: refused, alone and among others', async (t) => {
  const cwd = await temporaryFolder(t)
  const input = await readFile(JANUARY)
  const april = fixture('ocean/ocean_month_1958_04.nc')
  for (const args of [['-'], ['-', april, '--concat-dims', 'time']]) {
    const { code, stderr } = await kstream(['convert', ...args, '-o', 'out.json'], { cwd, input })
    assert.equal(code, 2, stderr)
    assert.match(stderr, /standard input \(-\) takes reference sets/)
    assert.deepEqual(await readdir(cwd), [])
  }
})

test('standard input is called so, and nothing is left of it, even where the command is killed', async (t) => {
  const cwd = await temporaryFolder(t)
  const temporary = await temporaryFolder(t)
  const env = { ...process.env, TMPDIR: temporary }
  const bad = await kstream(['convert', '-', 'out.json'], { cwd, input: '{"version": 1, "refs": {"a": 3' })
  assert.match(bad.stderr, /^kstream: standard input: .*at byte \d+/)
  if (process.platform !== 'linux') return
  const child = spawn(process.execPath, [COMMAND, 'convert', '-', 'out.json'], { cwd, env })
  child.stdin.on('error', () => {})
  child.stdin.write('{"version": 1, "refs": {')
  while ((await readdir(`/proc/${child.pid}/fd`)).length > 0) {
    const names = await readdir(temporary)
    if (names.length === 0 && child.stdin.writableLength === 0) break
  }
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.deepEqual(await readdir(temporary), [])
})

test('an input in the folder that would be replaced is not thrown away', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.equal((await kstream(['convert', JANUARY, 'set.parq'], { cwd })).code, 0)
  await copyFile(JANUARY, join(cwd, 'set.parq', 'a.nc'))
  for (const args of [
    ['convert', 'set.parq/a.nc', 'set.parq'],
    ['convert', 'set.parq/a.nc', 'set.parq', '--to', 'icechunk'],
    ['build', 'set.parq/a.nc', '-o', 'set.parq'],
  ]) {
    const { code, stderr } = await kstream([...args, '--overwrite'], { cwd })
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, /set\.parq\/a\.nc: lies in set\.parq, which would be replaced/)
    assert.ok((await readdir(join(cwd, 'set.parq'))).includes('a.nc'))
  }
  const same = await kstream(['convert', 'set.parq', 'again.parq'], { cwd })
  assert.equal(same.code, 0)
  assert.equal((await kstream(['convert', 'again.parq', 'again.parq', '--overwrite'], { cwd })).code, 0)
})

test('an output that is in the way is said before any input is read, whatever its format', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'bad.json'), '{"refs": ')
  for (const output of ['out.json', 'out.ndjson', 'out.parq', 'out.icechunk']) {
    assert.equal((await kstream(['convert', JANUARY, output], { cwd })).code, 0)
    const { code, stderr } = await kstream(['convert', 'bad.json', output], { cwd })
    assert.equal(code, 2, output)
    assert.match(stderr, /exists already; --overwrite replaces it/)
  }
})

test('a part of a set is told to be one', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.equal((await kstream(['convert', JANUARY, 'set.parq'], { cwd })).code, 0)
  for (const [part, said] of [
    ['set.parq/temp', /is a part of the reference set .*set\.parq: name that/],
    ['set.parq/.zmetadata', /is a part of a reference set: name its folder, .*set\.parq$/m],
    ['set.parq/temp/refs.0.parq', /a Parquet file \(of a Parquet reference set name the folder/],
  ] as const) {
    const { code, stderr } = await kstream(['convert', part, 'out.json'], { cwd })
    assert.equal(code, 3)
    assert.match(stderr, said)
  }
  await mkdir(join(cwd, 'empty'))
  assert.match((await kstream(['info', 'empty'], { cwd })).stderr, /is a folder, not a file or reference set/)
})

test('NDJSON that has lost its header, and a format that is not the input, are told so', async (t) => {
  const cwd = await temporaryFolder(t)
  const { stdout } = await kstream(['scan', JANUARY])
  const input = stdout.split('\n').slice(1).join('\n')
  const headless = await kstream(['convert', '-', 'out.json'], { cwd, input })
  assert.equal(headless.code, 3)
  assert.match(headless.stderr, /standard input: NDJSON at byte 0: its first line is no header/)
  const folder = await kstream(['convert', JANUARY, 'out.json', '--from', 'parquet'], { cwd })
  assert.equal(folder.code, 2)
  assert.match(folder.stderr, /is a file, and a set in parquet is a folder/)
})

test('a reader of standard output that has seen enough ends it quietly', async () => {
  const child = spawn(process.execPath, [COMMAND, 'convert', JANUARY, '-', '--to', 'ndjson'])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  assert.deepEqual([code, said], [0, ''])
})

test('the lines that open a compressed set name what fsspec needs for it', async (t) => {
  const cwd = await temporaryFolder(t)
  const { stdout } = await kstream(['convert', JANUARY, 'out.json.zst'], { cwd })
  assert.match(stdout, /# fsspec reads \.zst with the package zstandard\n {2}import xarray as xr\n/)
})

test('help is a word too, and the beginning of an option is enough to suggest it', async () => {
  const word = await kstreamProcess(['help', 'convert'])
  assert.equal(word.code, 0)
  assert.equal(word.stdout, (await kstreamProcess(['convert', '--help'])).stdout)
  assert.match((await kstream(['help'])).stdout, /kstream convert .*\n.*kstream scan/)
  assert.match((await kstream(['convert', '--inlin', '5'])).stderr, /did you mean --inline-threshold\?/)
})
