/** Wrong usage: exit code 2, one message that says what to do, nothing written. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { kstream, temporaryFolder } from './command.ts'

const CASES: readonly (readonly [args: readonly string[], input: string, message: RegExp])[] = [
  [[], '', /no command: build, scan, info/],
  [['bild', 'a.nc'], '', /unknown command 'bild'; did you mean build\?/],
  [['frobnicate'], '', /unknown command 'frobnicate': build, scan, info/],
  [['build', 'a.nc'], '', /no output: .*-o.*kstream build \*\.nc --concat-dims time -o ocean\.parq/],
  [['build', '-o', 'x.parq'], '', /no files: the list on stdin is empty/],
  [['build', '-o', 'x.parq'], '\n\r\n   \n', /no files: the list on stdin is empty/],
  [['build', 'a.nc', '-o'], '', /--output needs a value/],
  [['build', 'a.nc', '-o', ''], '', /--output needs a value/],
  [['build', '--concat-dims', '--overwrite', 'a.nc', '-o', 'x.parq'], '', /--concat-dims needs a value/],
  [['build', 'a.nc', '-o', 'x.parq', '-o', 'y.parq'], '', /--output was given 2 times \(x\.parq, y\.parq\)/],
  [
    ['build', 'a.nc', '-o', 'x.parq', '--concat-dim', 'time'],
    '',
    /--concat-dim; did you mean --concat-dims\?/,
  ],
  [['build', 'a.nc', '-o', 'x.parq', '--workers', '4'], '', /unknown option --workers$/m],
  [['build', 'a.nc', '-o', 'x.parq', '--concat-dims', 'time,lat'], '', /takes one dimension/],
  [
    ['build', 'a.nc', '-o', 'x.parq', '--record-size', '1e3'],
    '',
    /--record-size takes a whole number of at least 1, not '1e3'/,
  ],
  [['build', 'a.nc', '-o', 'x.parq', '--record-size', '0'], '', /--record-size takes a whole number/],
  [['build', 'a.nc', '-o', 'x.parq', '--inline-threshold', '-5'], '', /--inline-threshold/],
  [['build', 'a.nc', '-o', 'x.parq', '--on-unsupported', 'ignore'], '', /takes fail or skip, not 'ignore'/],
  [['build', 'a.nc', '-o', 'x.parq', '--rewrite-paths', '/old'], '', /takes OLD=NEW, not '\/old'/],
  [['build', 'a.nc', '-o', 'no/such/folder/x.parq'], '', /no\/such\/folder.*does not exist/],
  [['scan', '--summary', '--format', 'ndjson', 'a.nc'], '', /--summary/],
  [['scan', '--format', 'csv', 'a.nc'], '', /--format takes ndjson, not 'csv'/],
  [['scan', '--progress', 'bar', 'a.nc'], '', /--progress takes auto or json or none/],
  [['info'], '', /no path/],
  [['info', 'a.nc', 'b.nc'], '', /info takes one path, not 2/],
]

for (const [args, input, message] of CASES) {
  test(`kstream ${args.join(' ')}${input && ' < blank lines'}`, async (t) => {
    const cwd = await temporaryFolder(t)
    const { code, stdout, stderr } = await kstream(args, { input, cwd })
    assert.match(stderr, message)
    assert.match(stderr, /^kstream: /)
    assert.doesNotMatch(stderr, /\n {4}at /, 'no stack')
    assert.equal(stdout, '')
    assert.equal(code, 2)
    assert.deepEqual(await readdir(cwd), [])
  })
}

test('help names every option and shows an example', async () => {
  for (const command of ['build', 'scan', 'info']) {
    const { code, stdout, stderr } = await kstream([command, '--help'])
    assert.equal(code, 0)
    assert.equal(stderr, '')
    assert.match(stdout, new RegExp(`Examples:\\n\\s+.*kstream ${command}`))
  }
  const { stdout } = await kstream(['build', '--help'])
  for (const option of ['-o, --output', '--concat-dims', '--identical-dims', '-0, --null', '--overwrite']) {
    assert.ok(stdout.includes(option), option)
  }
  const { stdout: top } = await kstream(['--help'])
  assert.match(top, /kstream build[\s\S]*kstream scan[\s\S]*kstream info[\s\S]*Exit codes: 0 done/)
})

test('--version is that of the package', async () => {
  const { code, stdout } = await kstream(['--version'])
  assert.equal(code, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('--verbose shows where an error came from', async () => {
  const { stderr } = await kstream(['build', 'a.nc', '--verbose'])
  assert.match(stderr, /\n {4}at /)
})
