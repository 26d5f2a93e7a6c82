/** Small files that declare much in other files: what they cost, and what of them is refused. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FormatError, UnsupportedError } from '../../../../lib/errors.ts'
import { Cursor } from '../../../../lib/format/hdf5/cursor.ts'
import { chunkParts, type VirtualPlan } from '../../../../lib/format/hdf5/foreign/virtual-chunks.ts'
import { parseVirtualMappings } from '../../../../lib/format/hdf5/message/virtual-mapping.ts'
import type { BuildJournal } from '../../../../lib/model/build-journal.ts'
import type { Header } from '../../../../lib/model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../../../lib/model/reference-batch.ts'
import type { ReferenceSet, SourceInfo } from '../../../../lib/model/reference-set.ts'
import { scan } from '../../../../lib/scan.ts'
import { fixture } from '../../../fixture.ts'
import { openOnDisk } from '../external-fixture.ts'

const LIMITS = fixture('hdf5/foreign-limits/limits.h5')
const SOURCE = fixture('hdf5/foreign-limits/source.h5')

function indexOf({ header }: ReferenceSet, path: string): number {
  return header.arrays.findIndex((array) => array.path === path)
}

/** Where the chunks of an array lie, by number. */
async function placesOf(set: ReferenceSet, path: string): Promise<[chunk: number, path: string][]> {
  const places: [number, string][] = []
  for await (const item of set.body({ arrays: [indexOf(set, path)] })) {
    if (item.kind === 'batch') for (let row = 0; row < item.rows; row++) places.push(placeOf(item, row))
  }
  return places
}

function placeOf({ chunk, path, paths }: ReferenceBatch, row: number): [number, string] {
  return [chunk[row], path[row] === INLINE ? '' : paths[path[row]]]
}

/** A plan with parts of one element each, at these elements of an array of one axis and chunks of `extent`. */
function planOf(elements: readonly number[], length: number, extent: number): VirtualPlan {
  const metadata = {
    path: 'x',
    dims: ['x'],
    shape: [1],
    chunkShape: [1],
    dataType: '<i4',
    codecs: [],
    fillValue: null,
    attributes: {},
  }
  const header = { kind: 'header', groups: [], arrays: [metadata], skipped: [], notes: [] } as const
  const set: ReferenceSet = { header, sources: [], replayable: true, async *body() {} }
  const open = () => Promise.reject(new Error('not to be opened'))
  const source = { set, open, metadata, rank: 1, unfillable: undefined }
  const parts = elements.map((virtual) => {
    return {
      name: 'x',
      source,
      axes: [{ virtualAxis: 0, sourceAxis: 0, runs: [{ virtual, source: 0, length: 1 }] }],
    }
  })
  const array = { path: 'x', shape: [length], dataType: '<i4', fillValue: null, padded: undefined }
  return { array, parts, chunkShape: [extent], codecs: [] }
}

test('windows of chunks without parts are passed over', () => {
  const far = 2 ** 50
  const found: unknown[] = []
  for (const window of chunkParts(planOf([7, far - 1, far - 9, 4_000_000], far, 4), 0, far / 4)) {
    assert.ok(found.push(window) <= 3)
  }
  assert.deepEqual(found, [
    [[1, [0]]],
    [[1_000_000, [3]]],
    [
      [far / 4 - 3, [2]],
      [far / 4 - 1, [1]],
    ],
  ])
  assert.deepEqual([...chunkParts(planOf([7, 40], 100, 4), 2, 10)], [])
})

test('a huge virtual dataset of few elements', async () => {
  const set = await openOnDisk(LIMITS)
  const last = 2 ** 40 / 4 - 1
  assert.deepEqual(await placesOf(set, 'sparse'), [
    [0, SOURCE],
    [1, SOURCE],
    [last - 1, SOURCE],
    [last, SOURCE],
  ])
})

test('pieces of a selection are found by their place, not one after the other', {
  timeout: 15_000,
}, async () => {
  const set = await openOnDisk(LIMITS)
  assert.deepEqual(set.header.arrays[indexOf(set, 'pieces')].chunkShape, [1])
  assert.deepEqual(await placesOf(set, 'pieces'), [])
})

test('a virtual dataset that many mappings name is resolved once', async () => {
  const set = await openOnDisk(LIMITS)
  assert.equal(set.header.skipped.find(({ path }) => path === 'nested')?.reason, undefined)
  assert.deepEqual(
    await placesOf(set, 'nested'),
    [0, 100, 200, 300, 400, 500].map((chunk) => [chunk, SOURCE]),
  )
})

test('fill values of a source that would be copied without end', async () => {
  const set = await openOnDisk(LIMITS)
  for await (const item of set.body({ arrays: [indexOf(set, 'filled')] })) {
    if (item.kind !== 'footer') continue
    const outcome = item.coverage.arrays.find(({ path }) => path === 'filled')
    assert.equal(outcome?.outcome, 'skipped')
    assert.match(outcome.reason ?? '', /more than 1073741824 bytes of fill values/)
  }
})

test('values far beyond the end of a raw file', async () => {
  const { header } = await openOnDisk(LIMITS, { copies: true })
  const reasonOf = (name: string) => header.skipped.find(({ path }) => path === name)?.reason
  assert.equal(reasonOf('zeros'), 'external raw files of 100 bytes for values of 4294967296 bytes')
  assert.equal(reasonOf('endless'), 'external raw files copied to 67108864 chunks')
})

test('a source that was missing when the header was read in an earlier run, and is there now', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-hostile-'))
  try {
    await cp(fixture('hdf5/external'), folder, { recursive: true })
    const headers = new Map<string, Header>()
    const journal = {
      header: ({ url }: SourceInfo) => headers.get(url),
      putHeader: async ({ url }: SourceInfo, header: Header) => void headers.set(url, header),
    } as unknown as BuildJournal
    const input = join(folder, 'parts/inner.h5')
    const parts = ['part1.h5', 'part2.h5'].map((name) => join(folder, 'parts', name))
    for (const part of parts) await rename(part, `${part}.away`)
    for await (const set of scan([input], { journal })) assert.match(set.header.notes[0].reason, /not there/)
    assert.equal(headers.size, 1)
    for (const part of parts) await rename(`${part}.away`, part)
    await assert.rejects(async () => {
      for await (const set of scan([input], { journal })) for await (const _ of set.body());
    }, /inner\.h5: has changed since its header was read in an earlier run/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** A block of mappings of version 0: `count` of them by its own account, and whatever follows. */
function mappingBlock(count: number, rest: Uint8Array): Cursor {
  const block = Buffer.alloc(9 + rest.length)
  block.writeBigUInt64LE(BigInt(count), 1)
  block.set(rest, 9)
  return new Cursor(block, { url: 'block', structure: 'virtual dataset', offset: 0 })
}

test('mappings that are refused before they are read', () => {
  const name = Buffer.from([0x73, 0xe9, 0x2e, 0x68, 0x35, 0])
  const latin = mappingBlock(1, Buffer.concat([name, Buffer.alloc(64)]))
  assert.throws(
    () => parseVirtualMappings(latin, 8),
    (error) => error instanceof UnsupportedError && /name that is not UTF-8/.test(error.message),
  )
  const many = (1 << 18) + 1
  assert.throws(
    () => parseVirtualMappings(mappingBlock(many, Buffer.alloc(many * 34)), 8),
    (error) => error instanceof UnsupportedError && /262145 mappings \(at most 262144\)/.test(error.message),
  )
  assert.throws(() => parseVirtualMappings(mappingBlock(many, Buffer.alloc(64)), 8), FormatError)
})
