/** Strings of fixed length, whose padding libhdf5 takes off as it reads: equal to what h5py reads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeChunk } from '../../../../lib/codec/decode-chunk.ts'
import { convertStrings } from '../../../../lib/format/hdf5/decoded/string-conversion.ts'
import { withoutPadding } from '../../../../lib/format/hdf5/decoded/string-padding.ts'
import { scanBody } from '../../../../lib/format/hdf5/reference-body.ts'
import { readHeader } from '../../../../lib/format/hdf5/reference-header.ts'
import { openHdf5 } from '../../../../lib/format/hdf5/superblock.ts'
import { type DataType, itemSize } from '../../../../lib/model/data-type.ts'
import type { ArrayMetadata } from '../../../../lib/model/metadata.ts'
import type { ReferenceBatch } from '../../../../lib/model/reference-batch.ts'
import { openMemory } from '../../../../lib/source/memory.ts'
import { EXPECTED, fileBytes, openFixture, readBody } from '../values-fixture.ts'

const name = 'strings.h5'
const bytes = fileBytes(name)
const set = await openFixture(name)
const { chunks, references, footer } = await readBody(set, bytes)
const expected = EXPECTED[name].arrays

function arrayOf(path: string): ArrayMetadata {
  const found = set.header.arrays.find((array) => array.path === path)
  assert.ok(found, path)
  return found
}

/** All elements, in the order of the chunks: those of one axis in C order, and whole behind it. */
async function valuesOf(path: string): Promise<Buffer> {
  const { shape, chunkShape, dataType, codecs, fillValue } = arrayOf(path)
  const size = chunkShape.reduce((product, extent) => product * extent, itemSize(dataType))
  const row = size / chunkShape[0]
  const rows = Number(shape[0])
  const parts: Uint8Array[] = []
  for (let chunk = 0; chunk * chunkShape[0] < rows; chunk++) {
    const stored = chunks.get(path)?.get(chunk)
    const missing = () => Buffer.alloc(size, fillValue ?? 0)
    parts.push(
      stored ? await decodeChunk(stored, codecs, { size, url: name, offset: 0, array: path }) : missing(),
    )
  }
  return Buffer.concat(parts).subarray(0, rows * row)
}

function fieldOf(type: DataType, field: string, values: Buffer): string {
  assert.ok(typeof type !== 'string')
  let from = 0
  for (const [name, part] of type) {
    if (name === field) {
      const cells = []
      for (let at = from; at < values.length; at += itemSize(type)) {
        cells.push(values.toString('hex', at, at + itemSize(part)))
      }
      return cells.join('')
    }
    from += itemSize(part)
  }
  assert.fail(field)
}

const outcomeOf = (path: string) => footer.coverage.arrays.find((outcome) => outcome.path === path)
const referencesOf = (path: string) => (references.get(path) ?? []).map(([chunk]) => chunk)

describe('values as h5py reads them', () => {
  for (const [path, { hex, fields }] of Object.entries<{ hex?: string; fields?: [string, string][] }>(
    expected,
  )) {
    if (!path.includes('/')) continue
    test(path, async () => {
      const values = await valuesOf(path)
      if (fields)
        for (const [field, cells] of fields)
          assert.equal(fieldOf(arrayOf(path).dataType, field, values), cells)
      else assert.equal(values.toString('hex'), hex)
    })
  }
})

describe('what stays a reference', () => {
  test('every chunk that conversion would not change, and no other', () => {
    for (const padding of ['term', 'space']) {
      assert.deepEqual(referencesOf(`${padding}/clean`), [0])
      assert.deepEqual(referencesOf(`${padding}/contiguous`), [])
      assert.deepEqual(referencesOf(`${padding}/compound`), [])
      assert.deepEqual(referencesOf(`${padding}/array_type`), [])
      for (const filter of ['gzip', 'zstd', 'blosc'])
        assert.deepEqual(referencesOf(`${padding}/${filter}`), [0])
    }
    assert.deepEqual(referencesOf('term/chunked'), [0, 1, 2])
    assert.deepEqual(referencesOf('space/chunked'), [0, 1, 3])
    assert.deepEqual([...(chunks.get('term/chunked')?.keys() ?? [])], [0, 1, 2, 3])
  })
  test('single characters that are null-terminated, as netCDF writes them', () => {
    assert.deepEqual(referencesOf('term/characters'), [0])
    assert.deepEqual(referencesOf('space/characters'), [])
  })
  test('all that is NUL-padded, whatever follows a NUL', () => {
    for (const { path } of set.header.arrays.filter((array) => array.path.startsWith('null/'))) {
      if (path === 'null/compact') continue
      assert.equal(outcomeOf(path)?.outcome, 'referenced', path)
      assert.deepEqual(referencesOf(path), [...(chunks.get(path)?.keys() ?? [])], path)
    }
  })
  test('the coverage tells', () => {
    assert.equal(outcomeOf('term/clean')?.outcome, 'referenced')
    assert.equal(outcomeOf('term/gzip')?.outcome, 'copied')
    assert.match(outcomeOf('space/contiguous')?.reason ?? '', /without the spaces/)
  })
})

describe('a fill value of an array type whose elements differ', () => {
  test('says nothing where no chunk is missing', async () => {
    assert.equal((await valuesOf('fill_whole')).toString('hex'), expected.fill_whole.hex)
    assert.equal(outcomeOf('fill_whole')?.outcome, 'referenced')
  })
  test('costs the array where one is', async () => {
    assert.deepEqual(outcomeOf('fill_missing'), {
      path: 'fill_missing',
      outcome: 'skipped',
      reason: 'a fill value whose array elements differ',
    })
    assert.deepEqual(footer.dropped, [set.header.arrays.indexOf(arrayOf('fill_missing'))])
    const file = await openHdf5(openMemory(bytes, name))
    const openAgain = async () => openMemory(bytes, name)
    const plan = { ...(await readHeader(file)), file, openAgain, onUnsupported: 'fail' as const }
    await assert.rejects(async () => {
      for await (const _ of scanBody(plan));
    }, /strings\.h5: fill_missing: a fill value whose array elements differ\. --on-unsupported/)
  })
})

test('strings of variable length behind Zstandard', () => {
  const chunk = Buffer.from(chunks.get('vlen_zstd')?.get(0) ?? [])
  const strings: string[] = []
  for (let at = 4; at < chunk.length; ) {
    const length = chunk.readUInt32LE(at)
    strings.push(chunk.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length
  }
  assert.deepEqual(strings, expected.vlen_zstd.strings)
})

describe('large chunks', () => {
  const places = [{ offset: 0, size: 8, padding: 'null-terminated' as const }]
  const padded = { stride: 8, places }

  /** One contiguous array of `count` strings of 8 bytes, made up as it is read; the most bytes read at once. */
  async function convert(count: number, codecs: ArrayMetadata['codecs'], garbageAt = -1) {
    const size = count * 8
    let most = 0
    const source = {
      ...openMemory(new Uint8Array(), 'large.h5'),
      async read(offset: number, length: number) {
        most = Math.max(most, length)
        const piece = new Uint8Array(length)
        if (garbageAt >= offset && garbageAt < offset + length) piece[garbageAt - offset] = 1
        return piece
      },
    }
    const metadata = {
      ...arrayOf('term/clean'),
      shape: [count],
      chunkShape: [count],
      dataType: '|S8',
      codecs,
    }
    const one = { kind: 'batch', array: 0, rows: 1, chunk: Float64Array.of(0), paths: ['large.h5'] } as const
    const columns = {
      path: Uint32Array.of(0),
      offset: Float64Array.of(0),
      length: Float64Array.of(codecs.length ? 9 : size),
    }
    const rows: ReferenceBatch[] = []
    for await (const batch of convertStrings(
      source,
      { ...one, ...columns },
      { metadata, padded },
      undefined,
    )) {
      rows.push(batch)
    }
    return { most, rows }
  }

  test('are looked at in pieces where nothing is to change', async () => {
    const { most, rows } = await convert(1 << 25, [])
    assert.ok(most <= 1 << 22, `${most} bytes at once`)
    assert.deepEqual([rows.length, rows[0].raw, rows[0].length[0]], [1, undefined, 1 << 28])
  })
  test('are refused where something is, before they are read whole', async () => {
    await assert.rejects(convert(1 << 25, [], (1 << 28) - 1), /not NUL-padded in a chunk of 268435456 bytes/)
    await assert.rejects(convert(1 << 25, [{ id: 'zlib' }]), /not NUL-padded in a chunk of 268435456 bytes/)
  })
  test('are copied below that bound', async () => {
    const { rows } = await convert(1 << 20, [], (1 << 23) - 1)
    assert.deepEqual(rows[0].raw?.[0]?.length, 1 << 23)
    assert.ok(rows[0].raw?.[0]?.every((byte) => byte === 0))
  })
})

test('a string without any NUL, or of nothing but padding', () => {
  const convert = (text: string, padding: 'null-terminated' | 'space-padded') => {
    const places = [{ offset: 0, size: text.length, padding }]
    const converted = withoutPadding(Buffer.from(text), { stride: text.length, places })
    return converted && Buffer.from(converted).toString()
  }
  assert.equal(convert('full', 'null-terminated'), undefined)
  assert.equal(convert('full', 'space-padded'), undefined)
  assert.equal(convert('\0   ', 'null-terminated'), '\0\0\0\0')
  assert.equal(convert('    ', 'space-padded'), '\0\0\0\0')
  assert.equal(convert('a \0 ', 'space-padded'), 'a \0\0')
})
