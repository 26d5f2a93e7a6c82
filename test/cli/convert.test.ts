/** `kstream convert`: formats told by names and bytes, standard input and output, several inputs, and what it says. */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { fixture } from '../fixture.ts'
import { kstream, temporaryFolder } from './command.ts'

const [JANUARY, APRIL] = ['01', '04'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))

const ZARRAY = {
  chunks: [2],
  compressor: null,
  dtype: '<i2',
  fill_value: null,
  filters: null,
  order: 'C',
  shape: [6],
  zarr_format: 2,
}

/** A document of one array of three chunks, as kerchunk writes it. */
const LEGACY = {
  version: 1,
  refs: {
    '.zgroup': '{"zarr_format": 2}',
    't/.zarray': JSON.stringify(ZARRAY),
    't/.zattrs': '{"_ARRAY_DIMENSIONS": ["x"]}',
    't/0': ['s3://old/a.bin', 100, 4],
    't/1': ['s3://old/b.bin', 200, 4],
    't/2': 'base64:AQIDBA==',
  },
}

interface Document {
  readonly version: number
  readonly refs: Readonly<Record<string, unknown>>
}

async function folderWith(t: Parameters<typeof temporaryFolder>[0], name: string, text: string | Uint8Array) {
  const cwd = await temporaryFolder(t)
  await writeFile(join(cwd, name), text)
  return cwd
}

async function documentOf(path: string): Promise<Document> {
  const bytes = await readFile(path)
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString())
}

function chunksOf({ refs }: Document): [string, unknown][] {
  return Object.entries(refs).filter(([key]) => /\d$/.test(key))
}

test('JSON to Parquet to NDJSON to JSON: the same references', async (t) => {
  const cwd = await folderWith(t, 'legacy.json', JSON.stringify(LEGACY))
  const steps = ['legacy.json', 'refs.parq', 'refs.ndjson', 'again.json.gz']
  for (const [at, step] of steps.slice(1).entries()) {
    const { code, stdout, stderr } = await kstream(['convert', steps[at], step], { cwd })
    assert.equal(code, 0, stderr)
    assert.match(
      stdout,
      new RegExp(`^Wrote ${step}: 1 array, 2 references to 8 B, 1 in the set itself \\(4 B\\)`),
    )
  }
  const again = await documentOf(join(cwd, 'again.json.gz'))
  assert.deepEqual(chunksOf(again).sort(), chunksOf(LEGACY).sort())
  assert.equal(again.version, 1)
})

test('the set goes through standard input and output, and nothing else to the output', async (t) => {
  const cwd = await temporaryFolder(t)
  const input = gzipSync(JSON.stringify(LEGACY))
  const { code, stdout, stderr } = await kstream(['convert', '-', '-', '--to', 'json-v0'], { cwd, input })
  assert.equal(code, 0, stderr)
  const refs = JSON.parse(stdout)
  assert.deepEqual(refs['t/1'], ['s3://old/b.bin', 200, 4])
  assert.equal(refs.version, undefined)
  assert.match(stderr, /^Wrote to standard output: 1 array, 2 references/m)
  assert.deepEqual(await readdir(cwd), [])
})

test('paths are rewritten and arrays selected on the way', async (t) => {
  const cwd = await folderWith(t, 'legacy.json', JSON.stringify(LEGACY))
  const options = ['--rewrite-paths', 's3://old=https://new.example/d', '--select', 't']
  const { code, stderr } = await kstream(['convert', 'legacy.json', 'new.json', ...options], { cwd })
  assert.equal(code, 0, stderr)
  const { refs } = await documentOf(join(cwd, 'new.json'))
  assert.deepEqual(refs['t/0'], ['https://new.example/d/a.bin', 100, 4])
})

test('files are inputs too, and several sets become one', async (t) => {
  const cwd = await temporaryFolder(t)
  assert.equal((await kstream(['convert', JANUARY, 'january.ndjson'], { cwd })).code, 0)
  assert.equal((await kstream(['convert', APRIL, 'april.ndjson'], { cwd })).code, 0)
  const names = ['january.ndjson', 'april.ndjson']
  const { code, stderr } = await kstream(['convert', ...names, 'both.json', '--concat-dims', 'time'], { cwd })
  assert.equal(code, 0, stderr)
  const built = await kstream(['build', JANUARY, APRIL, '--concat-dims', 'time', '-o', 'both.parq'], { cwd })
  assert.equal(built.code, 0)
  assert.equal((await kstream(['convert', 'both.parq', 'built.json'], { cwd })).code, 0)
  const both = await documentOf(join(cwd, 'both.json'))
  const expected = await documentOf(join(cwd, 'built.json'))
  const references = ([, value]: [string, unknown]) => Array.isArray(value)
  assert.ok(chunksOf(expected).filter(references).length > 100)
  assert.deepEqual(chunksOf(both).filter(references).sort(), chunksOf(expected).filter(references).sort())
})

test('an output that is there stays, unless it is to be replaced', async (t) => {
  const cwd = await folderWith(t, 'legacy.json', JSON.stringify(LEGACY))
  const old = '{"version": 1, "refs": {".zgroup": "{}"}}'
  await writeFile(join(cwd, 'refs.json'), old)
  const refused = await kstream(['convert', 'legacy.json', 'refs.json'], { cwd })
  assert.notEqual(refused.code, 0)
  assert.match(refused.stderr, /refs\.json: exists already; --overwrite replaces it/)
  assert.equal(await readFile(join(cwd, 'refs.json'), 'utf8'), old)
  const { code } = await kstream(['convert', 'legacy.json', 'refs.json', '--overwrite'], { cwd })
  assert.equal(code, 0)
  assert.equal(Object.keys((await documentOf(join(cwd, 'refs.json'))).refs).length, 7)
})

test('bad input is refused with the key and the place, and nothing is published', async (t) => {
  const text = JSON.stringify(LEGACY)
  const outside = text.replace('"t/2"', '"t/3"')
  const cases: [string, RegExp][] = [
    [text.slice(0, text.indexOf('200')), /bad\.json: .*at byte \d+.*ends too early.*"t\/1"/],
    [outside, /bad\.json: .*"t\/3" is no chunk of its array's grid, \[3\]/],
    [text.replace('100,4', '-100,4'), /bad\.json: .*at byte \d+.*"t\/0"/],
    [text.replace('100,4', '100.5,4'), /bad\.json: .*at byte \d+.*"t\/0"/],
    [text.replace('"t/1"', '"t/0"'), /bad\.json: .*"t\/0" is given twice/],
    [text.replace('s3://old/b', 'gs://old/b'), /one protocol/],
    [`{"refs": ${'['.repeat(100_000)}`, /bad\.json: .*at byte \d+/],
  ]
  for (const [bad, said] of cases) {
    const cwd = await folderWith(t, 'bad.json', bad)
    for (const output of ['out.parq', 'out.json', 'out.ndjson']) {
      if (output === 'out.ndjson' && bad.includes('gs://')) continue
      const { code, stderr } = await kstream(['convert', 'bad.json', output], { cwd })
      assert.ok(code === 3 || code === 1, `${output}: ${code} ${stderr}`)
      assert.match(stderr, said)
      assert.deepEqual(await readdir(cwd), ['bad.json'], output)
    }
  }
})

test('what cannot be meant is a usage error', async (t) => {
  const cwd = await folderWith(t, 'legacy.json', JSON.stringify(LEGACY))
  const cases: [string[], RegExp][] = [
    [['legacy.json'], /what there is and what to make of it/],
    [['legacy.json', 'out.tar'], /'out\.tar' does not tell a format: say --to parquet\|json/],
    [['legacy.json', '-'], /standard output does not tell a format/],
    [['legacy.json', '-', '--to', 'parquet'], /is a folder: standard output takes json/],
    [['legacy.json', 'out.json', '--record-size', '9'], /--record-size is of Parquet sets/],
    [['legacy.json', 'out.parq', '--from', 'xml'], /--from takes parquet or json/],
    [['legacy.json', 'out.parq', '--max-memory', '1k'], /--max-memory takes a size like 256M/],
    [['-', '-', '-o', 'out.parq'], /can be read once/],
  ]
  for (const [args, said] of cases) {
    const { code, stderr } = await kstream(['convert', ...args], { cwd })
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, said)
  }
})

test('of an Icechunk repository any version is read; nothing else has versions', async (t) => {
  const cwd = await temporaryFolder(t)
  const repository = fixture('icechunk/version1')
  const { first } = JSON.parse(await readFile(fixture('icechunk/version1.json'), 'utf8'))
  const outputs: string[] = []
  for (const version of [[], ['--tag', 'first'], ['--snapshot', first]]) {
    const args = ['convert', repository, '-', '--to', 'ndjson', '--on-unsupported', 'skip', ...version]
    const { code, stdout, stderr } = await kstream(args, { cwd })
    assert.ok(code === 0 || code === 4, stderr)
    outputs.push(stdout)
  }
  assert.notEqual(outputs[0], outputs[1])
  assert.equal(outputs[1], outputs[2])
  const unknown = await kstream(['convert', repository, 'x.json', '--branch', 'nope'], { cwd })
  assert.match(unknown.stderr, /no branch "nope"/)
  const file = await kstream(['convert', JANUARY, 'x.json', '--branch', 'main'], { cwd })
  assert.equal(file.code, 2)
  assert.match(file.stderr, /is no Icechunk repository, which alone has branches/)
})
