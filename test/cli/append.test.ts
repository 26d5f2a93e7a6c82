/** `kstream build --append`: the bytes of a build of all files, and what the set holds already. */
import assert from 'node:assert/strict'
import { copyFile, link, readdir, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixture.ts'
import { writeModelFiles } from '../model-files.ts'
import { filesBelow } from '../write/scratch.ts'
import { kstream, temporaryFolder } from './command.ts'

const FILES = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))

async function run(cwd: string, ...args: string[]) {
  const outcome = await kstream(['build', ...args], { cwd })
  assert.equal(outcome.code, 0, outcome.stderr)
  return outcome
}

test('appending gives the bytes of a build of all files', async (t) => {
  const cwd = await temporaryFolder(t)
  const all = await run(cwd, ...FILES, '--record-size', '7', '-o', 'all.parq')
  await run(cwd, ...FILES.slice(0, 2), '--record-size', '7', '-o', 'grown.parq')
  const { stdout } = await run(cwd, ...FILES.slice(2), '--append', '-o', 'grown.parq')
  assert.match(stdout, /^Wrote grown\.parq: /)
  const counts = (text: string) => /: (.* on disk)/.exec(text)?.[1]
  assert.equal(counts(stdout), counts(all.stdout))
  assert.deepEqual(filesBelow(join(cwd, 'grown.parq')), filesBelow(join(cwd, 'all.parq')))
  assert.deepEqual(await readdir(cwd), ['all.parq', 'grown.parq'])
})

test('files that are in the set are left out, and where all are nothing is touched', async (t) => {
  const cwd = await temporaryFolder(t)
  await run(cwd, ...FILES, '-o', 'all.parq')
  await run(cwd, ...FILES.slice(0, 3), '-o', 'grown.parq')
  const { stderr } = await run(cwd, ...FILES, '--append', '-o', 'grown.parq')
  assert.match(stderr, /^Already in grown\.parq: 3 files$/m)
  assert.deepEqual(filesBelow(join(cwd, 'grown.parq')), filesBelow(join(cwd, 'all.parq')))
  const before = await stat(join(cwd, 'grown.parq', '.zmetadata'))
  const again = await run(cwd, ...FILES, '--append', '-o', 'grown.parq')
  assert.match(again.stderr, /^Already in grown\.parq: 4 files\nNothing new: grown\.parq stays as it is$/m)
  assert.equal(again.stdout, '')
  const after = await stat(join(cwd, 'grown.parq', '.zmetadata'))
  assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs])
})

test('a file that another one only names is not in the set yet', async (t) => {
  const cwd = await temporaryFolder(t)
  const [view, viewed] = ['view.h5', 'viewed.h5'].map((name) => fixture(`cli/${name}`))
  const along = ['--concat-dims', 'time', '-o']
  await run(cwd, view, viewed, ...along, 'all.parq')
  await run(cwd, view, ...along, 'grown.parq')
  const { stdout } = await run(cwd, viewed, '--append', ...along, 'grown.parq')
  assert.match(stdout, /^Wrote grown\.parq: 2 arrays, 2 references/)
  assert.deepEqual(filesBelow(join(cwd, 'grown.parq')), filesBelow(join(cwd, 'all.parq')))
  const again = await run(cwd, view, viewed, '--append', ...along, 'grown.parq')
  assert.match(again.stderr, /^Already in grown\.parq: 2 files\nNothing new/m)
})

test('rewritten paths are those that the set is compared by', async (t) => {
  const cwd = await temporaryFolder(t)
  const rewrite = ['--rewrite-paths', `${fixture('ocean')}=s3://bucket/ocean`]
  await run(cwd, ...FILES, ...rewrite, '-o', 'all.parq')
  await run(cwd, ...FILES.slice(0, 2), ...rewrite, '-o', 'grown.parq')
  const { stderr } = await run(cwd, ...FILES, ...rewrite, '--append', '-o', 'grown.parq')
  assert.match(stderr, /^Already in grown\.parq: 2 files$/m)
  assert.deepEqual(filesBelow(join(cwd, 'grown.parq')), filesBelow(join(cwd, 'all.parq')))
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

test('new prefixes are not put before the paths of the set once more', async (t) => {
  const cwd = await temporaryFolder(t)
  const rewrite = ['--rewrite-paths', '/=/mirror/']
  await run(cwd, ...FILES.slice(0, 3), ...rewrite, '-o', 'all.parq')
  await run(cwd, FILES[0], ...rewrite, '-o', 'grown.parq')
  await run(cwd, FILES[1], ...rewrite, '--append', '-o', 'grown.parq')
  const { stderr } = await run(cwd, ...FILES.slice(0, 3), ...rewrite, '--append', '-o', 'grown.parq')
  assert.match(stderr, /^Already in grown\.parq: 2 files$/m)
  assert.deepEqual(filesBelow(join(cwd, 'grown.parq')), filesBelow(join(cwd, 'all.parq')))
})

test('the set is never what is left out', async (t) => {
  const cwd = await temporaryFolder(t)
  const [first, ...others] = await writeModelFiles(cwd, 1)
  assert.deepEqual(others, [])
  const unlike = await writeModelFiles(cwd, 2, { first: 1, variables: ['temp', 'salt', 'speed'] })
  await run(cwd, first, '-o', 'grown.parq')
  const before = await stat(join(cwd, 'grown.parq', '.zmetadata'))
  const args = ['build', ...unlike, '--append', '--on-mismatch', 'skip', '-o', 'grown.parq']
  const { code, stderr } = await kstream(args, { cwd })
  assert.equal((await stat(join(cwd, 'grown.parq', '.zmetadata'))).ino, before.ino)
  assert.equal(code, 4)
  assert.match(stderr, /^Left out: 2 files\n {2}.*model_00001\.nc.*not all files have the variable/m)
  assert.match(stderr, /^Nothing new: grown\.parq stays as it is$/m)
})

test('files come in the order of their coordinate, behind the set', async (t) => {
  const cwd = await temporaryFolder(t)
  const [a, b, c, d] = await writeModelFiles(cwd, 4)
  await run(cwd, a, b, c, d, '-o', 'whole.parq')
  await run(cwd, b, '-o', 'grown.parq')
  const early = await kstream(['build', a, '--append', '-o', 'grown.parq'], { cwd })
  assert.equal(early.code, 1)
  assert.match(
    early.stderr,
    /model_00000\.nc lies before the end of .*grown\.parq: only what follows can be appended/,
  )
  await run(cwd, a, '-o', 'grown.parq', '--overwrite')
  await run(cwd, d, c, b, '--append', '-o', 'grown.parq')
  assert.deepEqual(filesBelow(join(cwd, 'grown.parq')), filesBelow(join(cwd, 'whole.parq')))
})

test('values out of the names of files do not hold for a set, and the way round it is said', async (t) => {
  const cwd = await temporaryFolder(t)
  const [a, b] = await writeModelFiles(cwd, 2)
  const option = ['--concat-dims', 'run,time', '--coo-map', 'run=/_(\\d+)\\.nc/']
  await run(cwd, a, ...option, '-o', 'runs.parq')
  await run(cwd, b, ...option, '-o', 'other.parq')
  await run(cwd, a, b, ...option, '-o', 'whole.parq')
  await run(cwd, 'runs.parq', 'other.parq', '--concat-dims', 'run,time', '-o', 'joined.parq')
  assert.deepEqual(filesBelow(join(cwd, 'joined.parq')), filesBelow(join(cwd, 'whole.parq')))
  const direct = await kstream(['build', b, ...option, '--append', '-o', 'runs.parq'], { cwd })
  assert.equal(direct.code, 2)
  assert.match(
    direct.stderr,
    /runs\.parq has values of run already.*build a set of the other files with the same options first/,
  )
})

test('a full shard that was cut off is not taken over', async (t) => {
  const cwd = await temporaryFolder(t)
  const [a, b, c] = await writeModelFiles(cwd, 3)
  await run(cwd, a, b, '--record-size', '2', '-o', 'grown.parq')
  const shard = join(cwd, 'grown.parq', 'temp', 'refs.0.parq')
  await truncate(shard, (await stat(shard)).size - 100)
  const before = filesBelow(join(cwd, 'grown.parq'))
  const { code, stderr } = await kstream(['build', c, '--append', '-o', 'grown.parq'], { cwd })
  assert.equal(code, 3)
  assert.match(stderr, /temp\/refs\.0\.parq: this shard .* is no whole Parquet file/)
  assert.deepEqual(filesBelow(join(cwd, 'grown.parq')), before)
})

test('what is added is counted, and no option is offered that appending does not take', async (t) => {
  const cwd = await temporaryFolder(t)
  await run(cwd, FILES[0], '-o', 'grown.parq')
  await writeFile(join(cwd, 'no.nc'), 'text')
  const args = ['build', FILES[1], 'no.nc', '--on-error', 'skip', '--append', '-o', 'grown.parq']
  const { code, stdout, stderr } = await kstream(args, { cwd })
  assert.equal(code, 4)
  assert.match(stderr, /^Adding 1 file along time, /m)
  assert.match(stdout, /; from 1 file in /)
  const gap = await kstream(['build', FILES[3], '--append', '-o', 'grown.parq'], { cwd })
  assert.equal(gap.code, 1)
  assert.match(gap.stderr, /--allow-gaps/)
  assert.doesNotMatch(gap.stderr, /--on-mismatch eras/)
})

test('appending that stops keeps nothing, as nothing resumes it', async (t) => {
  const cwd = await temporaryFolder(t)
  await run(cwd, FILES[0], '-o', 'grown.parq')
  await rm(join(cwd, 'grown.parq', 'temp', 'refs.0.parq'))
  const { code, stderr } = await kstream(['build', FILES[1], '--append', '-o', 'grown.parq'], { cwd })
  assert.equal(code, 3)
  assert.match(stderr, /refs\.0\.parq/)
  assert.doesNotMatch(stderr, /--resume/)
  assert.deepEqual(await readdir(cwd), ['grown.parq'])
})

test('a file of the set is known by another name', async (t) => {
  const cwd = await temporaryFolder(t)
  await copyFile(FILES[1], join(cwd, 'a.nc'))
  await symlink('a.nc', join(cwd, 'latest.nc'))
  await link(join(cwd, 'a.nc'), join(cwd, 'hard.nc'))
  const rewrite = ['--rewrite-paths', `${cwd}=/mirror`]
  await run(cwd, FILES[0], 'a.nc', ...rewrite, '-o', 'grown.parq')
  const { stderr } = await run(cwd, 'latest.nc', 'hard.nc', ...rewrite, '--append', '-o', 'grown.parq')
  assert.match(stderr, /^Already in grown\.parq: 2 files\nNothing new: /m)
})
