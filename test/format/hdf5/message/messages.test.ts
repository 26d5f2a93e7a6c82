/** Dataspace, layout, filter, fill value, attribute and external file messages by hand (IV.A.2), old versions first. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FormatError } from '../../../../lib/errors.ts'
import { parseAttribute } from '../../../../lib/format/hdf5/message/attribute.ts'
import { parseDataLayout } from '../../../../lib/format/hdf5/message/data-layout-parser.ts'
import { parseDataspace } from '../../../../lib/format/hdf5/message/dataspace.ts'
import { parseExternalFiles } from '../../../../lib/format/hdf5/message/external-files.ts'
import { parseFillValue, parseOldFillValue } from '../../../../lib/format/hdf5/message/fill-value.ts'
import { parseFilterPipeline } from '../../../../lib/format/hdf5/message/filter-pipeline.ts'
import { bytesOf, cursorOf, type Field } from './bytes.ts'

const UNDEFINED_8 = new Uint8Array(8).fill(0xff)
const SIZES = { offsetSize: 8, lengthSize: 8 }

describe('dataspace', () => {
  test('version 1, with and without maximum extents', () => {
    const start: Field[] = [
      [1, 1],
      [2, 1],
    ]
    const simple = cursorOf(...start, [1, 1], [0, 5], [4, 8], [6, 8], UNDEFINED_8, [9, 8])
    assert.deepEqual(parseDataspace(simple, 8), { kind: 'simple', shape: [4, 6], maxShape: [null, 9] })
    const fixed = cursorOf(...start, [0, 1], [0, 5], [4, 4], [6, 4])
    assert.deepEqual(parseDataspace(fixed, 4), { kind: 'simple', shape: [4, 6], maxShape: [4, 6] })
    assert.equal(parseDataspace(cursorOf([1, 1], [0, 1], [0, 6]), 8).kind, 'scalar')
  })
  test('version 2: scalar, null', () => {
    assert.equal(parseDataspace(cursorOf([2, 1], [0, 1], [0, 1], [0, 1]), 8).kind, 'scalar')
    assert.equal(parseDataspace(cursorOf([2, 1], [0, 1], [0, 1], [2, 1]), 8).kind, 'null')
  })
  test('a rank above 32, a type that is reserved, a scalar with axes', () => {
    assert.throws(() => parseDataspace(cursorOf([1, 1], [33, 1], [0, 300]), 8), FormatError)
    assert.throws(() => parseDataspace(cursorOf([2, 1], [0, 1], [0, 1], [3, 1]), 8), FormatError)
    assert.throws(() => parseDataspace(cursorOf([2, 1], [1, 1], [0, 1], [0, 1], [4, 8]), 8), FormatError)
  })
})

describe('data layout', () => {
  const old = (rank: number, kind: number): Field[] => [
    [1, 1],
    [rank, 1],
    [kind, 1],
    [0, 5],
  ]

  test('version 1: compact, contiguous, chunked', () => {
    const compact = parseDataLayout(cursorOf(...old(1, 0), [3, 4], [3, 4], 'abc'), SIZES)
    assert.deepEqual(compact, { kind: 'compact', version: 1, data: Uint8Array.from(Buffer.from('abc')) })
    const contiguous = parseDataLayout(cursorOf(...old(2, 1), [2048, 8], [5, 4], [4, 4]), SIZES)
    assert.deepEqual(contiguous, { kind: 'contiguous', version: 1, address: 2048, size: 20 })
    const chunked = parseDataLayout(cursorOf(...old(3, 2), UNDEFINED_8, [5, 4], [6, 4], [8, 4]), SIZES)
    assert.deepEqual(chunked, {
      kind: 'chunked',
      version: 1,
      chunkShape: [5, 6],
      elementSize: 8,
      unfilteredEdges: false,
      index: { kind: 'btree-v1', address: undefined },
    })
  })
  const start: Field[] = [
    [4, 1],
    [2, 1],
    [3, 1],
    [2, 1],
    [2, 1],
    [300, 2],
    [8, 2],
  ]

  test('version 4 and 5: a filtered single chunk, unfiltered edges', () => {
    for (const version of [4, 5]) {
      const fields: Field[] = [[version, 1], ...start.slice(1), [1, 1], [999, 8], [5, 4], [4096, 8]]
      assert.deepEqual(parseDataLayout(cursorOf(...fields), SIZES), {
        kind: 'chunked',
        version,
        chunkShape: [300],
        elementSize: 8,
        unfilteredEdges: true,
        index: { kind: 'single-chunk', filtered: { size: 999, filterMask: 5 }, address: 4096 },
      })
    }
  })
  test('version 4: every index has its own parameters', () => {
    const indexOf = (...fields: Field[]) => {
      const layout = parseDataLayout(cursorOf(...start, ...fields, [64, 8]), SIZES)
      return layout.kind === 'chunked' && layout.index
    }
    assert.deepEqual(indexOf([2, 1]), { kind: 'implicit', address: 64 })
    assert.deepEqual(indexOf([3, 1], [10, 1]), { kind: 'fixed-array', pageBits: 10, address: 64 })
    const extensible = {
      kind: 'extensible-array',
      maxBits: 32,
      indexElements: 4,
      minPointers: 4,
      minElements: 16,
    }
    const numbers: Field[] = [
      [32, 1],
      [4, 1],
      [4, 1],
      [16, 1],
      [10, 1],
    ]
    assert.deepEqual(indexOf([4, 1], ...numbers), { ...extensible, pageBits: 10, address: 64 })
    const tree = { kind: 'btree-v2', nodeSize: 2048, splitPercent: 98, mergePercent: 40, address: 64 }
    assert.deepEqual(indexOf([5, 1], [2048, 4], [98, 1], [40, 1]), tree)
  })
  test('virtual', () => {
    const layout = parseDataLayout(cursorOf([4, 1], [3, 1], [4096, 8], [7, 4]), SIZES)
    assert.deepEqual(layout, { kind: 'virtual', version: 4, heapAddress: 4096, heapIndex: 7 })
  })
  test('a chunk extent of 0, reserved flags, an unknown index, a version to come', () => {
    const zero: Field[] = [...start.slice(0, 5), [0, 2], [8, 2], [2, 1], [64, 8]]
    assert.throws(() => parseDataLayout(cursorOf(...zero), SIZES), /a chunk of 0 x 8/)
    assert.throws(() => parseDataLayout(cursorOf([4, 1], [2, 1], [4, 1], [2, 1]), SIZES), /flags/)
    assert.throws(() => parseDataLayout(cursorOf(...start, [6, 1]), SIZES), /index type 6/)
    assert.throws(() => parseDataLayout(cursorOf([6, 1], [1, 1]), SIZES), /version/)
  })
})

describe('filter pipeline', () => {
  test('version 1: names in eights, client data in pairs', () => {
    const first: Field[] = [[1, 2], [8, 2], [1, 2], [1, 2], 'deflate\0', [6, 4], [0, 4]]
    const second: Field[] = [
      [3, 2],
      [0, 2],
      [0, 2],
      [0, 2],
    ]
    assert.deepEqual(parseFilterPipeline(cursorOf([1, 1], [2, 1], [0, 6], ...first, ...second)), [
      { id: 1, name: 'deflate', optional: true, clientData: [6] },
      { id: 3, name: '', optional: false, clientData: [] },
    ])
  })
  test('version 2: names for ids from 256 on, no padding', () => {
    const first: Field[] = [
      [2, 2],
      [0, 2],
      [1, 2],
      [4, 4],
    ]
    const second: Field[] = [[32000, 2], [4, 2], [1, 2], [1, 2], 'lzf\0', [9, 4]]
    assert.deepEqual(parseFilterPipeline(cursorOf([2, 1], [2, 1], ...first, ...second)), [
      { id: 2, name: '', optional: false, clientData: [4] },
      { id: 32000, name: 'lzf', optional: true, clientData: [9] },
    ])
  })
  test('more client data than bytes', () => {
    assert.throws(
      () => parseFilterPipeline(cursorOf([2, 1], [1, 1], [1, 2], [0, 2], [0xffff, 2])),
      FormatError,
    )
  })
})

describe('fill value', () => {
  const seven = { state: 'defined', bytes: Uint8Array.of(7, 0) }

  test('old: a size and bytes', () => {
    assert.deepEqual(parseOldFillValue(cursorOf([2, 4], [7, 2])), seven)
    assert.deepEqual(parseOldFillValue(cursorOf([0, 4])), { state: 'undefined' })
  })
  test('versions 1 and 2: allocation time, write time, defined', () => {
    for (const version of [1, 2]) {
      const start: Field[] = [
        [version, 1],
        [2, 1],
        [0, 1],
      ]
      assert.deepEqual(parseFillValue(cursorOf(...start, [1, 1], [2, 4], [7, 2])), seven)
      assert.deepEqual(parseFillValue(cursorOf(...start, [1, 1], [0, 4])), { state: 'default' })
      assert.deepEqual(parseFillValue(cursorOf(...start, [0, 1])), { state: 'undefined' })
    }
  })
  test('version 3: flags', () => {
    assert.deepEqual(parseFillValue(cursorOf([3, 1], [0x2a, 1], [2, 4], [7, 2])), seven)
    assert.deepEqual(parseFillValue(cursorOf([3, 1], [0x0a, 1])), { state: 'default' })
    assert.deepEqual(parseFillValue(cursorOf([3, 1], [0x1a, 1])), { state: 'undefined' })
  })
})

describe('attribute', () => {
  const type = bytesOf([0x10, 1], [8, 3], [4, 4], [0, 2], [32, 2])
  const space = bytesOf([1, 1], [0, 1], [0, 6])

  test('version 1: name, datatype and dataspace in eights', () => {
    const sizes: Field[] = [
      [3, 2],
      [12, 2],
      [8, 2],
    ]
    const parsed = parseAttribute(
      cursorOf([1, 1], [0, 1], ...sizes, 'ab\0', [0, 5], type, [0, 4], space, [42, 4]),
    )
    assert.deepEqual([parsed.name, parsed.datatype.shared, [...parsed.data]], ['ab', false, [42, 0, 0, 0]])
    assert.deepEqual([...parsed.dataspace.body.bytes], [...space])
  })
  test('version 3: no padding, a shared datatype', () => {
    const sizes: Field[] = [
      [3, 2],
      [10, 2],
      [8, 2],
      [1, 1],
    ]
    const shared = bytesOf([3, 1], [2, 1], [800, 8])
    const parsed = parseAttribute(cursorOf([3, 1], [1, 1], ...sizes, 'ä\0', shared, space, [42, 4]))
    assert.deepEqual([parsed.name, parsed.datatype.shared, parsed.dataspace.shared], ['ä', true, false])
    assert.deepEqual([...parsed.datatype.body.bytes], [...shared])
    assert.deepEqual([...parsed.data], [42, 0, 0, 0])
  })
})

test('external files: the slots that are used', () => {
  const sizes = { offsetSize: 8, lengthSize: 8 }
  const endless = new Uint8Array(8).fill(0xff)
  const slots = [[0, 8], [16, 8], [32, 8], [8, 8], [0, 8], endless] as const
  const list = parseExternalFiles(cursorOf([1, 1], [0, 3], [4, 2], [2, 2], [4096, 8], ...slots), sizes)
  assert.deepEqual(list, {
    heapAddress: 4096,
    slots: [
      { nameOffset: 0, offset: 16, size: 32 },
      { nameOffset: 8, offset: 0, size: Number.POSITIVE_INFINITY },
    ],
  })
})
