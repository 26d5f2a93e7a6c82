/** Documents against what h5py says of the file that they tell of (fixtures/generate/dmrpp.py). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { detect } from '../../../lib/format/dmrpp/index.ts'
import { INLINE } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openSource } from '../../../lib/source/open.ts'
import { ChunkReader } from '../../../lib/store/chunk-reader.ts'
import { bytesThrough, stringsThrough } from '../../../lib/store/read-values.ts'
import { fixture } from '../../fixture.ts'
import { bodyOf, NAMESPACES, openFixture, rowsOf } from './opened.ts'

interface Expected {
  readonly shape: readonly number[]
  readonly hex?: string
  readonly strings?: readonly string[]
  readonly chunks?: readonly (readonly number[])[]
}

const expected: Record<string, Expected> = JSON.parse(readFileSync(fixture('dmrpp/expected.json'), 'utf8'))

async function valuesOf(set: ReferenceSet, index: number): Promise<Pick<Expected, 'hex' | 'strings'>> {
  const reader = new ChunkReader(set, { open: openSource, maxChunkBytes: 1 << 20 })
  try {
    if (set.header.arrays[index].dataType === '|O') return { strings: await stringsThrough(reader, index) }
    return { hex: Buffer.from(await bytesThrough(reader, index)).toString('hex') }
  } finally {
    await reader.close()
  }
}

function arrayNamed(set: ReferenceSet, path: string): number {
  return set.header.arrays.findIndex((array) => array.path === path)
}

const KINDS = Object.keys(expected).filter((path) => path !== 'masked')

describe('a DMR++ document', () => {
  for (const path of KINDS)
    it(`gives what h5py reads: ${path}`, async () => {
      const set = await openFixture('kinds.h5.dmrpp')
      const array = arrayNamed(set, path)
      const { shape, hex, strings, chunks } = expected[path]
      assert.deepEqual(set.header.arrays[array].shape, shape)
      const values = await valuesOf(set, array)
      if (strings) assert.deepEqual(values.strings, strings)
      else assert.equal(values.hex, hex)
      if (chunks) assert.deepEqual(await rowsOf(set, array), chunks)
    })

  it('says the same when it is compressed', async () => {
    const [plain, compressed] = await Promise.all([
      openFixture('kinds.h5.dmrpp'),
      openFixture('kinds.h5.dmrpp.gz'),
    ])
    assert.deepEqual(compressed.header, plain.header)
    assert.deepEqual(await bodyOf(compressed), await bodyOf(plain))
  })

  it('has its data file for a source, and every array of its own', async () => {
    const set = await openFixture('kinds.h5.dmrpp')
    assert.deepEqual(
      set.sources.map(({ url, size }) => [url, size]),
      [[fixture('dmrpp/kinds.h5'), readFileSync(fixture('dmrpp/kinds.h5')).length]],
    )
    assert.deepEqual(set.header.arrays.map(({ path }) => path).sort(), KINDS.toSorted())
    const { footer } = await bodyOf(set)
    const missing = Object.fromEntries(set.header.arrays.map(({ path }, i) => [path, footer.missing[i]]))
    const { sparse, swapped, never, ...others } = missing
    assert.deepEqual([sparse, swapped, never], [8, 8, 1])
    assert.ok(Object.values(others).every((count) => count === 0))
    const copied = footer.coverage.arrays
      .filter(({ outcome }) => outcome === 'copied')
      .map(({ path }) => path)
    assert.deepEqual(copied, ['compact', 'words', 'long', 'word', 'level'])
  })

  it('names dimensions, types, codecs and attributes', async () => {
    const { header } = await openFixture('kinds.h5.dmrpp')
    const of = (path: string) => header.arrays[header.arrays.findIndex((array) => array.path === path)]
    assert.deepEqual(of('all_three').dims, ['y', 'x'])
    assert.deepEqual(of('inner/deep/t').dims[0], 'lat')
    assert.match(of('inner/deep/t').dims[1], /^phony_dim_\d+$/)
    const zlib = { id: 'zlib', level: 6 }
    assert.deepEqual(of('all_three').codecs, [{ id: 'shuffle', elementsize: 4 }, zlib, { id: 'fletcher32' }])
    assert.deepEqual(of('all_masked').codecs, [{ id: 'shuffle', elementsize: 4 }])
    assert.deepEqual(of('shuffled').attributes, { units: 'm', scale: Math.fround(0.1) })
    assert.deepEqual(of('all_three').attributes, { valid_range: [-9007199254740993n, 4n] })
    assert.deepEqual(of('colours').attributes, { flag_values: [-1n, 2n], flag_meanings: 'dark_red green' })
    assert.deepEqual(
      ['flags', 'plain', 'complex', 'codes'].map((path) => of(path).dataType),
      ['|b1', '>f4', '<c8', '|S3'],
    )
    assert.deepEqual(header.groups[0].attributes, { title: 'kinds' })
    assert.deepEqual(header.groups[0].unlimitedDims, ['y'])
    assert.deepEqual(
      header.groups.map(({ path }) => path),
      ['', 'inner', 'inner/deep'],
    )
  })
})

describe('chunks that skip a filter', () => {
  it('are refused by name, with the way round it', async () => {
    await assert.rejects(openFixture('masked.dmrpp'), (error: Error) => {
      assert.match(
        error.message,
        /masked: chunks stored without some of their filters.*--on-unsupported copy/s,
      )
      return true
    })
  })

  it('are copied where that is asked for', async () => {
    const set = await openFixture('masked.dmrpp', { copies: true })
    assert.equal((await valuesOf(set, 0)).hex, expected.masked.hex)
    const { batches, footer } = await bodyOf(set)
    assert.deepEqual(
      batches.flatMap(({ path }) => Array.from(path, (code) => code === INLINE)),
      [false, true],
    )
    assert.equal(footer.coverage.arrays[0].outcome, 'copied')
  })
})

describe('documents without a version', () => {
  it('have their filters in the order in which Hyrax takes them, which is noted', async () => {
    const set = await openFixture('unversioned.dmrpp')
    assert.equal((await valuesOf(set, 0)).hex, expected.all_three.hex)
    assert.match(
      set.header.notes.map(({ reason }) => reason).join('\n'),
      /order of its filters.*\n.*no byte order/s,
    )
  })
})

describe('detect', () => {
  const told = (text: string) => detect(new TextEncoder().encode(text))
  it('tells documents by their root', () => {
    assert.ok(told(`<?xml version="1.0"?>\n<!-- a > b -->\n<Dataset ${NAMESPACES} name="a">`))
    assert.ok(told('<d:Dataset\n xmlns:d="https://xml.opendap.org/ns/DAP/4.0#">'))
    assert.ok(!told('<Dataset name="a" xmlns="http://xml.opendap.org/ns/DAP/3.2#">'))
    assert.ok(!told(`<html><Dataset ${NAMESPACES}></html>`))
    assert.ok(!told('<?xml version="1.0"?><Datasets/>'))
    assert.ok(!told('{"version": 1}'))
    assert.ok(!told(''))
  })
})
