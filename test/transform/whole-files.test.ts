/** References to whole files, whose length is not told, through every stage that needs it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceInfo } from '../../lib/model/reference-set.ts'
import type { OpenSource } from '../../lib/source/byte-source.ts'
import { openMemory } from '../../lib/source/memory.ts'
import { ChunkReader } from '../../lib/store/chunk-reader.ts'
import { compareValues } from '../../lib/store/compare-values.ts'
import { bytesThrough } from '../../lib/store/read-values.ts'
import { inline } from '../../lib/transform/inline.ts'
import { readInputValues } from '../../lib/transform/input-values.ts'
import { mapReferences } from '../../lib/transform/map-references.ts'
import { mergeChunks } from '../../lib/transform/merge-chunks.ts'
import { rewritePaths } from '../../lib/transform/rewrite-paths.ts'
import { splitChunks } from '../../lib/transform/split-chunks.ts'
import { memorySet, type Row, readBody, through } from './memory-set.ts'

/** Steps of 3 two-byte numbers in files of their own, but for the third, which is a range, and an empty file. */
const FILES = new Map([
  ['/w/0', Int16Array.of(1, 2, 3)],
  ['/w/1', Int16Array.of(4, 5, 6)],
  ['/w/2', Int16Array.of(0, 7, 8, 9)],
  ['/w/empty', Int16Array.of()],
])
const ROWS: readonly Row[] = [
  [0, '/w/0', 0, 0],
  [1, '/w/1', 0, 0],
  [2, '/w/2', 2, 6],
]
const opened: string[] = []

const open: OpenSource = async (url) => {
  opened.push(url)
  const file = FILES.get(url)
  assert.ok(file, url)
  return openMemory(new Uint8Array(file.buffer), url)
}

function steps(rows: readonly Row[] = ROWS, chunkShape = [1, 3]) {
  const array = { path: 'temp', dims: ['time', 'x'], shape: [3, 3], chunkShape, dataType: '<i2' }
  return memorySet({ arrays: [{ ...array, codecs: [], rows }] })
}

async function rowsThrough(stage: Parameters<typeof through>[0], rows = ROWS, chunkShape = [1, 3]) {
  return (await readBody(await through(stage, steps(rows, chunkShape)))).rows.temp
}

test('files below the threshold are inlined, whole; an empty one and larger ones stay', async () => {
  const rows: readonly Row[] = [...ROWS.slice(0, 1), [1, '/w/empty', 0, 0], [2, '/w/2', 0, 0]]
  assert.deepEqual(await rowsThrough(inline({ threshold: 7, open }), rows), [
    [0, '\x01\0\x02\0\x03\0'],
    [1, '/w/empty', 0, 0],
    [2, '/w/2', 0, 0],
  ])
})

test('a file is opened once for its size, and not where the set records it', async () => {
  const rows: readonly Row[] = [0, 1, 2].map((chunk) => [chunk, '/w/2', 0, 0])
  opened.length = 0
  await rowsThrough(inline({ threshold: 7, open }), rows)
  assert.deepEqual(opened, ['/w/2'])
  const sources: readonly SourceInfo[] = [{ url: '/w/2', size: 8 }]
  await readBody(await through(inline({ threshold: 7, open }), { ...steps(rows), sources }))
  assert.deepEqual(opened, ['/w/2'])
})

test('pieces of a file are ranges of it', async () => {
  assert.deepEqual(await rowsThrough(splitChunks({ time: 1 }, { open }), [[0, '/w/0', 0, 0]], [3, 1]), [
    [0, '/w/0', 0, 2],
    [3, '/w/0', 2, 2],
    [6, '/w/0', 4, 2],
  ])
})

test('files do not adjoin; one that is too long or too short for its chunk is refused', async () => {
  await assert.rejects(rowsThrough(mergeChunks({ time: 3 }, { open })), { code: 'ERR_KSTREAM_UNSUPPORTED' })
  const long: readonly Row[] = [[0, '/w/2', 0, 0]]
  await assert.rejects(rowsThrough(splitChunks({ x: 1 }, { open }), long), /8 bytes are stored/)
  const short: readonly Row[] = [[0, '/w/empty', 0, 0]]
  await assert.rejects(rowsThrough(splitChunks({ x: 1 }, { open }), short), /0 bytes are stored/)
})

test('stages that need no length leave it alone', async () => {
  const moved = [[0, 's3://w/0', 0, 0], [1, 's3://w/1', 0, 0], [2, 's3://w/2', 2, 6]] // biome-ignore format: rows
  assert.deepEqual(await rowsThrough(rewritePaths({ '/w/': 's3://w/' })), moved)
  assert.deepEqual(await rowsThrough(mapReferences((reference) => reference)), ROWS)
  const broken = mapReferences(() => ({ path: '/w/0', offset: 2, length: 0 }))
  await assert.rejects(rowsThrough(broken), /chunk 0 of temp came back/)
})

test('values and digests are those of the whole file', async () => {
  const ranges: readonly Row[] = [[0, '/w/0', 0, 6], [1, '/w/1', 0, 6], [2, '/w/2', 2, 6]] // biome-ignore format: rows
  const readers = [steps(), steps(ranges)].map((set) => new ChunkReader(set, { open }))
  const values = await bytesThrough(readers[0], 0)
  assert.deepEqual([...new Int16Array(values.slice().buffer)], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  const [a, b] = readers.map((reader) => ({ reader, index: 0 }))
  assert.equal(await compareValues(a, b), undefined)
  const digests = await Promise.all(
    [steps(), steps(ranges)].map(async (set) => {
      const request = { values: [], digests: ['temp'] }
      return (await readInputValues(set, request, { open })).digests.get('temp')
    }),
  )
  assert.equal(digests[0], digests[1])
  const tiny = new ChunkReader(steps(), { open, maxChunkBytes: 5 })
  await assert.rejects(bytesThrough(tiny, 0), { code: 'ERR_KSTREAM_UNSUPPORTED' })
})

test('the same file is equal to itself without being opened', async () => {
  opened.length = 0
  const [a, b] = [steps(), steps()].map((set) => ({ reader: new ChunkReader(set, { open }), index: 0 }))
  assert.equal(await compareValues(a, b), undefined)
  assert.deepEqual(opened, [])
})
