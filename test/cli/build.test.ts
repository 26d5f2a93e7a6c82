/** `kstream build` end to end on real files. */
import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openParquetSet } from '../../lib/format/kerchunk-parquet/index.ts'
import { readSetSummary } from '../../lib/format/kerchunk-parquet/summary.ts'
import { openSource } from '../../lib/source/open.ts'
import { referenceStore } from '../../lib/store/reference-store.ts'
import { fixture } from '../fixture.ts'
import { filesBelow } from '../write/scratch.ts'
import { kstream, kstreamProcess, temporaryFolder } from './command.ts'

const FILES = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))

test('files and options come in any order, and the last lines say how to open the set', async (t) => {
  const cwd = await temporaryFolder(t)
  const [first, second, ...others] = FILES
  const { code, stdout, stderr } = await kstreamProcess(
    ['build', first, '--concat-dims', 'time', second, '-o', 'ocean.parq', ...others],
    { cwd },
  )
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^Wrote ocean\.parq: \d+ arrays, [\d,]+ references .* missing, .* from 4 files in /)
  const line =
    'xr.open_dataset("ocean.parq", engine="kerchunk", backend_kwargs={"storage_options": {"remote_protocol": "file"}})'
  assert.ok(stdout.includes(line), stdout)
  assert.ok(stdout.includes('referenceStore(await openParquetSet("ocean.parq"), openSource)'), stdout)
  const summary = await readSetSummary(join(cwd, 'ocean.parq'))
  const temp = summary.arrays.find(({ metadata }) => metadata.path === 'temp')
  assert.deepEqual(temp?.metadata.shape, [12, 8, 30, 48])
  assert.equal(summary.sources?.length, 4)
  // Where stderr is no terminal there is no progress on it.
  assert.doesNotMatch(stderr, /request/)
})

test('without --concat-dims the one unlimited dimension is taken, and said on stderr', async (t) => {
  const cwd = await temporaryFolder(t)
  const input = FILES.join('\n')
  const { code, stderr } = await kstreamProcess(['build', '-o', 'ocean.parq'], { cwd, input })
  assert.equal(code, 0)
  assert.match(stderr, /Joining 4 files along time/)
})

test('where no dimension offers itself, the message asks for one and lists candidates', async (t) => {
  const cwd = await temporaryFolder(t)
  const file = fixture('cli/fixed-dims.nc')
  const { code, stderr } = await kstream(['build', file, file, '-o', 'x.parq'], { cwd })
  assert.equal(code, 2)
  assert.match(stderr, /--concat-dims; dimensions they share: x, y/)
  assert.deepEqual(await readdir(cwd), [])
})

test('an output that exists is left alone without --overwrite', async (t) => {
  const cwd = await temporaryFolder(t)
  const args = ['build', FILES[0], '-o', 'ocean.parq']
  assert.equal((await kstream(args, { cwd })).code, 0)
  const before = await stat(join(cwd, 'ocean.parq', '.zmetadata'))
  const again = await kstream(args, { cwd })
  assert.equal(again.code, 2)
  assert.match(again.stderr, /ocean\.parq: exists already; --overwrite replaces it/)
  assert.equal((await stat(join(cwd, 'ocean.parq', '.zmetadata'))).ino, before.ino)
  assert.equal((await kstream([...args, '--overwrite'], { cwd })).code, 0)
  assert.deepEqual(await readdir(cwd), ['ocean.parq'])
})

test('an output that is no reference set is never touched', async (t) => {
  const cwd = await temporaryFolder(t)
  await mkdir(join(cwd, 'data'))
  await writeFile(join(cwd, 'data', 'precious.nc'), 'precious')
  for (const extra of [[], ['--overwrite']]) {
    const { code, stderr } = await kstream(['build', FILES[0], '-o', 'data', ...extra], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /not a reference set/)
  }
  assert.equal(await readFile(join(cwd, 'data', 'precious.nc'), 'utf8'), 'precious')
})

test('files that do not fit together are a plan error: exit code 1, both files named', async (t) => {
  const cwd = await temporaryFolder(t)
  const other = fixture('cli/fixed-dims.nc')
  const { code, stderr } = await kstream(
    ['build', FILES[0], other, '--concat-dims', 'time', '-o', 'x.parq'],
    { cwd },
  )
  assert.equal(code, 1, stderr)
  assert.ok(stderr.includes('ocean_month_1958_01.nc') && stderr.includes('fixed-dims.nc'), stderr)
  assert.deepEqual(await readdir(cwd), [])
})

test('--select keeps what is named, with its coordinates', async (t) => {
  const cwd = await temporaryFolder(t)
  const args = ['build', ...FILES, '--concat-dims', 'time', '--select', 'sst', '-o', 'sst.parq']
  const { code, stderr } = await kstream(args, { cwd })
  assert.equal(code, 0, stderr)
  const paths = (await readSetSummary(join(cwd, 'sst.parq'))).arrays.map(({ metadata }) => metadata.path)
  assert.ok(paths.includes('sst') && paths.includes('time') && !paths.includes('temp'), paths.join())
})

test('chunks under --inline-threshold are inlined, none by default', async (t) => {
  const cwd = await temporaryFolder(t)
  const inlinedOf = async (...options: string[]) => {
    const { code, stderr } = await kstream(['build', FILES[0], '-o', 'x.parq', '--overwrite', ...options], {
      cwd,
    })
    assert.equal(code, 0, stderr)
    const { arrays } = await readSetSummary(join(cwd, 'x.parq'))
    return arrays.reduce((total, { coverage }) => total + (coverage?.inlined ?? 0), 0)
  }
  const summary = await kstream(['scan', FILES[0]])
  const lengths = summary.stdout
    .split('\n')
    .flatMap((line) => (line.includes('"kind":"reference"') ? [JSON.parse(line).length] : []))
  assert.ok(lengths.some((length) => length < 500) && lengths.some((length) => length >= 500))
  assert.equal(await inlinedOf(), 0)
  assert.equal(await inlinedOf('--inline-threshold', '500'), lengths.filter((length) => length < 500).length)
})

test('--rewrite-paths changes the references and the protocol of the opening line', async (t) => {
  const cwd = await temporaryFolder(t)
  const rewrite = `${fixture('ocean')}=s3://bucket/ocean`
  const args = ['build', FILES[0], '--rewrite-paths', rewrite, '-o', 'remote.parq']
  const { code, stdout, stderr } = await kstream(args, { cwd })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /"remote_protocol": "s3"/)
})

test('progress as JSON is one event a line, and ends with the totals', async (t) => {
  const cwd = await temporaryFolder(t)
  const args = ['build', ...FILES, '--concat-dims', 'time', '--progress', 'json', '-o', 'ocean.parq']
  const { code, stderr } = await kstream(args, { cwd })
  assert.equal(code, 0, stderr)
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(events.filter(({ event }) => event === 'done').length, 1)
  const last = events.findLast(({ event }) => event !== 'message')
  assert.equal(last.event, 'done')
  assert.equal(last.files, 4)
  assert.equal(last.filesTotal, 4)
  assert.ok(last.references > 0 && last.bytes > 0 && last.requests > 0)
})

test('the same inputs give the same bytes', async (t) => {
  const cwd = await temporaryFolder(t)
  for (const name of ['a.parq', 'b.parq']) {
    assert.equal((await kstream(['build', ...FILES, '--concat-dims', 'time', '-o', name], { cwd })).code, 0)
  }
  const files = filesBelow(join(cwd, 'a.parq'))
  assert.ok(files.size > 5)
  assert.deepEqual(filesBelow(join(cwd, 'b.parq')), files)
})

test('reading a set in JavaScript refuses a file that has changed since', async (t) => {
  const cwd = await temporaryFolder(t)
  const file = join(cwd, 'a.nc')
  await copyFile(FILES[0], file)
  const { code, stderr } = await kstream(['build', 'a.nc', '-o', 'stale.parq'], { cwd })
  assert.equal(code, 0, stderr)
  const store = referenceStore(await openParquetSet(join(cwd, 'stale.parq')), openSource)
  t.after(() => store.close())
  await utimes(file, 0, 0)
  await assert.rejects(async () => store.get('/sst/0.0.0'), {
    code: 'ERR_KSTREAM_SOURCE',
    message: /a\.nc: has changed since/,
  })
})

test('a build counts the chunks that it writes: others than it reads where they are split', async (t) => {
  const output = join(await temporaryFolder(t), 'steps.parq')
  const file = fixture('netcdf3/alone-f8.nc')
  const { stderr } = await kstream([
    'build',
    file,
    '--split-chunks',
    'time=1',
    '--progress',
    'json',
    '-o',
    output,
  ])
  const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')
  // Seven steps, and what does not change with time.
  assert.deepEqual([last.event, last.references, last.referencesTotal], ['done', 8, 8])
})
