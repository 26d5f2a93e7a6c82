import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSetSummary } from '../../../lib/format/kerchunk-parquet/summary.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { scratchFolder } from '../../write/scratch.ts'
import { streamOf, syntheticSet } from '../../write/synthetic.ts'

const folder = scratchFolder()

test('the summary of a set that kstream wrote tells lost shards from empty ones', async () => {
  const path = join(folder, 'mine.parq')
  const attributes = { scale: Number.NaN, big: -9223372036854775806n, one: 1 }
  const set = syntheticSet({
    sources: [{ url: '/a', size: 5 }],
    arrays: [{ path: 'g/t', shape: [40], attributes }],
    skipped: [{ path: 'v', reason: 'vlen' }],
    rows: [[0, 1, 15, 39].map((chunk) => ({ chunk, path: '/a', offset: 0, length: 5 }))],
  })
  await writeParquet(path, { recordSize: 10 })(streamOf(set))
  const summary = await readSetSummary(path)
  assert.deepEqual(
    [summary.recordSize, summary.sources, summary.groups.map((group) => group.path)],
    [10, [{ url: '/a', size: 5 }], ['', 'g']],
  )
  const [array] = summary.arrays
  assert.deepEqual(array.metadata.attributes, attributes)
  assert.deepEqual([array.chunks, array.shards, array.lost], [40, 3, []])
  assert.deepEqual([array.coverage?.references, array.coverage?.missing], [4, 36])
  assert.deepEqual(
    summary.skipped.map((record) => [record.path, record.reason]),
    [['v', 'vlen']],
  )
  rmSync(join(path, 'g/t/refs.1.parq'))
  assert.deepEqual((await readSetSummary(path)).arrays[0].lost, [1])
  const huge = '{"path": "g/t", "outcome": "referenced", "shards": [[0, 9007199254740991]]}\n'
  writeFileSync(join(path, '.kstream/coverage.ndjson'), huge)
  assert.deepEqual((await readSetSummary(path)).arrays[0].lost, [], 'a crafted range costs nothing')
  writeFileSync(join(path, '.kstream/coverage.ndjson'), '{"path": "é"}\nbroken\n')
  await assert.rejects(readSetSummary(path), {
    code: 'ERR_KSTREAM_FORMAT',
    message: /NDJSON line at byte 15/,
  })
})

test("a set of kerchunk's own has no coverage, and what is no set is told", async () => {
  const path = join(folder, 'foreign.parq')
  mkdirSync(join(path, 'x'), { recursive: true })
  await assert.rejects(readSetSummary(path), {
    code: 'ERR_KSTREAM_SOURCE',
    message: /no Parquet reference set/,
  })
  const zarray =
    '{"shape":[3],"chunks":[2],"dtype":"<f4","fill_value":"NaN","order":"C","filters":null,"compressor":null,"zarr_format":2}'
  const text = `{"metadata": {".zgroup": {"zarr_format": 2}, "x/.zarray": ${zarray}, "x/.zattrs": {"s": NaN}}, "record_size": 10}`
  writeFileSync(join(path, '.zmetadata'), text)
  writeFileSync(join(path, 'x', 'refs.0.parq'), '')
  const { arrays, sources } = await readSetSummary(path)
  assert.deepEqual(
    arrays.map(({ chunks, shards, lost, coverage }) => ({ chunks, shards, lost, coverage })),
    [{ chunks: 2, shards: 1, lost: [], coverage: undefined }],
  )
  assert.equal(sources, undefined)
})

test('metadata of Zarr format 3 is refused by name, at any depth', async () => {
  const path = join(folder, 'newer.parq')
  mkdirSync(path)
  for (const key of ['zarr.json', 'g/x/zarr.json']) {
    const metadata = { '.zgroup': { zarr_format: 2 }, [key]: { zarr_format: 3 } }
    writeFileSync(join(path, '.zmetadata'), JSON.stringify({ metadata, record_size: 10 }))
    await assert.rejects(readSetSummary(path), { code: 'ERR_KSTREAM_UNSUPPORTED', array: key })
  }
})
