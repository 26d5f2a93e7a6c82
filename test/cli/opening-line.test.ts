/** The lines of Python that `kstream build` prints open the set: run as they are, by the peers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { fixture } from '../fixture.ts'
import { kstream, temporaryFolder } from './command.ts'

const run = promisify(execFile)
const python = process.env.KSTREAM_PYTHON
const skip = python ? false : 'KSTREAM_PYTHON names no Python with the peers'

/** The printed lines, each result summed up. */
function program(stdout: string): string {
  const [, printed] = /In Python:\n([\s\S]*?)In JavaScript:/.exec(stdout) ?? []
  const lines = (printed ?? '').split('\n').map((line) => line.trim())
  return lines.map((line) => (line.startsWith('xr.') ? `print(float(${line}.temp.sum()))` : line)).join('\n')
}

test('the set opens by the printed line, with the values of the originals', { skip }, async (t) => {
  const cwd = await temporaryFolder(t)
  const files = ['01', '04'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))
  const { code, stdout } = await kstream(['build', ...files, '--concat-dims', 'time', '-o', 'ocean.parq'], {
    cwd,
  })
  assert.equal(code, 0)
  const expected =
    'import sys, xarray as xr\nprint(sum(float(xr.open_dataset(f, engine="netcdf4").temp.sum()) for f in sys.argv[1:]))'
  const limits = { cwd, timeout: 120_000 }
  const ours = await run(python ?? '', ['-c', program(stdout)], limits)
  const theirs = await run(python ?? '', ['-c', expected, ...files], limits)
  const relative = Math.abs(Number(ours.stdout) / Number(theirs.stdout) - 1)
  assert.ok(relative < 1e-5, `${ours.stdout} is not ${theirs.stdout}`)
})

test('each group has its line, and opens by it', { skip }, async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, stdout } = await kstream(['build', fixture('cli/groups.nc'), '-o', 'groups.parq'], { cwd })
  assert.equal(code, 0)
  const { stdout: sums } = await run(python ?? '', ['-c', program(stdout)], { cwd, timeout: 120_000 })
  // What the generator wrote: 0+1+2 at the root, 10+11+12 and 20+21+22 in the groups.
  assert.deepEqual(sums.trim().split('\n').map(Number), [3, 33, 63])
})
