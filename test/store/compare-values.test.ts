import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { UnsupportedError } from '../../lib/errors.ts'
import type { CodecConfig } from '../../lib/model/metadata.ts'
import { ChunkReader } from '../../lib/store/chunk-reader.ts'
import { compareValues } from '../../lib/store/compare-values.ts'
import { type MemoryArray, MemoryFiles } from './memory-set.ts'

const PACKED: CodecConfig[] = [
  { id: 'shuffle', elementsize: 2 },
  { id: 'zlib', level: 1 },
]

type Sample = Partial<MemoryArray> & Pick<MemoryArray, 'bytes' | 'shape'>

async function compare(a: Sample, b: Sample) {
  const files = new MemoryFiles()
  const [first, second] = [a, b].map((sample, at) => {
    const dims = sample.shape.map((_, axis) => `d${axis}`)
    const set = files.set(`/m/${at}.nc`, [{ path: 'v', dims, dataType: '<i2', ...sample }])
    return { reader: new ChunkReader(set, { open: files.open }), index: 0 }
  })
  return { difference: await compareValues(first, second), opened: files.opened }
}

const plain = { shape: [2, 3], bytes: Int16Array.of(1, 2, 3, 4, 5, 6) }
const other = { shape: [2, 3], bytes: Int16Array.of(1, 2, 3, 4, -5, 6) }
const expected = { index: [1, 1], values: [5, -5] }

describe('compareValues', () => {
  it('finds equal values equal and names the first that differs, however the two are stored', async () => {
    const ways = [
      {},
      { chunkShape: [1, 2] },
      { chunkShape: [2, 2], codecs: PACKED },
      { codecs: PACKED },
      { inline: true },
    ]
    for (const a of ways) {
      for (const b of ways) {
        assert.equal((await compare({ ...plain, ...a }, { ...plain, ...b })).difference, undefined)
        assert.deepEqual((await compare({ ...plain, ...a }, { ...other, ...b })).difference, expected)
      }
    }
  })

  it('compares missing chunks by the fill values', async () => {
    const fill = (value: number) => new Uint8Array(Int16Array.of(value).buffer)
    const bytes = Int16Array.of(7, 7, 1, 2)
    const stored = { shape: [4], chunkShape: [2], bytes }
    const absent = { ...stored, missing: [0], fillValue: fill(7) }
    assert.equal((await compare(stored, absent)).difference, undefined)
    assert.equal((await compare(absent, stored)).difference, undefined)
    assert.equal((await compare(absent, absent)).difference, undefined)
    const eight = { ...absent, fillValue: fill(8) }
    assert.deepEqual((await compare(stored, eight)).difference, { index: [0], values: [7, 8] })
    assert.deepEqual((await compare(absent, eight)).difference, { index: [0], values: [7, 8] })
    const last = { ...stored, bytes: Int16Array.of(1, 2, 7, 7), missing: [1] }
    const filled = { ...last, fillValue: fill(8) }
    assert.deepEqual((await compare(last, filled)).difference, { index: [2], values: [0, 8] })
  })

  it('takes NaN for NaN and 0 for -0, but keeps 64-bit integers apart', async () => {
    const floats = (...values: number[]) => ({
      shape: [2],
      dataType: '<f4',
      bytes: Float32Array.from(values),
    })
    const otherNaN = { ...floats(0, 0), bytes: Uint32Array.of(0xffc00001, 0x80000000) }
    assert.equal((await compare(floats(Number.NaN, 0), otherNaN)).difference, undefined)
    assert.ok((await compare(floats(Number.NaN, 0), floats(0, 0))).difference)
    const wide = (value: bigint) => ({ shape: [1], dataType: '<i8', bytes: BigInt64Array.of(value) })
    const { difference } = await compare(wide(9007199254740993n), wide(9007199254740992n))
    assert.deepEqual(difference?.values, [9007199254740993n, 9007199254740992n])
  })

  it('compares what is no number by its bytes', async () => {
    const opaque = (...bytes: number[]) => ({ shape: [2], dataType: '|V2', bytes: Uint8Array.from(bytes) })
    assert.equal((await compare(opaque(1, 2, 3, 4), opaque(1, 2, 3, 4))).difference, undefined)
    const { difference } = await compare(opaque(1, 2, 3, 4), opaque(1, 2, 3, 5))
    assert.deepEqual(difference, { index: [1], values: ['0x0304', '0x0305'] })
    const text = (value: string) => ({
      shape: [1],
      dataType: '|S3',
      bytes: new Uint8Array(Buffer.from(value)),
    })
    assert.deepEqual((await compare(text('abc'), text('abd'))).difference?.values, ['abc', 'abd'])
  })

  it('needs no decoder where the stored bytes are equal, and names the codec where they are not', async () => {
    const szip = { codecs: [{ id: 'szip' }] }
    assert.equal((await compare({ ...plain, ...szip }, { ...plain, ...szip })).difference, undefined)
    await assert.rejects(compare({ ...plain, ...szip }, { ...other, ...szip }), (error) => {
      assert.ok(error instanceof UnsupportedError)
      return /szip/.test(error.message)
    })
  })

  it('reads nothing where both point at the same bytes', async () => {
    const files = new MemoryFiles()
    const set = files.set('/m/a.nc', [{ path: 'v', dims: ['x'], ...plain, shape: [6], dataType: '<i2' }])
    const side = () => ({ reader: new ChunkReader(set, { open: files.open }), index: 0 })
    assert.equal(await compareValues(side(), side()), undefined)
    assert.deepEqual(files.opened, [])
  })

  it('agrees with a comparison of the values themselves', async () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }))
    const storage = fc.record({
      chunkShape: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 })),
      codecs: fc.constantFrom([], PACKED),
    })
    const change = fc.option(fc.nat(), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(shape, storage, storage, change, async ([rows, columns], a, b, changed) => {
        const bytes = Int16Array.from({ length: rows * columns }, (_, at) => at * 7 - 20)
        const second = bytes.slice()
        const at = changed === undefined ? undefined : changed % bytes.length
        if (at !== undefined) second[at] += 1
        const { difference } = await compare(
          { shape: [rows, columns], bytes, ...a },
          { shape: [rows, columns], bytes: second, ...b },
        )
        const index = at === undefined ? undefined : [Math.floor(at / columns), at % columns]
        assert.deepEqual(difference?.index, index)
      }),
      { numRuns: 60 },
    )
  })
})
