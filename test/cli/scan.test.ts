/** `kstream scan` and `kstream info` on real files. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixture.ts'
import { COMMAND, kstream, temporaryFolder } from './command.ts'

const OCEAN = fixture('ocean/ocean_month_1958_01.nc')

interface Line {
  readonly kind: string
  readonly array: string
  readonly chunk: string
  readonly path: string
  readonly offset: number
  readonly length: number
}

async function scanLines(file: string): Promise<Line[]> {
  const { code, stdout, stderr } = await kstream(['scan', file])
  assert.equal(code, 0, stderr)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('scan writes a header, a line a reference and a footer', async () => {
  const lines = await scanLines(OCEAN)
  assert.equal(lines[0].kind, 'header')
  assert.equal(lines.at(-1)?.kind, 'footer')
  const references = lines.slice(1, -1)
  assert.ok(references.every(({ kind }) => kind === 'reference'))
  // 3 months, 8 levels of 3, 30 rows of 13, 48 columns of 20, as the generator says.
  const temp = references.filter(({ array }) => array === 'temp')
  assert.equal(temp.length, 3 * 3 * 3 * 3)
  assert.equal(new Set(temp.map(({ chunk }) => chunk)).size, temp.length)
  const bytes = await readFile(OCEAN)
  for (const { path, offset, length } of temp) {
    assert.equal(path, OCEAN)
    // zlib's first byte: deflate with a window of 32 KiB.
    assert.equal(bytes[offset], 0x78)
    assert.ok(offset + length <= bytes.length)
  }
})

test('--summary is a table, with totals over several files', async () => {
  const second = fixture('ocean/ocean_month_1958_04.nc')
  const { code, stdout, stderr } = await kstream(['scan', '--summary', OCEAN, second])
  assert.equal(code, 0)
  assert.match(stdout, /^array +shape +chunks +grid +dtype +references/)
  assert.match(stdout, /^temp +3 x 8 x 30 x 48 +1 x 3 x 13 x 20 +3 x 3 x 3 x 3 +\S+ +162 .*shuffle zlib/m)
  assert.match(stdout, /^total /m)
  assert.match(stderr, /^2 files scanned in .* reads$/m)
})

test('what references cannot express is named, with exit code 4', async () => {
  const ragged = fixture('cli/ragged.nc')
  const summary = await kstream(['scan', '--summary', ragged])
  assert.equal(summary.code, 4)
  assert.match(summary.stdout, /^field /m)
  assert.match(summary.stderr, /Left out: 1 array\n {2}ragged: /)
  const lines = await kstream(['scan', ragged])
  assert.equal(lines.code, 4)
  assert.match(lines.stdout, /"skipped": \[\{"path": "ragged"/)
})

test('build refuses it with exit code 1 and the option that lets it go on; that leaves it out with 4', async (t) => {
  const cwd = await temporaryFolder(t)
  const ragged = fixture('cli/ragged.nc')
  const refused = await kstream(['build', ragged, '-o', 'x.parq'], { cwd })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /ragged\.nc.*ragged.*--on-unsupported skip/)
  const skipped = await kstream(['build', ragged, '-o', 'x.parq', '--on-unsupported', 'skip'], { cwd })
  assert.equal(skipped.code, 4)
  assert.match(skipped.stderr, /Left out: 1 array\n {2}ragged: /)
  const info = await kstream(['info', 'x.parq'], { cwd })
  assert.equal(info.code, 0)
  assert.match(info.stdout, /^x\.parq: 1 array in 1 shard/)
  assert.match(info.stderr, /ragged: /)
})

test('info shows the arrays, dimensions and attributes of a file', async () => {
  const { code, stdout } = await kstream(['info', OCEAN])
  assert.equal(code, 0)
  assert.match(stdout, /^unlimited: time$/m)
  assert.match(stdout, /^temp +time, st_ocean, yt_ocean, xt_ocean +3 x 8 x 30 x 48 /m)
  assert.match(stdout, /^ {2}:\w+ = /m)
})

test('info counts the references of a JSON reference set, whatever its name', async () => {
  const { code, stdout, stderr } = await kstream(['info', fixture('kerchunk-json/single-v0.json')])
  assert.equal(code, 0, stderr)
  assert.match(
    stdout,
    /: 14 arrays in 28\.8 kB of JSON \(version 0\)\n361 references to 164 kB, 0 inlined, 1 missing\n/,
  )
  assert.match(stdout, /^references into 1 file$/m)
  assert.match(stdout, /^temp +time, st_ocean, yt_ocean, xt_ocean +3 x 8 x 30 x 48 .* 80 +0 +1 +52\.6 kB$/m)
})

test('info refuses other JSON, with the reason', async (t) => {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, 'broken'), '{"a/0": ["x.nc", NaN')
  const { code, stderr } = await kstream(['info', 'broken'], { cwd })
  assert.equal(code, 3)
  assert.match(stderr, /broken: JSON reference set at byte 17: no JSON here, after the key "a\/0"/)
})

test('a reader that has seen enough ends it quietly', async () => {
  const files = new Array<string>(50).fill(OCEAN)
  const child = spawn(process.execPath, [COMMAND, 'scan', ...files], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  assert.equal(stderr, '')
  assert.equal(code, 0)
})

test('SIGINT ends it with 130, also while it waits for its list', async (t) => {
  const cwd = await temporaryFolder(t)
  const child = spawn(process.execPath, [COMMAND, 'build', '-o', 'x.parq', '--progress', 'json'], { cwd })
  child.stdin.write(`${OCEAN}\n`)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // The first event comes after a second: the command is running by then.
  await once(child.stderr, 'data')
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.equal(code, 130)
  assert.match(stderr, /interrupted/)
})
