/** A set that kstream wrote says all that its files said: opened and written again, it is the same, byte by byte. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { chunkCount, extentsSoFar, gridShape } from '../../../lib/model/chunk-grid.ts'
import type { Header, Skipped } from '../../../lib/model/metadata.ts'
import type { Footer } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { scan } from '../../../lib/scan.ts'
import type { WriteReport } from '../../../lib/write/parquet/report.ts'
import { writeParquet } from '../../../lib/write/parquet/sink.ts'
import { fixture } from '../../fixture.ts'
import { filesBelow, scratchFolder } from '../../write/scratch.ts'
import { streamOf } from '../../write/synthetic.ts'

const folder = scratchFolder()

const FILES = readdirSync(fixture('.'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(nc|h5)$/.test(name))
  .sort()

/** Where no array has more chunks than the smaller one, both make the same shards. */
const RECORD_SIZES = [61, 100_000]

function recordSizesFor({ arrays }: Header): readonly number[] {
  const isCut = arrays.some(({ shape, chunkShape }) => {
    return chunkCount(gridShape(extentsSoFar(shape), chunkShape)) > RECORD_SIZES[0]
  })
  return isCut ? RECORD_SIZES : RECORD_SIZES.slice(0, 1)
}

function scanned(name: string): AsyncGenerator<ReferenceSet> {
  return scan([fixture(name)], { onUnsupported: 'skip' })
}

/** Writes the one set into `name.parq`. */
function write(sets: AsyncIterable<ReferenceSet>, name: string, recordSize: number): Promise<WriteReport> {
  const options = { recordSize, onUnsupported: 'skip', overwrite: true } as const
  return writeParquet(join(folder, `${name}.parq`), options)(sets)
}

async function footerOf(set: ReferenceSet): Promise<Footer> {
  for await (const part of set.body()) if (part.kind === 'footer') return part
  return assert.fail('no footer')
}

const byPath = (a: { path: string; reason?: string }, b: { path: string; reason?: string }) =>
  `${a.path}\0${a.reason}` < `${b.path}\0${b.reason}` ? -1 : 1

/**
 * What a set keeps of a header. Not kept: the order of notes and of what was skipped, which is by path; the difference
 * between no dimension that grows and no word of it; an attribute `_ARRAY_DIMENSIONS`, which is Zarr's own.
 */
function kept(header: Header, late: readonly Skipped[] = []): Header {
  const lost = new Set(late.map(({ path }) => path))
  return {
    kind: 'header',
    groups: header.groups.map(({ unlimitedDims = [], ...group }) =>
      unlimitedDims.length > 0 ? { ...group, unlimitedDims } : group,
    ),
    arrays: header.arrays.filter(({ path }) => !lost.has(path)),
    skipped: [...header.skipped, ...late].sort(byPath),
    notes: [...header.notes].sort(byPath),
  }
}

async function only(sets: AsyncIterable<ReferenceSet>): Promise<ReferenceSet> {
  for await (const set of sets) return set
  return assert.fail('no set')
}

function assertSameFiles(files: Map<string, Buffer>, expected: Map<string, Buffer> = new Map()): void {
  assert.deepEqual([...files.keys()], [...expected.keys()])
  for (const [name, bytes] of files) {
    if (bytes.equals(expected.get(name) ?? Buffer.of())) continue
    assert.equal(bytes.toString('latin1'), expected.get(name)?.toString('latin1'), name)
  }
}

/** Keys of the records that were there at all: what no fixture has, no fixture tests. */
const seen = new Set<string>()

describe('every fixture, written and opened', () => {
  test('there are many', () => assert.ok(FILES.length > 40))
  for (const name of FILES) {
    test(name, async () => {
      const original = await only(scanned(name))
      const direct = new Map<number, Map<string, Buffer>>()
      const recordSizes = recordSizesFor(original.header)
      for (const recordSize of recordSizes) {
        const { path, skipped } = await write(scanned(name), `direct-${recordSize}`, recordSize)
        direct.set(recordSize, filesBelow(path))
        const records = readFileSync(join(path, '.kstream/coverage.ndjson'), 'utf8')
        for (const [, key] of records.matchAll(/"(\w+)": /g)) seen.add(key)
        const set = await openParquetSet(path)
        const early = new Set(original.header.skipped.map((each) => each.path))
        const late = skipped.filter((each) => !early.has(each.path))
        assert.deepEqual(kept(set.header), kept(original.header, late))
        assert.deepEqual(
          set.sources.map(({ url, size }) => [url, size]),
          [fixture(name), ...original.sources.slice(1).map(({ url }) => url)].map((url) => [
            url,
            statSync(url).size,
          ]),
        )
        assert.deepEqual(set.footer, await footerOf(set), 'the footer is known beforehand')
      }
      for (const [i, from] of recordSizes.toReversed().entries()) {
        const to = recordSizes[i]
        const set = await openParquetSet(join(folder, `direct-${from}.parq`))
        const { path } = await write(streamOf(set), 'again', to)
        assertSameFiles(filesBelow(path), direct.get(to))
      }
    })
  }
  test('among them, all that records can say', () => {
    for (const key of ['reason', 'fill', 'filled', 'remark', 'unlimited', 'note'])
      assert.ok(seen.has(key), key)
  })
})
