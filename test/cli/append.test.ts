/** `kstream build --append`: the bytes of a build of all files, and what the set holds already. */
import assert from 'node:assert/strict'
import { copyFile, readdir, readFile, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixture.ts'
import { kstream, temporaryFolder } from './command.ts'

const FILES = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))

async function run(cwd: string, ...args: string[]) {
  const outcome = await kstream(['build', ...args], { cwd })
  assert.equal(outcome.code, 0, outcome.stderr)
  return outcome
}

async function assertSameBytes(a: string, b: string): Promise<void> {
  const list = async (folder: string) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length)).sort()
  }
  const names = await list(a)
  assert.deepEqual(await list(b), names)
  assert.ok(names.length > 5)
  for (const name of names)
    assert.deepEqual(await readFile(join(a, name)), await readFile(join(b, name)), name)
}

test('appending gives the bytes of a build of all files', async (t) => {
  const cwd = await temporaryFolder(t)
  await run(cwd, ...FILES, '--record-size', '7', '-o', 'all.parq')
  await run(cwd, ...FILES.slice(0, 2), '--record-size', '7', '-o', 'grown.parq')
  const { stdout } = await run(cwd, ...FILES.slice(2), '--append', '-o', 'grown.parq')
  assert.match(stdout, /^Wrote grown\.parq: /)
  await assertSameBytes(join(cwd, 'all.parq'), join(cwd, 'grown.parq'))
  assert.deepEqual(await readdir(cwd), ['all.parq', 'grown.parq'])
})

test('files that are in the set are left out, and where all are nothing is touched', async (t) => {
  const cwd = await temporaryFolder(t)
  await run(cwd, ...FILES, '-o', 'all.parq')
  await run(cwd, ...FILES.slice(0, 3), '-o', 'grown.parq')
  const { stderr } = await run(cwd, ...FILES, '--append', '-o', 'grown.parq')
  assert.match(stderr, /^Already in grown\.parq: 3 files$/m)
  await assertSameBytes(join(cwd, 'all.parq'), join(cwd, 'grown.parq'))
  const before = await stat(join(cwd, 'grown.parq', '.zmetadata'))
  const again = await run(cwd, ...FILES, '--append', '-o', 'grown.parq')
  assert.match(again.stderr, /^Already in grown\.parq: 4 files\nNothing new: grown\.parq stays as it is$/m)
  assert.equal(again.stdout, '')
  const after = await stat(join(cwd, 'grown.parq', '.zmetadata'))
  assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs])
})

test('rewritten paths are those that the set is compared by', async (t) => {
  const cwd = await temporaryFolder(t)
  const rewrite = ['--rewrite-paths', `${fixture('ocean')}=s3://bucket/ocean`]
  await run(cwd, ...FILES, ...rewrite, '-o', 'all.parq')
  await run(cwd, ...FILES.slice(0, 2), ...rewrite, '-o', 'grown.parq')
  const { stderr } = await run(cwd, ...FILES, ...rewrite, '--append', '-o', 'grown.parq')
  assert.match(stderr, /^Already in grown\.parq: 2 files$/m)
  await assertSameBytes(join(cwd, 'all.parq'), join(cwd, 'grown.parq'))
})

test('a file that has changed since is refused, as is one that comes before what is there', async (t) => {
  const cwd = await temporaryFolder(t)
  await copyFile(FILES[1], join(cwd, 'a.nc'))
  await run(cwd, 'a.nc', '-o', 'grown.parq')
  const earlier = await kstream(['build', FILES[0], '--append', '-o', 'grown.parq'], { cwd })
  assert.equal(earlier.code, 1, earlier.stderr)
  await utimes(join(cwd, 'a.nc'), 0, 0)
  const changed = await kstream(['build', 'a.nc', FILES[2], '--append', '-o', 'grown.parq'], { cwd })
  assert.equal(changed.code, 1, changed.stderr)
  assert.match(changed.stderr, /a\.nc: has changed since grown\.parq was built from it/)
  assert.deepEqual((await readdir(cwd)).sort(), ['a.nc', 'grown.parq'])
})
