/** Icechunk repositories against what icechunk itself and zarr-python read from them (fixtures/icechunk). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isIcechunk, openIcechunk } from '../../../lib/format/icechunk/index.ts'
import { chunkKey, extentsSoFar, gridShape } from '../../../lib/model/chunk-grid.ts'
import type { Footer } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { fixture } from '../../fixture.ts'
import { type Chunk, chunksOf, EXPECTED, FAIL, storedBytes } from './repository-files.ts'

const VERSION1 = fixture('icechunk/version1')
const VERSION2 = fixture('icechunk/version2')

async function footerOf(set: ReferenceSet): Promise<Footer> {
  for await (const item of set.body()) if (item.kind === 'footer') return item
  throw new Error('no footer')
}

for (const [name, version, { groups, arrays }] of [
  ['the newest commit of main', {}, EXPECTED.main],
  ['a tag', { tag: 'first' }, EXPECTED.tag],
  ['another branch', { branch: 'other' }, EXPECTED.tag],
  ['a snapshot', { snapshot: EXPECTED.first }, EXPECTED.tag],
] as const) {
  test(`version 1, ${name}: groups, arrays and the stored bytes of every chunk`, async () => {
    const set = await openIcechunk(VERSION1, { ...FAIL, ...version })
    assert.deepEqual(set.header.groups.map(({ path }) => path).sort(), groups)
    const shapes = set.header.arrays.map(({ path, shape, dataType }) => [path, { shape, dtype: dataType }])
    const expected = Object.entries(arrays).map(([path, { shape, dtype }]) => [path, { shape, dtype }])
    assert.deepEqual(Object.fromEntries(shapes), Object.fromEntries(expected))
    const chunks = await chunksOf(set)
    for (const [path, { chunks: stored }] of Object.entries(arrays)) {
      if (path === 'far') continue
      const found: Record<string, string> = {}
      for (const [chunk, place] of chunks.get(path) ?? []) found[chunk] = await storedBytes(place)
      assert.deepEqual(found, stored, path)
    }
  })
}

test('version 1: where virtual chunks lie, percent signs undone but for the web', async () => {
  const chunks = await chunksOf(await openIcechunk(VERSION1, FAIL))
  const places = (array: string) =>
    [...(chunks.get(array) ?? [])].map(([chunk, { path, offset, length }]) => [chunk, path, offset, length])
  assert.deepEqual(places('far'), [
    [0, 's3://bucket/deep sea/a.nc', 2 ** 40, 16],
    [1, 'https://example.org/a%20b.nc', 0, 16],
  ])
  assert.deepEqual(places('temp'), [
    [0, '/archive/ocean/model 0.bin', 8, 64],
    [1, '/archive/ocean/model 0.bin', 72, 64],
    [2, '/archive/ocean/model 1.bin', 8, 64],
    [4, '/archive/ocean/model 2.bin', 8, 64],
    [5, '/archive/ocean/model 2.bin', 72, 64],
  ])
})

test('version 1: attributes, names of dimensions, and what is missing or cannot be told', async () => {
  const set = await openIcechunk(VERSION1, FAIL)
  const root = set.header.groups.find(({ path }) => path === '')
  assert.deepEqual(root?.attributes, { title: 'kstream fixture', ratio: 1, count: 1n })
  const temp = set.header.arrays.find(({ path }) => path === 'temp')
  assert.deepEqual(temp?.attributes, { units: 'degC' })
  assert.deepEqual(temp?.dims, ['time', 'y', 'x'])
  const { missing, coverage, dropped } = await footerOf(set)
  const absent = set.header.arrays
    .map(({ path }, i) => [path, missing[i]] as const)
    .filter(([, count]) => count > 0)
  assert.deepEqual(Object.fromEntries(absent), { native: 1, split: 3, temp: 1 })
  assert.deepEqual(dropped, [])
  const notes = coverage.notes.map(({ path, reason }) => `${path}: ${reason}`)
  assert.ok(
    notes.some((note) => /^: 4 files .* not on this machine/.test(note)),
    notes.join('\n'),
  )
  assert.ok(
    notes.some((note) => /^: the repository has no checksum of 1 files/.test(note)),
    notes.join('\n'),
  )
  assert.ok(
    notes.some((note) => /^: 2 chunks lie in files of the repository/.test(note)),
    notes.join('\n'),
  )
})

test('a part of a body is that part of the whole', async () => {
  const set = await openIcechunk(VERSION1, FAIL)
  const all = await chunksOf(set)
  for (const [array, { path, shape, chunkShape }] of set.header.arrays.entries()) {
    const count = gridShape(extentsSoFar(shape), chunkShape).reduce((a, b) => a * b, 1)
    for (let from = 0; from < count; from++) {
      for (const to of [from + 1, from + 3]) {
        const part =
          (await chunksOf(set, { arrays: [array], from, to })).get(path) ?? new Map<number, Chunk>()
        const expected = [...(all.get(path) ?? [])].filter(([chunk]) => chunk >= from && chunk < to)
        assert.deepEqual([...part], expected, `${path} [${from}, ${to})`)
      }
    }
  }
})

test('version 2: moved nodes, split manifests, native and inline chunks', async () => {
  const { keys, chunks }: { keys: string[]; chunks: Record<string, string> } = JSON.parse(
    readFileSync(fixture('icechunk/version2.json'), 'utf8'),
  )
  const set = await openIcechunk(VERSION2, FAIL)
  const found: Record<string, string> = {}
  const all = await chunksOf(set)
  for (const { path, shape, chunkShape } of set.header.arrays) {
    for (const [chunk, place] of all.get(path) ?? []) {
      const key = chunkKey(chunk, gridShape(extentsSoFar(shape), chunkShape), '/')
      found[`${path}/c/${key}`] = await storedBytes(place)
    }
  }
  assert.deepEqual(found, chunks)
  const documents = [...set.header.groups, ...set.header.arrays].map(({ path }) => path)
  const expected = keys
    .filter((key) => key.endsWith('zarr.json'))
    .map((key) => key.replace(/\/?zarr.json$/, ''))
  assert.deepEqual(documents.sort(), expected.sort())
  const before = await openIcechunk(VERSION2, { ...FAIL, tag: 'first' })
  assert.ok(before.header.arrays.some(({ path }) => path === 'inline'))
})

test('manifests that interleave are sorted within the memory given, on disk if need be', async () => {
  for (const path of [VERSION1, VERSION2]) {
    const [small, large] = [1, 1 << 24].map((memoryBytes) => openIcechunk(path, { ...FAIL, memoryBytes }))
    assert.deepEqual(await chunksOf(await small), await chunksOf(await large))
  }
})

test('which folders are repositories', async () => {
  assert.equal(await isIcechunk(VERSION1), true)
  assert.equal(await isIcechunk(VERSION2), true)
  assert.equal(await isIcechunk(fixture('ocean')), false)
  assert.equal(await isIcechunk(`${VERSION2}/repo`), false)
  assert.equal(await isIcechunk('/no/such/folder'), false)
})

test('versions that are not there are named, with those that are', async () => {
  await assert.rejects(openIcechunk(VERSION1, { ...FAIL, branch: 'nope' }), /no branch "nope"/)
  await assert.rejects(openIcechunk(VERSION2, { ...FAIL, tag: 'nope' }), /no tag "nope" \(there are first\)/)
  await assert.rejects(openIcechunk(VERSION1, { ...FAIL, branch: '../tag.first' }), /no branch/)
  await assert.rejects(openIcechunk(VERSION1, { ...FAIL, snapshot: '../x' }), /no id of a snapshot/)
  await assert.rejects(openIcechunk(VERSION1, { ...FAIL, tag: 'a', branch: 'b' }), /not several/)
  await assert.rejects(openIcechunk(fixture('ocean'), FAIL), /no Icechunk repository/)
})
