/** `kstream build --resume` after SIGINT: what is said, and the set of an undisturbed build. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixture.ts'
import { COMMAND, kstream, temporaryFolder } from './command.ts'

const FILES = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))

/** Starts a build that waits for the rest of its list, and ends it by SIGINT once it runs; its last words. */
async function interrupt(cwd: string, files: readonly string[], ...args: string[]): Promise<string> {
  const command = [COMMAND, 'build', '--progress', 'json', '-o', 'out.parq', ...args]
  const child = spawn(process.execPath, command, { cwd })
  for (const file of files) child.stdin.write(`${file}\n`)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // The first event comes after a second: what there is of the list is read by then.
  await once(child.stderr, 'data')
  const began = performance.now()
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.equal(code, 130)
  assert.ok(performance.now() - began < 1000)
  return stderr
}

test('an interrupted build says that it can be resumed, and ends as an undisturbed one', async (t) => {
  const cwd = await temporaryFolder(t)
  const stderr = await interrupt(cwd, FILES.slice(0, 3))
  assert.match(stderr, /kstream: interrupted/)
  assert.match(stderr, /What is done is kept: the same command with --resume goes on/)
  const { code, stderr: said } = await kstream(['build', ...FILES, '--resume', '-o', 'out.parq'], { cwd })
  assert.equal(code, 0, said)
  assert.match(said, /^Resuming: [23] of 4 files were scanned before$/m)
  assert.deepEqual(await readdir(cwd), ['out.parq'])
  assert.equal((await kstream(['build', ...FILES, '-o', 'plain.parq'], { cwd })).code, 0)
  for (const name of ['.zmetadata', '.kstream/coverage.ndjson', 'temp/refs.0.parq']) {
    const [resumed, plain] = [join(cwd, 'out.parq', name), join(cwd, 'plain.parq', name)]
    assert.deepEqual(await readFile(resumed), await readFile(plain), name)
  }
})

test('a build with other options does not go on with it, and says so', async (t) => {
  const cwd = await temporaryFolder(t)
  await interrupt(cwd, FILES.slice(0, 2))
  const args = ['build', ...FILES, '--select', 'sst', '--resume', '-o', 'out.parq']
  const { code, stderr } = await kstream(args, { cwd })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^Nothing to resume \(it was begun with other options\): building from the start$/m)
  assert.deepEqual(await readdir(cwd), ['out.parq'])
})

test('where nothing was begun it is a build like any other', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, stderr } = await kstream(['build', FILES[0], '--resume', '-o', 'out.parq'], { cwd })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^Nothing to resume \(no unfinished build is there\): building from the start$/m)
})

test('interrupted before a file was read, nothing is kept', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.match(await interrupt(cwd, []), /The unfinished set is not kept/)
  assert.deepEqual(await readdir(cwd), [])
})

test('where the set is there already nothing is said to be written', async (t) => {
  const cwd = await temporaryFolder(t)
  const build = () => kstream(['build', ...FILES, '--resume', '-o', 'out.parq'], { cwd })
  assert.match((await build()).stdout, /^Wrote out\.parq: /)
  const { code, stdout } = await build()
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^Nothing to do, out\.parq is complete: \d+ arrays, [\d,]+ references to [\d.]+ [kMG]?B, /,
  )
})
