/** Arrays behind filters that Zarr has no word for, decoded and encoded anew: equal to what h5py reads. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { UnsupportedError } from '../../../lib/errors.ts'
import { open } from '../../../lib/format/hdf5/index.ts'
import { scanBody } from '../../../lib/format/hdf5/reference-body.ts'
import { readHeader } from '../../../lib/format/hdf5/reference-header.ts'
import { openHdf5 } from '../../../lib/format/hdf5/superblock.ts'
import { chunkKey, gridShape } from '../../../lib/model/chunk-grid.ts'
import { type DataType, itemSize } from '../../../lib/model/data-type.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { arrayOf, copiesBytes, EXPECTED, elementsOf, openCopies } from './copies-fixture.ts'
import { readBody } from './values-fixture.ts'

interface ExpectedArray {
  readonly shape: readonly number[]
  readonly sha256: string
  readonly chunks: readonly (readonly number[])[]
  readonly masked: readonly (readonly number[])[]
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('filters.h5: every chunk is copied', async () => {
  const name = 'filters.h5'
  const set = await openCopies(name)
  const { chunks, references, footer } = await readBody(set, copiesBytes(name))
  for (const [path, expected] of Object.entries<ExpectedArray>(EXPECTED[name])) {
    test(path, async () => {
      const array = arrayOf(set, path)
      const stored = chunks.get(path)
      assert.deepEqual(array.shape, expected.shape)
      assert.equal(sha256(await elementsOf(array, stored)), expected.sha256)
      const grid = gridShape(expected.shape, array.chunkShape)
      const keys = [...(stored?.keys() ?? [])].map((chunk) => chunkKey(chunk, grid))
      assert.deepEqual(keys, expected.chunks.map((at) => at.join('.')).sort(byNumbers))
      if (path === 'little_i2/nbit_deflate') return
      assert.deepEqual(references.get(path) ?? [], [])
      const outcome = footer.coverage.arrays.find((array) => array.path === path)
      assert.equal(outcome?.outcome, 'copied')
    })
  }
})

function byNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((key) => key.split('.').map(Number))
  const axis = left.findIndex((coordinate, i) => coordinate !== right[i])
  return axis < 0 ? 0 : left[axis] - right[axis]
}

describe('masks.h5: chunks that skip filters are copied, the others stay references', async () => {
  const name = 'masks.h5'
  const set = await openCopies(name)
  const { chunks, references, footer } = await readBody(set, copiesBytes(name))
  for (const [path, expected] of Object.entries<ExpectedArray>(EXPECTED[name])) {
    test(path, async () => {
      const array = arrayOf(set, path)
      assert.equal(sha256(await elementsOf(array, chunks.get(path))), expected.sha256)
      const grid = gridShape(expected.shape, array.chunkShape)
      const referenced = references.get(path)?.map(([chunk]) => chunkKey(chunk, grid)) ?? []
      const skipping = expected.masked.map((at) => at.join('.'))
      const whole = expected.chunks.map((at) => at.join('.')).filter((key) => !skipping.includes(key))
      const outcome = footer.coverage.arrays.find((array) => array.path === path)
      if (path === 'szip') return assert.match(outcome?.reason ?? '', /^filter szip \(4\): decoded/)
      if (path === 'space_padded') return assert.deepEqual([outcome?.outcome, referenced], ['copied', []])
      assert.deepEqual(referenced, whole.sort(byNumbers))
      assert.deepEqual(outcome, {
        path,
        outcome: 'copied',
        reason: 'chunks stored without some of their filters',
      })
    })
  }
  test('the file stays as it is without copies', async () => {
    const plain = await openCopies(name, { copies: false, onUnsupported: 'skip' })
    const { footer } = await readBody(plain, copiesBytes(name))
    const outcomes = footer.coverage.arrays.map(({ path, outcome }) => `${path}: ${outcome}`)
    assert.deepEqual(
      outcomes.sort(),
      Object.keys(EXPECTED[name])
        .sort()
        .map((path) => `${path}: skipped`),
    )
  })
})

describe('edges.h5: partial chunks without filters, also of datasets shorter than their dimension', async () => {
  const name = 'edges.h5'
  const set = await openCopies(name)
  const { chunks, references } = await readBody(set, copiesBytes(name))
  for (const [path, { shape, sha256: values }] of Object.entries<ExpectedArray>(EXPECTED[name])) {
    test(path, async () => {
      const array = arrayOf(set, path)
      assert.deepEqual(array.shape, shape)
      assert.equal(sha256(await elementsOf(array, chunks.get(path))), values)
      const whole = { late: [0], whole: [0, 2], early: [] }[path]
      assert.deepEqual(
        references.get(path)?.map(([chunk]) => chunk),
        whole,
      )
    })
  }
  test('are refused without copies, with both ways', async () => {
    await assert.rejects(
      openCopies(name, { copies: false }),
      /late: partial chunks .*\n.*--on-unsupported copy decodes and copies them; /s,
    )
  })
})

describe('parts of bodies', async () => {
  const bytes = copiesBytes('filters.h5')
  const set = await openCopies('filters.h5')
  const path = 'big_i4/szip'
  const array = set.header.arrays.indexOf(arrayOf(set, path))
  const whole = (await readBody(set, bytes, { arrays: [array] })).chunks.get(path)

  test('hold the same bytes', async () => {
    for (const [from, to] of [
      [0, 1],
      [2, 7],
      [8, 9],
    ]) {
      const part = (await readBody(set, bytes, { arrays: [array], from, to })).chunks.get(path)
      assert.deepEqual(part, new Map([...(whole ?? [])].filter(([chunk]) => chunk >= from && chunk < to)))
    }
  })
  test('read no chunk that is not asked for', async () => {
    const read: number[] = []
    const openAgain = async () => {
      const source = openMemory(bytes, 'filters.h5')
      const spy: typeof source.read = (offset, length, options) => {
        read.push(offset)
        return source.read(offset, length, options)
      }
      return { ...source, read: spy }
    }
    const spied = await open(openMemory(bytes, 'filters.h5'), openAgain, {
      onUnsupported: 'fail',
      copies: true,
    })
    await readBody(spied, bytes, { arrays: [array] })
    const all = read.splice(0).length
    await readBody(spied, bytes, { arrays: [array], from: 4, to: 5 })
    assert.equal(all - read.length, (whole?.size ?? 0) - 1)
  })
})

describe('refusals', () => {
  const refusal = async (name: string, copies: boolean) => {
    try {
      await openCopies(name, { copies })
    } catch (error) {
      assert.ok(error instanceof UnsupportedError)
      return error.message
    }
    assert.fail('not refused')
  }

  test('name both ways where copying would do', async () => {
    const message = await refusal('filters.h5', false)
    assert.match(message, /: filter szip \(4\)\n/)
    assert.match(message, /--on-unsupported copy decodes and copies them; --on-unsupported skip goes on/)
  })
  test('say how many things copying would save', async () => {
    const message = await refusal('structures.h5', false)
    assert.match(
      message,
      /--on-unsupported copy decodes and copies 11 of them; --on-unsupported skip goes on/,
    )
  })
  test('of what cannot be copied', async () => {
    assert.equal(
      await refusal('structures.h5', true),
      'structures.h5: sequence: a compound with a member that is a variable-length sequence. ' +
        '--on-unsupported copy-or-skip goes on without it.',
    )
  })
  test('of a chunk that skips a filter', async () => {
    const set = await openCopies('masks.h5', { copies: false, onUnsupported: 'skip' })
    const array = set.header.arrays.indexOf(arrayOf(set, 'deflate'))
    assert.ok(array >= 0)
    const bytes = copiesBytes('masks.h5')
    const file = await openHdf5(openMemory(bytes, 'masks.h5'))
    const openAgain = async () => openMemory(bytes, 'masks.h5')
    const plan = { ...(await readHeader(file)), file, openAgain, onUnsupported: 'fail' as const }
    await assert.rejects(async () => {
      for await (const _ of scanBody(plan, { arrays: [array] }));
    }, /deflate: chunk 0\.0 is stored .*--on-unsupported copy decodes and copies it; --on-unsupported skip/)
  })
})

describe('structures.h5: strings of variable length become strings of a power of two that the longest fits in', async () => {
  const name = 'structures.h5'
  const set = await openCopies(name, { onUnsupported: 'skip' })
  const { chunks, footer } = await readBody(set, copiesBytes(name))
  interface Expected {
    readonly shape: readonly number[]
    readonly fields: Record<string, string | readonly string[]>
  }
  for (const [path, expected] of Object.entries<Expected>(EXPECTED[name])) {
    test(path, async () => {
      const array = arrayOf(set, path)
      assert.deepEqual(array.shape, expected.shape)
      const elements = await elementsOf(array, chunks.get(path))
      const cells = fieldsOf(array.dataType, elements)
      const found = Object.entries(expected.fields).map(([field, values]) => {
        const read = cells.get(field)?.cells ?? []
        const texts = read.map((cell) => cell.toString().replace(/\0+$/, ''))
        return [field, typeof values === 'string' ? Buffer.concat(read).toString('hex') : texts]
      })
      assert.deepEqual(Object.fromEntries(found), expected.fields)
      for (const [field, values] of Object.entries(expected.fields)) {
        if (typeof values === 'string') continue
        const longest = Math.max(...values.map((text) => Buffer.byteLength(text)), 0)
        assert.equal(cells.get(field)?.type, longest > 8 ? '|S16' : '|S8')
        assert.ok(longest <= 16)
      }
      const outcome = footer.coverage.arrays.find((array) => array.path === path)
      assert.equal(outcome?.outcome, 'copied')
    })
  }
})

test('strings of variable length behind a filter that Zarr cannot name', async () => {
  const set = await openCopies('structures.h5', { onUnsupported: 'skip' })
  const { chunks } = await readBody(set, copiesBytes('structures.h5'))
  const texts = [...(chunks.get('text_lzf')?.values() ?? [])].flatMap((chunk) => {
    const bytes = Buffer.from(chunk)
    let at = 4
    return Array.from({ length: bytes.readUInt32LE(0) }, () => {
      const length = bytes.readUInt32LE(at)
      at += 4 + length
      return bytes.toString('utf8', at - length, at)
    })
  })
  assert.deepEqual(texts.slice(0, 20), Array.from({ length: 5 }, () => ['', 'ä', 'word', 'word word']).flat())
  const plain = await openCopies('structures.h5', { copies: false, onUnsupported: 'skip' })
  const reasons = new Map(plain.header.skipped.map(({ path, reason }) => [path, reason]))
  assert.equal(reasons.get('text_lzf'), 'filter LZF (32000)')
})

/** The cells of each field of a structure. */
function fieldsOf(type: DataType, elements: Buffer): Map<string, { type: string; cells: Buffer[] }> {
  assert.ok(typeof type !== 'string')
  const fields = new Map<string, { type: string; cells: Buffer[] }>()
  let offset = 0
  for (const [field, part] of type) {
    const cells: Buffer[] = []
    for (let at = offset; at < elements.length; at += itemSize(type)) {
      cells.push(elements.subarray(at, at + itemSize(part)))
    }
    fields.set(field, { type: String(part), cells })
    offset += itemSize(part)
  }
  return fields
}
