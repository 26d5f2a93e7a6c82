import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { get as getValues, open as openZarr } from 'zarrita'
import { FormatError, UnsupportedError } from '../../lib/errors.ts'
import type { CodecConfig } from '../../lib/model/metadata.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { numbersOf } from '../../lib/store/element.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { referenceStore } from '../../lib/store/reference-store.ts'
import { type MemoryArray, MemoryFiles } from './memory-set.ts'

const vlen = (...strings: string[]) => {
  const parts = strings.map((text) => Buffer.from(text))
  const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer)
  return new Uint8Array(
    Buffer.concat([uint32(parts.length), ...parts.flatMap((part) => [uint32(part.length), part])]),
  )
}

async function read(array: Partial<MemoryArray>, options: { maxBytes?: number } = {}) {
  const files = new MemoryFiles()
  const bytes = array.bytes ?? new Uint8Array(0)
  const set = files.set('/m/a.nc', [{ path: 'v', dims: ['x'], shape: [bytes.byteLength], bytes, ...array }])
  return readValues(set, 0, { open: files.open, ...options })
}

describe('readValues', () => {
  it('reads every numeric type exactly, 64-bit integers as bigints', async () => {
    const samples = {
      i1: Int8Array.of(-128, 127),
      u1: Uint8Array.of(0, 255),
      i2: Int16Array.of(-32768, 32767),
      u2: Uint16Array.of(1, 65535),
      i4: Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
      u4: Uint32Array.of(1, 2 ** 32 - 1),
      i8: BigInt64Array.of(-9223372036854775806n, 9007199254740993n),
      u8: BigUint64Array.of(1n, 18446744073709551615n),
      f4: Float32Array.of(Number.NaN, 1.5),
      f8: Float64Array.of(-0, Number.POSITIVE_INFINITY),
    }
    for (const [type, bytes] of Object.entries(samples)) {
      assert.deepEqual((await read({ bytes, shape: [2], dataType: `<${type}` })).data, bytes, type)
    }
  })

  it('swaps big-endian values', async () => {
    const i4 = await read({
      bytes: Uint8Array.of(0, 0, 1, 2, 255, 255, 255, 254),
      shape: [2],
      dataType: '>i4',
    })
    assert.deepEqual(i4.data, Int32Array.of(258, -2))
    const f8 = await read({
      bytes: Uint8Array.of(0x40, 0x09, 0, 0, 0, 0, 0, 0),
      shape: [],
      dims: [],
      dataType: '>f8',
    })
    assert.deepEqual(f8.data, Float64Array.of(3.125))
  })

  it('puts chunks together, edge chunks cut to the shape', async () => {
    const bytes = Int16Array.from({ length: 35 }, (_, i) => i * 3)
    const array = { dims: ['y', 'x'], shape: [5, 7], chunkShape: [2, 3], dataType: '<i2', bytes }
    assert.deepEqual((await read(array)).data, bytes)
    const codecs: CodecConfig[] = [
      { id: 'shuffle', elementsize: 2 },
      { id: 'zlib', level: 4 },
    ]
    assert.deepEqual((await read({ ...array, codecs })).data, bytes)
  })

  it("honours the width of a shuffle that is not the element's", async () => {
    const bytes = Float64Array.of(1.5, 2.5, -3.5, 1e300)
    const codecs = [{ id: 'shuffle', elementsize: 2 }]
    assert.deepEqual((await read({ bytes, shape: [4], codecs })).data, bytes)
  })

  it('gives missing chunks the bytes of the fill value, which a double would round', async () => {
    const fill = BigInt64Array.of(-9223372036854775806n)
    const array = { bytes: BigInt64Array.of(1n, 2n, 3n), shape: [3], chunkShape: [2], dataType: '<i8' }
    const filled = await read({ ...array, fillValue: new Uint8Array(fill.buffer), missing: [0] })
    assert.deepEqual(filled.data, BigInt64Array.of(fill[0], fill[0], 3n))
    assert.deepEqual((await read({ ...array, missing: [0] })).data, BigInt64Array.of(0n, 0n, 3n))
  })

  it('reads scalars, arrays without elements, inline chunks and booleans', async () => {
    assert.deepEqual(
      (await read({ bytes: Float64Array.of(7), shape: [], dims: [] })).data,
      Float64Array.of(7),
    )
    assert.deepEqual(
      (await read({ shape: [0, 3], dims: ['a', 'b'], chunkShape: [1, 3] })).data,
      new Float64Array(0),
    )
    assert.deepEqual(
      (await read({ bytes: Float64Array.of(7), shape: [1], inline: true })).data,
      Float64Array.of(7),
    )
    const flags = await read({ bytes: Uint8Array.of(1, 0, 1), dataType: '|b1' })
    assert.deepEqual(flags.data, Uint8Array.of(1, 0, 1))
  })

  it('reads strings of fixed length, whatever their encoding', async () => {
    const bytes = new Uint8Array(Buffer.from('ab\0\0mér\xe9\xe8\0\0\0', 'latin1'))
    assert.deepEqual((await read({ bytes, shape: [3], dataType: '|S4' })).data, ['ab', 'mér\xe9', '\xe8'])
    const utf8 = new Uint8Array(Buffer.from('é\0\u{feff}'))
    assert.deepEqual((await read({ bytes: utf8, shape: [2], dataType: '|S3' })).data, ['é', '\u{feff}'])
  })

  it('reads strings of variable length', async () => {
    const files = new MemoryFiles()
    const raw = vlen('α', '', 'gamma')
    const plain = files.set('/m/a.nc', [
      { path: 'v', dims: ['x'], shape: [raw.length], dataType: '|u1', bytes: raw, inline: true },
    ])
    const array = {
      ...plain.header.arrays[0],
      dataType: '|O',
      shape: [3],
      chunkShape: [3],
      codecs: [{ id: 'vlen-utf8' }],
    }
    const set = { ...plain, header: { ...plain.header, arrays: [array] } }
    assert.deepEqual((await readValues(set, 0, files)).data, ['α', '', 'gamma'])
    const wrong = { ...set, header: { ...set.header, arrays: [{ ...array, shape: [4], chunkShape: [4] }] } }
    await assert.rejects(readValues(wrong, 0, files), FormatError)
  })

  it('reads inlined bytes that lie within a larger buffer, as Buffers do, and leaves them as they are', async () => {
    const within = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(40, 7), bytes]).subarray(40)
    const shapes = { v: vlen('a', 'bc'), n: Uint8Array.of(0, 1, 0, 2) }
    const files = new MemoryFiles()
    for (const [path, bytes] of Object.entries(shapes)) {
      const one = { path, dims: ['x'], shape: [bytes.length], dataType: '|u1', bytes, inline: true }
      const plain = files.set(`/m/${path}`, [one])
      const strings = { dataType: '|O', codecs: [{ id: 'vlen-utf8' }] }
      const type = path === 'v' ? strings : { dataType: '>i2' }
      const array = { ...plain.header.arrays[0], ...type, shape: [2], chunkShape: [2] }
      const raw = within(bytes)
      const set: ReferenceSet = {
        ...plain,
        header: { ...plain.header, arrays: [array] },
        async *body(options) {
          for await (const item of plain.body(options))
            yield item.kind === 'batch' ? { ...item, raw: [raw] } : item
        },
      }
      const { data } = await readValues(set, 0, files)
      assert.deepEqual([...data], path === 'v' ? ['a', 'bc'] : [1, 2])
      assert.deepEqual(new Uint8Array(raw), bytes)
    }
    assert.deepEqual(numbersOf(within(shapes.n), '>i2'), Int16Array.of(1, 2))
  })

  it('refuses by name what it would misread', async () => {
    const refused = [
      '<f2',
      '<c16',
      '|V4',
      [
        ['r', '<f4'],
        ['i', '<f4'],
      ] as const,
      '|O',
    ]
    for (const dataType of refused) {
      const reading = read({ bytes: new Uint8Array(16), shape: [1], chunkShape: [1], dataType })
      await assert.rejects(reading, (error) => error instanceof UnsupportedError && error.array === 'v')
    }
    await assert.rejects(read({ bytes: new Uint8Array(8), shape: [1], codecs: [{ id: 'lzf' }] }), /lzf/)
  })

  it('reads nothing larger than it was allowed to', async () => {
    await assert.rejects(
      read({ bytes: new Float64Array(100), shape: [100] }, { maxBytes: 799 }),
      UnsupportedError,
    )
    const vast = { shape: [2 ** 40], chunkShape: [1], bytes: new Uint8Array(0) }
    const files = new MemoryFiles()
    const small = files.set('/m/a.nc', [{ path: 'v', dims: ['x'], shape: [1], bytes: new Float64Array(1) }])
    const set = { ...small, header: { ...small.header, arrays: [{ ...small.header.arrays[0], ...vast }] } }
    await assert.rejects(readValues(set, 0, files), UnsupportedError)
    const wide = { ...set.header.arrays[0], shape: [1], chunkShape: [2 ** 40] }
    const wideSet = { ...set, header: { ...set.header, arrays: [wide] } }
    await assert.rejects(readValues(wideSet, 0, files), UnsupportedError)
  })

  it('does not read an array as fill whose chunks turned out unreferenceable', async () => {
    const array = { bytes: Float64Array.of(1), shape: [1], missing: [0], dropped: 'a filter mask' }
    await assert.rejects(read(array), UnsupportedError)
  })

  it('closes the files it opened', async () => {
    const files = new MemoryFiles()
    const set = files.set('/m/a.nc', [
      { path: 'v', dims: ['x'], shape: [4], chunkShape: [1], bytes: new Float64Array(4) },
    ])
    let open = 0
    const counted: typeof files.open = async (url, options) => {
      const source = await files.open(url, options)
      open++
      return { ...source, close: async () => void open-- }
    }
    await readValues(set, 0, { open: counted })
    assert.deepEqual([files.opened.length, open], [1, 0])
  })
})

describe('referenceStore', () => {
  it('opens with zarrita: groups, attributes, arrays', async () => {
    const files = new MemoryFiles()
    const set = files.set(
      '/m/a.nc',
      [
        {
          path: 'g/temp',
          dims: ['y', 'x'],
          shape: [3, 4],
          chunkShape: [2, 2],
          dataType: '>f4',
          attributes: { units: 'K', big: 9007199254740993n, small: 3n, none: Number.NaN },
          codecs: [
            { id: 'shuffle', elementsize: 4 },
            { id: 'zlib', level: 1 },
          ],
          bytes: new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => i / 4).buffer).reverse(),
        },
      ],
      {
        groups: [
          { path: '', attributes: { title: 'A' } },
          { path: 'g', attributes: {} },
        ],
      },
    )
    const store = referenceStore(set, files.open)
    const root = await openZarr.v2(store, { kind: 'group' })
    assert.equal(root.attrs.title, 'A')
    const array = await openZarr.v2(root.resolve('g/temp'), { kind: 'array' })
    const { _ARRAY_DIMENSIONS, ...attributes } = array.attrs
    assert.deepEqual(_ARRAY_DIMENSIONS, ['y', 'x'])
    assert.deepEqual(attributes, { units: 'K', big: '9007199254740993', small: 3, none: 'NaN' })
    const { data } = await getValues(array)
    assert.deepEqual(
      data,
      Float32Array.from({ length: 12 }, (_, i) => (11 - i) / 4),
    )
    assert.equal(await store.get('/g/temp/2.0'), undefined)
    assert.equal(await store.get('/g/other/.zarray'), undefined)
    await store.close()
  })
})
