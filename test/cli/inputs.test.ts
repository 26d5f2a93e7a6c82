/** Inputs that are no netCDF-4 or HDF5 files: exit code 3, which file and why, nothing written. */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixture.ts'
import { kstream, temporaryFolder } from './command.ts'

const OCEAN = fixture('ocean/ocean_month_1958_01.nc')

/** Puts something at `path`, and what the message about it must say. */
const BROKEN: Readonly<Record<string, { make: (path: string) => Promise<unknown>; message: RegExp }>> = {
  'text.nc': { make: (path) => writeFile(path, 'month 1\nmonth 2\n'), message: /text file/ },
  'page.nc': {
    make: (path) => writeFile(path, '<!DOCTYPE html><html><title>404 Not Found</title></html>'),
    message: /HTML page, "404 Not Found"/,
  },
  'empty.nc': { make: (path) => writeFile(path, ''), message: /empty/ },
  'folder.nc': {
    make: (path) => mkdir(path),
    message: /is a folder, not a file or reference set|a directory; name the files/,
  },
  'missing.nc': { make: async () => {}, message: /no such file/ },
  'truncated.nc': {
    make: async (path) => writeFile(path, (await readFile(OCEAN)).subarray(0, 20_000)),
    message: /at byte \d+: .*truncated|bytes/,
  },
}

for (const [name, { make, message }] of Object.entries(BROKEN)) {
  test(`${name} is refused by build, scan and info alike`, async (t) => {
    const cwd = await temporaryFolder(t)
    await make(join(cwd, name))
    const before = await readdir(cwd)
    for (const args of [
      ['build', OCEAN, name, '--concat-dims', 'time', '-o', 'out.parq'],
      ['scan', '--summary', name],
      ['info', name],
    ]) {
      const { code, stdout, stderr } = await kstream(args, { cwd })
      assert.match(stderr, message, args[0])
      assert.ok(stderr.includes(join(cwd, name)), `${args[0]} names the file: ${stderr}`)
      assert.doesNotMatch(stderr, /\n {4}at /, 'no stack')
      assert.equal(stderr.trimEnd().split('\n').length, 1, 'one line')
      assert.equal(stdout, '')
      assert.equal(code, 3, args[0])
    }
    assert.deepEqual(await readdir(cwd), before)
  })
}

test('a list with blank lines and CRLF names the same files', async (t) => {
  const cwd = await temporaryFolder(t)
  const input = `\r\n${OCEAN}\r\n\r\n${fixture('ocean/ocean_month_1958_04.nc')}\r\n\n`
  const { code, stdout, stderr } = await kstream(['build', '-o', 'out.parq'], { cwd, input })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /from 2 files/)
})

test('-0 reads names that end with NUL', async (t) => {
  const cwd = await temporaryFolder(t)
  const name = 'odd\nname.nc'
  await writeFile(join(cwd, name), await readFile(OCEAN))
  const list = `${name}\0${fixture('ocean/ocean_month_1958_04.nc')}\0`
  const { code, stdout, stderr } = await kstream(['build', '-0', '-o', 'out.parq'], { cwd, input: list })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /from 2 files/)
  const wrong = await kstream(['build', '-o', 'other.parq'], { cwd, input: list.replace('\n', '') })
  assert.equal(wrong.code, 3)
  assert.match(wrong.stderr, /-0/)
})

test('after -- everything is a file', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, '--odd.nc'), await readFile(OCEAN))
  const { code, stdout, stderr } = await kstream(['info', '--', '--odd.nc'], { cwd })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /--odd\.nc: /)
})
