/** The NDJSON sink: the lines of the stage, whole or not at all. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ndjson } from '../../lib/write/ndjson.ts'
import { writeNdjson } from '../../lib/write/write-ndjson.ts'
import { scratchFolder } from './scratch.ts'
import { batchOf, type Row, streamOf, syntheticSet } from './synthetic.ts'

const folder = scratchFolder()
const rows = Array.from({ length: 20_000 }, (_, i): Row => {
  const chunk = i * 2
  if (i % 1000 === 3) return { chunk, raw: new Uint8Array(200_000).fill(i) }
  return { chunk, path: `/data/${i % 3}.nc`, offset: i, length: 7 }
})
const set = syntheticSet({
  arrays: [
    { path: 'g/a', shape: [40_000] },
    { path: 's', shape: [] },
  ],
  groups: [{ path: 'g', attributes: { n: 1n } }],
  rows: [rows, []],
})

async function linesOf(): Promise<string> {
  let lines = ''
  for await (const part of ndjson()(streamOf(set))) lines += part
  return lines
}

test('a file, a compressed one and a stream get the lines that the stage makes', async () => {
  const expected = await linesOf()
  const report = await writeNdjson(join(folder, 'set.ndjson'))(streamOf(set))
  assert.ok(readFileSync(report.path, 'utf8') === expected)
  const packed = await writeNdjson(join(folder, 'set.ndjson.gz'))(streamOf(set))
  assert.ok(gunzipSync(readFileSync(packed.path)).toString() === expected)
  const stream = new PassThrough()
  const reading = text(stream)
  const streamed = await writeNdjson(stream)(streamOf(set))
  stream.end()
  assert.ok((await reading) === expected)
  const counts = { arrays: 2, references: 19_980, inlined: 20, copiedBytes: 4_000_000, missing: 20_001 }
  for (const each of [report, packed, streamed]) assert.deepEqual({ ...each, ...counts }, each)
  assert.deepEqual([report.bytes, streamed.bytes], [expected.length, expected.length])
})

test('filter masks are said, and so is an array that turns out to be none', async () => {
  const masked = {
    ...batchOf(0, [{ chunk: 0, path: '/a.nc', offset: 1, length: 2 }]),
    filterMask: Uint32Array.of(3),
  }
  const coverage = { arrays: [{ path: 'g/a', outcome: 'skipped', reason: 'odd' } as const], notes: [] }
  const shapes = [[40_000], []]
  const one = {
    ...set,
    async *body() {
      yield masked
      yield { kind: 'footer', shapes, missing: [39_999, 1], dropped: [0], coverage } as const
    },
  }
  const { path, skipped, references } = await writeNdjson(join(folder, 'masked.ndjson'))(streamOf(one))
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(lines[1].filterMask, 3)
  assert.deepEqual(lines[2].dropped, ['g/a'])
  assert.deepEqual([skipped, references], [[{ path: 'g/a', reason: 'odd' }], 0])
})

test('an abort leaves nothing', async () => {
  const stop = new AbortController()
  const before = readdirSync(folder)
  const write = writeNdjson(join(folder, 'aborted.ndjson'), {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  })
  await assert.rejects(write(streamOf(set)), { name: 'AbortError' })
  assert.deepEqual(readdirSync(folder), before)
})
