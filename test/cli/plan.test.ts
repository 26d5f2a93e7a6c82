/** `kstream plan` end to end on real files. */
import assert from 'node:assert/strict'
import { copyFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixture.ts'
import { violations } from '../json-schema.ts'
import { kstream, temporaryFolder } from './command.ts'

const FILES = ['01', '04', '07', '10'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))
/** Two steps each along time; from the third on the units of `field` are others. */
const STEPS = [0, 1, 2, 3].map((number) => fixture(`cli/steps_${number}.nc`))

test('files that combine: what would be built, exit code 0, nothing written', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, stdout, stderr } = await kstream(['plan', ...FILES.toReversed()], { cwd })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^4 files, .*time.*01\.nc … .*10\.nc$/m)
  assert.match(
    stdout,
    /^time +12 {2}joined by .*: 1958-01-16 12:00:00 to 1958-12-16 12:00:00 \(21199\.5 to 21533\.5 days since 1900-01-01 00:00:00\)$/m,
  )
  assert.match(stdout, /^temp +time, st_ocean, yt_ocean, xt_ocean +12 x 8 x 30 x 48 /m)
  assert.match(stdout, /^These files combine$/m)
  assert.match(stderr, /^4 files planned in /m)
  assert.deepEqual(await readdir(cwd), [])
})

test('a barrier: both values, where each begins, how many files there are, the eras, exit code 1', async () => {
  const { code, stdout } = await kstream(['plan', ...STEPS, '--concat-dims', 'time'])
  assert.equal(code, 1)
  assert.match(stdout, /^ {2}attribute: field: units$/m)
  assert.match(stdout, /^ {4}K in .*steps_0\.nc \(and 1 other\)$/m)
  assert.match(stdout, /^ {4}degC in .*steps_2\.nc \(and 1 other\)$/m)
  assert.match(stdout, /^ {2}era_0: 2 files, .*steps_0\.nc … .*steps_1\.nc$/m)
  assert.match(stdout, /^ {2}era_1: 2 files, .*steps_2\.nc … .*steps_3\.nc$/m)
  assert.match(stdout, /^These files do not combine: 1 barrier; --on-mismatch eras would write 2 groups$/m)
})

test('with --on-mismatch the plan is that of the build', async () => {
  const eras = await kstream(['plan', ...STEPS, '--on-mismatch', 'eras'])
  assert.equal(eras.code, 0, eras.stdout)
  assert.match(eras.stdout, /^These files combine as 2 eras, a group each$/m)
  const skip = await kstream(['plan', ...STEPS.slice(0, 3), '--on-mismatch', 'skip'])
  assert.equal(skip.code, 4, skip.stdout)
  assert.match(skip.stdout, /^Left out: 1 file\n.*steps_2\.nc: .*units/m)
  assert.match(skip.stdout, /^The other files combine$/m)
})

test('--json is what --schema describes, with and without barriers', async () => {
  const { stdout, code } = await kstream(['plan', '--schema'])
  assert.equal(code, 0)
  const schema = JSON.parse(stdout)
  for (const [files, expected] of [
    [FILES, 0],
    [STEPS, 1],
  ] as const) {
    const plan = await kstream(['plan', '--json', ...files])
    assert.equal(plan.code, expected, plan.stderr)
    const report = JSON.parse(plan.stdout)
    assert.deepEqual(violations(schema, report), [])
    assert.equal(report.inputs, 4)
    assert.equal(report.barriers.length > 0, expected === 1)
  }
})

test('one file twice under two names is in the way', async (t) => {
  const cwd = await temporaryFolder(t)
  await copyFile(FILES[0], join(cwd, 'copy.nc'))
  const { code, stdout } = await kstream(['plan', FILES[0], 'copy.nc', FILES[1]], { cwd })
  assert.equal(code, 1)
  assert.match(stdout, /^ {2}(duplicate|overlap): time: /m)
  assert.match(stdout, /copy\.nc \(1 file\)$/m)
})

test('a missing file in the middle is a gap', async () => {
  const files = [FILES[0], FILES[1], FILES[3]]
  const { code, stdout } = await kstream(['plan', ...files])
  assert.equal(code, 1, stdout)
  assert.match(stdout, /^ {2}gap: time: /m)
  assert.equal((await kstream(['plan', ...files, '--allow-gaps'])).code, 0)
})

test('files that cannot be read are named with --on-error skip, and end it without', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'text.nc'), 'month 1\n')
  const args = ['plan', FILES[0], 'text.nc', 'missing.nc', FILES[1]]
  assert.equal((await kstream(args, { cwd })).code, 3)
  const { code, stdout } = await kstream([...args, '--on-error', 'skip'], { cwd })
  assert.equal(code, 4)
  assert.match(
    stdout,
    /^Left out: 2 files\n {2}.*text\.nc: .*text file.*\n {2}.*missing\.nc: .*no such file/m,
  )
  const none = await kstream(['plan', 'text.nc', 'missing.nc', '--on-error', 'skip'], { cwd })
  assert.equal(none.code, 3)
  assert.match(none.stderr, /text\.nc: cannot be read, nor could any of 1 other: /)
})

test('an array that references cannot express is told with all the rest', async () => {
  const { code, stdout, stderr } = await kstream(['plan', fixture('cli/ragged.nc')])
  assert.equal(code, 1, stdout)
  assert.match(
    stdout,
    /do not combine: 1 array without references \(--on-unsupported copy takes in what can be decoded, skip leaves them out\)/,
  )
  assert.match(stderr, /^Left out: 1 array\n {2}ragged: /m)
  const skipping = await kstream(['plan', fixture('cli/ragged.nc'), '--on-unsupported', 'skip'])
  assert.equal(skipping.code, 4)
  assert.match(skipping.stdout, /^These files combine$/m)
})
