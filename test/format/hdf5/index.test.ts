/** HDF5 files as reference sets, against what h5py and netCDF4 read from the same files. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UnsupportedError } from '../../../lib/errors.ts'
import { detect, open } from '../../../lib/format/hdf5/index.ts'
import { scanBody } from '../../../lib/format/hdf5/reference-body.ts'
import { readHeader } from '../../../lib/format/hdf5/reference-header.ts'
import { openHdf5 } from '../../../lib/format/hdf5/superblock.ts'
import { chunkKey, gridShape } from '../../../lib/model/chunk-grid.ts'
import { type DataType, itemSize } from '../../../lib/model/data-type.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { EXPECTED, fileBytes, fromExpected, openFixture, readBody } from './values-fixture.ts'

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')

interface ExpectedArray {
  readonly shape: readonly number[]
  readonly kind?: string
  readonly itemsize?: number
  readonly hex?: string
  readonly fields?: readonly (readonly [string, string])[]
  readonly strings?: readonly string[]
}

function decodeStrings(chunk: Uint8Array): string[] {
  const bytes = Buffer.from(chunk)
  let at = 4
  const strings = Array.from({ length: bytes.readUInt32LE(0) }, () => {
    const length = bytes.readUInt32LE(at)
    at += 4 + length
    return bytes.toString('utf8', at - length, at)
  })
  assert.equal(at, bytes.length)
  return strings
}

/** The values of one field in a chunk of structures. */
function fieldBytes(type: DataType, name: string, chunk: Uint8Array): Uint8Array {
  assert.ok(typeof type !== 'string')
  const size = itemSize(type)
  let offset = 0
  for (const [field, fieldType] of type) {
    if (field === name) {
      const length = itemSize(fieldType)
      const parts = Array.from({ length: chunk.length / size }, (_, i) =>
        chunk.subarray(i * size + offset, i * size + offset + length),
      )
      return Buffer.concat(parts)
    }
    offset += itemSize(fieldType)
  }
  assert.fail(`no field ${name}`)
}

for (const name of ['types-earliest.h5', 'types-v110.h5', 'types-latest.h5', 'swath.he5']) {
  describe(`${name}: values as h5py reads them`, async () => {
    const set = await openFixture(name)
    const { chunks, footer } = await readBody(set, fileBytes(name))
    const expected: Record<string, ExpectedArray> = EXPECTED[name].arrays

    test('every dataset is an array, and nothing else', () => {
      assert.deepEqual(set.header.arrays.map(({ path }) => path).sort(), Object.keys(expected).sort())
      assert.deepEqual(footer.dropped, [])
    })
    for (const array of set.header.arrays) {
      const { shape, strings, fields, kind, itemsize, hex: values } = expected[array.path] ?? { shape: [] }
      const stored = chunks.get(array.path)
      test(array.path, () => {
        assert.deepEqual(array.shape, shape)
        assert.equal(array.dims.length, shape.length)
        if (strings) {
          if (stored?.size === 1) assert.deepEqual(decodeStrings(stored.get(0) ?? new Uint8Array()), strings)
          return
        }
        for (const [field, bytes] of fields ?? []) {
          assert.equal(
            hex(fieldBytes(array.dataType, field, stored?.get(0) ?? new Uint8Array())),
            bytes,
            field,
          )
        }
        assert.equal(itemSize(array.dataType), itemsize)
        if (fields) return
        assert.ok(typeof array.dataType === 'string')
        assert.equal(array.dataType[1], kind)
        assert.equal(hex(stored?.get(0)), values)
      })
    }
    test('what Zarr cannot express is named', () => {
      const odd = set.header.skipped.map(({ path }) => path)
      assert.deepEqual(odd.sort(), (EXPECTED[name].refused ?? []).map((type: string) => `odd/${type}`).sort())
    })
  })
}

describe('strings of variable length', async () => {
  const name = 'types-latest.h5'
  const set = await openFixture(name)
  const { chunks, footer } = await readBody(set, fileBytes(name))

  test('chunks behind filters: whole chunks, empty beyond the shape', () => {
    const { strings } = EXPECTED[name].arrays.vlen_string_chunked
    const stored = chunks.get('vlen_string_chunked')
    assert.deepEqual([...(stored?.keys() ?? [])], [0, 1, 2, 3, 4, 5])
    for (const [chunk, bytes] of stored ?? []) {
      const [top, left] = [Math.floor(chunk / 2) * 2, (chunk % 2) * 2]
      const inside = (i: number, j: number) => (i < 5 && j < 3 ? strings[i * 3 + j] : '')
      const cells = [
        inside(top, left),
        inside(top, left + 1),
        inside(top + 1, left),
        inside(top + 1, left + 1),
      ]
      assert.deepEqual(decodeStrings(bytes), cells, `chunk ${chunk}`)
    }
  })
  test('a fill value that is a string is written where no chunk is', () => {
    const found = [...(chunks.get('vlen_string_filled')?.values() ?? [])].flatMap(decodeStrings)
    assert.deepEqual(found, EXPECTED[name].arrays.vlen_string_filled.strings)
  })
  test('count as copied, and have one codec', () => {
    const array = set.header.arrays.find(({ path }) => path === 'vlen_string_chunked')
    assert.deepEqual([array?.dataType, array?.codecs], ['|O', [{ id: 'vlen-utf8' }]])
    const outcome = footer.coverage.arrays.find(({ path }) => path === 'vlen_string_chunked')
    assert.equal(outcome?.outcome, 'copied')
  })
})

test('an enumeration keeps its meanings', async () => {
  const set = await openFixture('types-earliest.h5')
  const array = set.header.arrays.find(({ path }) => path === 'enum')
  assert.equal(array?.dataType, '<i2')
  const values: Record<string, bigint> = { one: 1n, minus_two: -2n, many: 300n }
  const meanings = String(array?.attributes.flag_meanings).split(' ')
  assert.deepEqual(
    meanings.map((meaning) => values[meaning]),
    array?.attributes.flag_values,
  )
  assert.equal(meanings.length, 3)
})

describe('storage.h5', async () => {
  const name = 'storage.h5'
  const set = await openFixture(name)
  const bytes = fileBytes(name)
  const body = await readBody(set, bytes)
  const expected = EXPECTED[name]
  const indexOf = (path: string) => set.header.arrays.findIndex((array) => array.path === path)

  for (const path of Object.keys(expected.references)) {
    test(`${path}: references where libhdf5 says`, () => {
      const array = set.header.arrays[indexOf(path)]
      const grid = gridShape(array.shape.map(Number), array.chunkShape)
      const found = body.references.get(path)?.map(([chunk, ...range]) => [chunkKey(chunk, grid), ...range])
      const wanted = expected.references[path].map(([at, ...range]: [number[], number, number]) => [
        at.join('.'),
        ...range,
      ])
      assert.deepEqual(found?.sort(), wanted.sort())
    })
  }
  test('fill values are the bytes of the file', () => {
    for (const [path, value] of Object.entries(expected.fill)) {
      assert.equal(hex(set.header.arrays[indexOf(path)].fillValue ?? undefined), value)
    }
    assert.equal(set.header.arrays[indexOf('fill_undefined')].fillValue, null)
  })
  test('compact data are inlined', () => {
    assert.equal(hex(body.chunks.get('compact')?.get(0)), expected.compact)
    assert.deepEqual(body.references.get('compact'), [])
  })
  test('absent chunks are counted, never listed', () => {
    const missing = (path: string) => body.footer.missing[indexOf(path)]
    assert.equal(missing('unallocated'), 1)
    assert.equal(missing('sparse'), 4)
    assert.equal(missing('huge_and_sparse'), 3 * 2 ** 32)
    assert.equal(missing('no_rows'), 0)
    assert.equal(missing('contiguous'), 0)
  })
  test('what references cannot express is named', () => {
    const reasons = Object.fromEntries(set.header.skipped.map(({ path, reason }) => [path, reason]))
    assert.deepEqual(Object.keys(reasons).sort(), ['external', 'outside'])
    assert.match(reasons.external, /values in storage\.raw, another file/)
    assert.match(reasons.outside, /external link to \/there in elsewhere.h5/)
    const notes = set.header.notes.map(({ path }) => path)
    assert.deepEqual(notes.sort(), ['dangling', 'group/up', 'null'])
  })
  test('a virtual dataset of the file itself points where its source does', () => {
    assert.deepEqual(body.references.get('virtual'), body.references.get('contiguous'))
    assert.equal(body.references.get('virtual')?.length, 1)
  })
  test('chunks that skip a filter drop their array', () => {
    assert.deepEqual(body.footer.dropped, [indexOf('masked')])
    const outcome = body.footer.coverage.arrays.find(({ path }) => path === 'masked')
    assert.equal(outcome?.outcome, 'skipped')
    assert.match(outcome?.reason ?? '', /^chunk 0 is stored without some of its filters/)
  })
  test('every dataset is in the coverage once', () => {
    const paths = body.footer.coverage.arrays.map(({ path }) => path)
    assert.equal(new Set(paths).size, paths.length)
    assert.equal(paths.length, set.header.arrays.length + set.header.skipped.length)
  })
  test('fail names the file, all that cannot be referenced, and the way round it', async () => {
    await assert.rejects(openFixture(name, 'fail'), (error: unknown) => {
      assert.ok(error instanceof UnsupportedError)
      for (const part of [name, 'external: values in storage.raw', 'outside: an external link']) {
        assert.ok(error.message.includes(part), part)
      }
      assert.match(error.message, /--on-unsupported skip/)
      return true
    })
  })
  test('a part of a body', async () => {
    const arrays = [indexOf('chunked')]
    const part = await readBody(set, bytes, { arrays, from: 1, to: 3 })
    assert.deepEqual(
      part.references.get('chunked')?.map(([chunk]) => chunk),
      [1, 2],
    )
    assert.deepEqual([...part.references.keys()], ['chunked'])
  })
})

test('with fail, a chunk that skips a filter is an error that names array and chunk', async () => {
  const name = 'storage.h5'
  const bytes = fileBytes(name)
  const set = await openFixture(name)
  const file = await openHdf5(openMemory(bytes, name))
  const openAgain = async () => openMemory(bytes, name)
  const plan = { ...(await readHeader(file)), file, openAgain, onUnsupported: 'fail' as const }
  const masked = set.header.arrays.findIndex(({ path }) => path === 'masked')
  await assert.rejects(async () => {
    for await (const _ of scanBody(plan, { arrays: [masked] }));
  }, /storage\.h5: masked: chunk 0 .*--on-unsupported skip/)
})

test('filters become numcodecs of the same bytes, or are refused by name and id', async () => {
  const set = await openFixture('filters.h5')
  const codecs = Object.fromEntries(set.header.arrays.map((array) => [array.path, array.codecs]))
  assert.deepEqual(codecs, EXPECTED['filters.h5'].codecs)
  const reasons = Object.fromEntries(set.header.skipped.map(({ path, reason }) => [path, reason]))
  for (const [path, part] of Object.entries(EXPECTED['filters.h5'].refused)) {
    assert.ok(reasons[path]?.startsWith(`filter ${part}`), `${path}: ${reasons[path]}`)
  }
  assert.equal(set.header.skipped.length, Object.keys(EXPECTED['filters.h5'].refused).length)
})

test('attributes as h5netcdf reads them; one that cannot be read is a note', async () => {
  const { attributes, unreadable } = EXPECTED['attributes.h5']
  const set = await openFixture('attributes.h5', 'fail')
  const [array] = set.header.arrays
  const expected = Object.entries(attributes).map(([name, value]) => [name, fromExpected(value)])
  assert.deepEqual(array.attributes, Object.fromEntries(expected))
  const notes = set.header.notes.map(({ path, reason }) => `${path} ${reason}`)
  assert.equal(notes.length, unreadable.length)
  for (const name of unreadable)
    assert.ok(
      notes.some((note) => note.startsWith(`v attribute ${name}: a`)),
      name,
    )
})

interface ExpectedGroup {
  readonly variables: Record<string, { dims: string[]; shape: number[]; attributes: Record<string, unknown> }>
  readonly attributes: Record<string, unknown>
  readonly unlimited: readonly string[]
}

for (const name of ['dimensions.nc', 'anonymous.h5', 'swath.he5']) {
  test(`${name}: groups, dimensions and attributes as netCDF4 shows them`, async () => {
    const groups: Record<string, ExpectedGroup> = EXPECTED[name].groups
    const set = await openFixture(name, 'fail')
    assert.deepEqual(set.header.groups.map(({ path }) => path).sort(), Object.keys(groups).sort())
    const found = new Map(set.header.arrays.map((array) => [array.path, array]))
    const convert = (attributes: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, fromExpected(value)]))
    for (const { path, attributes, unlimitedDims } of set.header.groups) {
      assert.deepEqual(attributes, convert(groups[path].attributes), path)
      assert.deepEqual(unlimitedDims, groups[path].unlimited, path)
      for (const [variable, expected] of Object.entries(groups[path].variables)) {
        const full = path === '' ? variable : `${path}/${variable}`
        const array = found.get(full)
        assert.deepEqual([array?.dims, array?.shape], [expected.dims, expected.shape], full)
        const { flag_values, flag_meanings, ...own } = array?.attributes ?? {}
        assert.deepEqual(own, convert(expected.attributes), full)
        found.delete(full)
      }
    }
    assert.deepEqual([...found.keys()], [])
  })
}

test('datasets that lag behind their unlimited dimension have its length and absent chunks', async () => {
  const name = 'dimensions.nc'
  const set = await openFixture(name)
  const { footer, references } = await readBody(set, fileBytes(name))
  const late = set.header.arrays.findIndex(({ path }) => path === 'late')
  assert.deepEqual(footer.shapes[late], [5, 3])
  assert.deepEqual(
    references.get('late')?.map(([chunk]) => chunk),
    [0],
  )
  assert.equal(footer.missing[late], 2)
})

test('reads many objects, and many indexes, at once', async () => {
  const name = 'dimensions.nc'
  const bytes = fileBytes(name)
  let flying = 0
  let peak = 0
  const openSlowly = async () => {
    const source = openMemory(bytes, name)
    const read: typeof source.read = async (...range) => {
      peak = Math.max(peak, ++flying)
      await new Promise((resolve) => setTimeout(resolve, 5))
      flying--
      return source.read(...range)
    }
    return { ...source, read }
  }
  const set = await open(await openSlowly(), openSlowly, { onUnsupported: 'skip' })
  assert.ok(peak >= set.header.arrays.length / 2, `${peak} reads at once for the header`)
  peak = 0
  for await (const _ of set.body());
  assert.ok(peak >= 2, `${peak} reads at once for the body`)
})

describe('the source', () => {
  const name = 'types-earliest.h5'
  const bytes = fileBytes(name)

  /** Opens the file and counts what is opened, read and closed for its bodies. */
  async function counted() {
    const counts = { opened: 0, closed: 0, reads: 0 }
    const openAgain = async () => {
      counts.opened++
      const source = openMemory(bytes, name)
      const read: typeof source.read = (...range) => {
        counts.reads++
        return source.read(...range)
      }
      const close = async () => {
        counts.closed++
        await source.close()
      }
      return { ...source, read, close }
    }
    const source = openMemory(bytes, name)
    const set = await open(source, openAgain, { onUnsupported: 'skip' })
    await source.close()
    return { set, counts }
  }

  test('is opened at the first pull, and closed at the end', async () => {
    const { set, counts } = await counted()
    const body = set.body()
    assert.equal(counts.opened, 0)
    for await (const _ of body);
    assert.deepEqual([counts.opened, counts.closed], [1, 1])
  })
  test('is closed when a reader leaves early', async () => {
    const { set, counts } = await counted()
    for await (const _ of set.body()) break
    assert.deepEqual([counts.opened, counts.closed], [1, 1])
  })
  test('is not read again for arrays that are one chunk', async () => {
    const { set, counts } = await counted()
    const array = set.header.arrays.findIndex(({ path }) => path === 'little/f8')
    for await (const _ of set.body({ arrays: [array] }));
    assert.equal(counts.reads, 0)
  })
  test('is told by its signature', () => {
    assert.ok(detect(bytes.subarray(0, 8192)))
    assert.ok(!detect(new TextEncoder().encode('<html>no such file</html>')))
    assert.ok(!detect(new Uint8Array()))
  })
})
