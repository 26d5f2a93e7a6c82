/** Wrong usage: exit code 2, one message that says what to do, nothing written. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { kstream, kstreamProcess, temporaryFolder } from './command.ts'

const CASES: readonly (readonly [args: readonly string[], input: string, message: RegExp])[] = [
  [[], '', /no command: build, plan, convert, scan, info/],
  [['bild', 'a.nc'], '', /unknown command 'bild'; did you mean build\?/],
  [['frobnicate'], '', /unknown command 'frobnicate': build, plan, convert, scan, info/],
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
  [['build', 'a.nc', '-o', 'x.parq', '--coo-map', 'member'], '', /--coo-map takes DIM=SOURCE, not 'member'/],
  [
    ['build', 'a.nc', '-o', 'x.parq', '--coo-map', 'time=INDEX', '--coo-map', 'time=cf:time'],
    '',
    /--coo-map says twice where time comes from/,
  ],
  [
    ['build', 'a.nc', '-o', 'x.parq', '--concat-dims', 'm', '--coo-map', 'm=/r[/'],
    '',
    /values of m cannot come from "\/r\[\/": Invalid regular expression/,
  ],
  [['build', 'a.nc', '-o', 'x.parq', '--order', 'name'], '', /--order takes coordinate or list, not 'name'/],
  [
    ['build', 'a.nc', '-o', 'x.parq', '--on-mismatch', 'warn'],
    '',
    /takes fail or eras or skip or copy, not 'warn'/,
  ],
  [['build', 'a.nc', '-o', 'x.parq', '--on-error', 'eras'], '', /--on-error takes fail or skip, not 'eras'/],
  [['build', 'a.nc', '-o', 'x.parq', '--rename', 'lon'], '', /--rename takes OLD=NEW, not 'lon'/],
  [['build', 'a.nc', '-o', 'x.parq', '--append'], '', /x\.parq: there is no set to append to/],
  [['build', 'a.nc', '-o', 'x.parq', '--append', '--overwrite'], '', /--append .* not go with --overwrite/],
  [['build', 'a.nc', '-o', 'x.parq', '--append', '--resume'], '', /--append .* not go with --resume/],
  [['build', 'a.nc', '-o', 'x.parq', '--append', '--on-mismatch', 'eras'], '', /cannot write eras/],
  [['plan'], '', /no files: the list on stdin is empty/],
  [['plan', 'a.nc', '--schema'], '', /--schema prints .* give no files/],
  [['plan', 'a.nc', '-o', 'x.parq'], '', /unknown option -o/],
  [
    ['build', 'a.nc', '-o', 'x.parq', '--record-size', '1e3'],
    '',
    /--record-size takes a whole number of at least 1, not '1e3'/,
  ],
  [['build', 'a.nc', '-o', 'x.parq', '--record-size', '0'], '', /--record-size takes a whole number/],
  [['build', 'a.nc', '-o', 'x.parq', '--inline-threshold', '-5'], '', /--inline-threshold/],
  [
    ['build', 'a.nc', '-o', 'x.parq', '--on-unsupported', 'ignore'],
    '',
    /takes fail or copy or skip or copy-or-skip, not 'ignore'/,
  ],
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
  for (const command of ['build', 'plan', 'scan', 'info']) {
    const { code, stdout, stderr } = await kstream([command, '--help'])
    assert.equal(code, 0)
    assert.equal(stderr, '')
    assert.match(stdout, new RegExp(`Examples:\\n\\s+.*kstream ${command}`))
  }
  const { stdout } = await kstream(['build', '--help'])
  for (const option of ['-o, --output', '--concat-dims', '--identical-dims', '-0, --null', '--overwrite']) {
    assert.ok(stdout.includes(option), option)
  }
  for (const source of ['member=/r(\\d+)/', 'time=cf:time']) assert.ok(stdout.includes(source), source)
  const { stdout: top } = await kstream(['--help'])
  assert.match(
    top,
    /kstream build[\s\S]*kstream plan[\s\S]*kstream scan[\s\S]*kstream info[\s\S]*Exit codes: 0 done/,
  )
})

test('--version is that of the package', async () => {
  const { code, stdout } = await kstreamProcess(['--version'])
  assert.equal(code, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('--verbose shows where an error came from', async () => {
  const { code, stderr } = await kstreamProcess(['build', 'a.nc', '--verbose'])
  assert.equal(code, 2)
  assert.match(stderr, /\n {4}at /)
})
