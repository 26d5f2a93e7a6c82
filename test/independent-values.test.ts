/** Values through references against libhdf5 itself: h5wasm is that library, compiled, and shares nothing with kstream. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import h5wasm, { type Dataset, type File } from 'h5wasm/node'
import { chunkCount, gridShape } from '../lib/model/chunk-grid.ts'
import type { ReferenceSet } from '../lib/model/reference-set.ts'
import { scan } from '../lib/scan.ts'
import { openSource } from '../lib/source/open.ts'
import { ChunkReader } from '../lib/store/chunk-reader.ts'
import { valuesThrough } from '../lib/store/read-values.ts'
import { fixture } from './fixture.ts'

/** How many arrays of each folder are compared, and how many are not for which reason: nothing drops out unseen. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ocean: { compared: 56, 'a dimension without a variable': 4 },
  'hdf5/values': {
    compared: 159,
    'a dimension without a variable': 3,
    'a filter that h5wasm lacks': 10,
    'float16, which h5wasm lacks': 6,
    'h5wasm aborts': 3,
    'left out by name': 49,
    'more chunks than are located at once': 1,
    'neither numbers nor strings': 39,
  },
  'hdf5/chunks': { compared: 183, 'left out by name': 76, 'more chunks than are located at once': 5 },
  'hdf5/objects': { compared: 768, 'neither numbers nor strings': 18 },
}

/** Filters that h5wasm has without plugins; for others it gives what was in memory, without an error. */
const FILTERS = new Set(['deflate', 'shuffle', 'fletcher32'])
/** HDF5's classes of types whose values both sides give: integer, float, string, bit field, enumeration. */
const CLASSES = new Set([0, 1, 3, 4, 8])
const FLOAT = 1
const SPACE_PADDED = 2
/** Elements. */
const MOST = 1 << 24
/** Chunks: larger grids are not located at once, and reading them whole takes minutes. */
const MOST_CHUNKS = 8192

/** Every dataset by every link to it; a group is entered once. */
function* datasets(file: File): Generator<[path: string, dataset: Dataset]> {
  for (const path of file.paths()) {
    const entity = file.get(path)
    if (entity instanceof h5wasm.Dataset) yield [path, entity]
  }
}

/** netCDF-4 keeps a dimension that has no variable as a dataset that says so. */
function isBareDimension(dataset: Dataset): boolean {
  return (
    'NAME' in dataset.attrs && /^This is a netCDF dimension but not/.test(String(dataset.attrs.NAME.value))
  )
}

/** Variable-length strings with a fill value and missing chunks: all of h5wasm aborts, for good. */
const ABORTING = new Set(['vlen_string_filled'])

/** Why h5wasm's values are no measure; undefined where they are. */
function reasonToSkip({ path, metadata, filters, shape }: Dataset): string | undefined {
  if (ABORTING.has(path.slice(1))) return 'h5wasm aborts'
  if (filters.some(({ name }) => !FILTERS.has(name))) return 'a filter that h5wasm lacks'
  if (!CLASSES.has(metadata.type)) return 'neither numbers nor strings'
  if (metadata.type === FLOAT && metadata.size === 2) return 'float16, which h5wasm lacks'
  if (shape === null) return 'no dataspace'
  return shape.reduce((count, extent) => count * extent, 1) > MOST ? 'too large' : undefined
}

function bytesOf(values: unknown): Buffer | undefined {
  if (!ArrayBuffer.isView(values)) return undefined
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength)
}

/** A scalar as the array that the other side has. */
function asArray(value: unknown, like: unknown): unknown {
  if (typeof value === 'string') return [value]
  if (typeof value === 'bigint')
    return like instanceof BigUint64Array ? BigUint64Array.of(value) : BigInt64Array.of(value)
  if (typeof value !== 'number' || !ArrayBuffer.isView(like)) return value
  const copy: unknown = Reflect.construct(like.constructor, [[value]])
  return copy
}

/** h5wasm's strings end at the first NUL, as C's do, and it leaves the spaces that pad a string: less is compared. */
function asText({ metadata }: Dataset, values: unknown): string[] {
  assert.ok(Array.isArray(values))
  const texts = values.map((value) => String(value).split('\0')[0])
  return metadata.strpad === SPACE_PADDED ? texts.map((text) => text.replace(/ +$/, '')) : texts
}

function compare(path: string, dataset: Dataset, ours: unknown): void {
  const theirs = asArray(dataset.value, ours)
  if (Array.isArray(ours)) assert.deepEqual(asText(dataset, ours), asText(dataset, theirs), path)
  else {
    const [bytes, expected] = [bytesOf(ours), bytesOf(theirs)]
    assert.ok(bytes && expected, path)
    // A variable that was written less far than its unlimited dimension reaches: kstream fills up what is missing.
    const mayGrow = 'DIMENSION_LIST' in dataset.attrs
    const written = mayGrow ? bytes.subarray(0, expected.length) : bytes
    assert.equal(written.toString('hex'), expected.toString('hex'), path)
  }
}

async function open(file: string): Promise<ReferenceSet> {
  for await (const set of scan([file], { onUnsupported: 'skip' })) return set
  assert.fail('no set')
}

/** Announced, and then found to have chunks that cannot be referenced. */
async function droppedArrays(set: ReferenceSet): Promise<ReadonlySet<string>> {
  for await (const item of set.body()) {
    if (item.kind === 'footer') return new Set(item.dropped.map((array) => set.header.arrays[array].path))
  }
  assert.fail('a body without a footer')
}

/** Compares all arrays of a file, and counts what became of each. */
async function compareFile(name: string, counts: Map<string, number>): Promise<void> {
  const set = await open(fixture(name))
  const reader = new ChunkReader(set, { open: openSource })
  const file = new h5wasm.File(fixture(name), 'r')
  const count = (outcome: string) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const dropped = await droppedArrays(set)
  const named = new Set([...dropped, ...[...set.header.skipped, ...set.header.notes].map(({ path }) => path)])
  const index = new Map(set.header.arrays.map(({ path }, at) => [path, at]))
  const found = new Set<string>()
  try {
    for (const [link, dataset] of datasets(file)) {
      // netCDF-4's name for a variable that is called like a dimension and is not its coordinate.
      const path = link.replace('_nc4_non_coord_', '')
      found.add(path)
      const at = dropped.has(path) ? undefined : index.get(path)
      if (isBareDimension(dataset)) {
        count('a dimension without a variable')
        continue
      }
      if (at === undefined) {
        assert.ok(named.has(path), `${name}: ${path} is neither an array nor named`)
        count('left out by name')
        continue
      }
      const { shape, chunkShape } = set.header.arrays[at]
      const chunks = chunkCount(gridShape(shape.map(Number), chunkShape))
      const reason = chunks > MOST_CHUNKS ? 'more chunks than are located at once' : reasonToSkip(dataset)
      if (reason !== undefined) count(reason)
      else {
        compare(`${name}: ${path}`, dataset, (await valuesThrough(reader, at)).data)
        count('compared')
      }
    }
    assert.deepEqual(
      [...index.keys()].filter((path) => !found.has(path)),
      [],
    )
  } finally {
    await reader.close()
    file.close()
  }
}

before(() => h5wasm.ready)

for (const [folder, expected] of Object.entries(EXPECTED)) {
  describe(`fixtures/${folder}`, () => {
    const counts = new Map<string, number>()
    for (const name of readdirSync(fixture(folder)).filter((file) => /\.(nc|h5|he5)$/.test(file))) {
      it(name, () => compareFile(`${folder}/${name}`, counts))
    }
    after(() => assert.deepEqual(Object.fromEntries(counts), expected))
  })
}
