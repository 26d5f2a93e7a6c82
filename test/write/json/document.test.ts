/** kerchunk's JSON to the byte: texts by hand, from the specification of references and that of Zarr v2. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeJson } from '../../../lib/write/json/sink.ts'
import { scratchFolder } from '../scratch.ts'
import { type Row, type SetOptions, streamOf, syntheticSet } from '../synthetic.ts'

const folder = scratchFolder()

async function textOf(options: SetOptions, version: 0 | 1 = 1): Promise<string> {
  const path = join(folder, 'set.json')
  await writeJson(path, { version, overwrite: true })(streamOf(syntheticSet(options)))
  return readFileSync(path, 'utf8')
}

const URL = 's3://bucket/a.nc'

const SMALL: SetOptions = {
  groups: [{ path: '', attributes: { title: 'é "x"', n: 1n, f: 1 } }],
  arrays: [
    {
      path: 'g/temp',
      dims: ['time', 'y', 'x'],
      attributes: { _FillValue: Number.NaN },
      shape: [2, 1, 5],
      chunkShape: [1, 1, 3],
      dataType: '<f4',
      codecs: [{ id: 'zlib', level: 4 }],
    },
    { path: 's', shape: [], dataType: '<i8' },
  ],
  rows: [
    [
      { chunk: 0, path: URL, offset: 0, length: 10 },
      { chunk: 1, path: URL, offset: 9_007_199_254_740_990, length: 1 },
      { chunk: 2, path: 's3://bucket/ü\u2028".nc', offset: 0, length: 0 },
      { chunk: 3, raw: Buffer.from('base64:é\0') },
    ],
    [{ chunk: 0, raw: new Uint8Array() }],
  ],
}

const ZGROUP = '"{\\"zarr_format\\": 2}"'
const MEMBERS = [
  `".zgroup": ${ZGROUP}`,
  String.raw`".zattrs": "{\"title\": \"\\u00e9 \\\"x\\\"\", \"n\": 1, \"f\": 1.0}"`,
  `"g/.zgroup": ${ZGROUP}`,
  '"g/.zattrs": "{}"',
  String.raw`"g/temp/.zarray": "{\"chunks\": [1, 1, 3], \"compressor\": null, \"dimension_separator\": \".\", \"dtype\": \"<f4\", \"fill_value\": null, \"filters\": [{\"id\": \"zlib\", \"level\": 4}], \"order\": \"C\", \"shape\": [2, 1, 5], \"zarr_format\": 2}"`,
  String.raw`"g/temp/.zattrs": "{\"_FillValue\": NaN, \"_ARRAY_DIMENSIONS\": [\"time\", \"y\", \"x\"]}"`,
  '"g/temp/0.0.0": ["s3://bucket/a.nc", 0, 10]',
  '"g/temp/0.0.1": ["s3://bucket/a.nc", 9007199254740990, 1]',
  String.raw`"g/temp/1.0.0": ["s3://bucket/\u00fc\u2028\".nc"]`,
  '"g/temp/1.0.1": "base64:YmFzZTY0OsOpAA=="',
  String.raw`"s/.zarray": "{\"chunks\": [], \"compressor\": null, \"dimension_separator\": \".\", \"dtype\": \"<i8\", \"fill_value\": null, \"filters\": null, \"order\": \"C\", \"shape\": [], \"zarr_format\": 2}"`,
  String.raw`"s/.zattrs": "{\"_ARRAY_DIMENSIONS\": []}"`,
  '"s/0": "base64:"',
]

test('version 1 has the references as a member', async () => {
  const text = await textOf(SMALL)
  assert.equal(text, `{"version": 1, "refs": {\n${MEMBERS.join(',\n')}\n}}\n`)
  assert.equal(Object.keys(JSON.parse(text).refs).length, MEMBERS.length)
})

test('version 0 is the references alone', async () => {
  assert.equal(await textOf(SMALL, 0), `{\n${MEMBERS.join(',\n')}\n}\n`)
})

test('numbers of every length come out as they are', async () => {
  const lengths = Array.from({ length: 16 }, (_, digits) => 10 ** digits)
  const numbers = [...new Set(lengths.flatMap((n) => [n - 1, n, n + 1]))].filter((n) => n > 0)
  const rows: Row[] = numbers.map((n, chunk) => ({ chunk: chunk * 10, path: URL, offset: n, length: n }))
  const array = { path: 'a', shape: [numbers.length, 10] }
  const { refs } = JSON.parse(await textOf({ arrays: [array], rows: [rows] }))
  for (const [index, n] of numbers.entries()) assert.deepEqual(refs[`a/${index}.0`], [URL, n, n])
})

test('the document does not tell how its references were cut into batches', async () => {
  const rows = Array.from({ length: 60 }, (_, i): Row => {
    const chunk = i + Math.floor(i / 20)
    return i % 7 === 0 ? { chunk, raw: Buffer.from([i]) } : { chunk, path: URL, offset: i, length: 9 }
  })
  const fillValue = Buffer.from([7, 0])
  const options = { arrays: [{ path: 'a', shape: [8, 9], fillValue }], rows: [rows] }
  const whole = await textOf(options)
  const cuts = Array.from({ length: 20 }, () => [0, 3] as const)
  assert.equal(await textOf({ ...options, cuts }), whole)
})

test('metadata that the references decide comes after them', async () => {
  const rows = [[{ chunk: 2, path: URL, offset: 1, length: 2 }]]
  const attributes = { _FillValue: 5n }
  const fillValue = Buffer.from([5, 0])
  const array = { path: 'a', shape: [null, 2], attributes, fillValue }
  const text = await textOf({ arrays: [array], rows, shapes: [[3, 2]] })
  const lines = text.split('\n').slice(3, -2)
  assert.deepEqual(
    lines.map((line) => line.slice(0, line.indexOf(':'))),
    ['"a/.zattrs"', '"a/1.0"', '"a/.zarray"'],
  )
  const zarray = JSON.parse(JSON.parse(text).refs['a/.zarray'])
  assert.deepEqual([zarray.shape, zarray.fill_value], [[3, 2], 5])
})

test('a chunk longer than a block, and thousands of short ones', async () => {
  const raw = Buffer.alloc(3_000_001, 'abc')
  const rows: Row[] = Array.from({ length: 30_000 }, (_, chunk) =>
    chunk === 20_000 ? { chunk, raw } : { chunk, path: URL, offset: chunk, length: 1 },
  )
  const { refs } = JSON.parse(await textOf({ arrays: [{ path: 'a', shape: [30_000] }], rows: [rows] }))
  assert.equal(refs['a/20000'], `base64:${raw.toString('base64')}`)
  for (const chunk of [0, 19_999, 20_001, 29_999]) assert.deepEqual(refs[`a/${chunk}`], [URL, chunk, 1])
  assert.equal(Object.keys(refs).length, 30_004)
})
