/** Uncompressed arrays in a file in memory, stored in whatever way, and their values: for the tests of other chunks. */
import fc from 'fast-check'
import { chunkCoordinates, chunkCount, gridShape, gridStrides } from '../../lib/model/chunk-grid.ts'
import { itemSize } from '../../lib/model/data-type.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import type { MemoryFiles } from '../store/memory-set.ts'

/** One array, and how its chunks lie in the file. */
export interface PlainSpec {
  readonly path: string
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
  readonly dataType: '<i2' | '>i4' | '<f8' | '|u1'
  /** Chunk numbers, modulo the grid, that are not stored, and that are held inline. */
  readonly missing: readonly number[]
  readonly inline: readonly number[]
  /** In the order of the grid, in the opposite one, or with the first axis running fastest. */
  readonly order: 'c' | 'reverse' | 'fortran'
  /** Chunks, modulo the grid, in front of which a byte is left free. */
  readonly gaps: readonly number[]
  /** Whether the last chunk is stored only as far as it lies in the array. */
  readonly cut: boolean
}

export interface FileSpec {
  readonly url: string
  readonly arrays: readonly PlainSpec[]
  /** Bytes behind the last chunk. */
  readonly behind: number
  /** Whether the set knows its file. */
  readonly known: boolean
}

const FILL = 3

/** Element `flat` of an array; no two neighbours are equal. */
function valueAt(spec: PlainSpec, flat: number): number {
  return spec.dataType === '|u1' ? (flat * 7 + 1) % 251 : (flat * 31 + 5) % 30_011
}

function writeElement(bytes: Uint8Array, offset: number, type: PlainSpec['dataType'], value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  if (type === '|u1') view.setUint8(offset, value)
  else if (type === '<i2') view.setInt16(offset, value, true)
  else if (type === '>i4') view.setInt32(offset, value, false)
  else view.setFloat64(offset, value, true)
}

function element(type: PlainSpec['dataType'], value: number): Uint8Array {
  const bytes = new Uint8Array(itemSize(type))
  writeElement(bytes, 0, type, value)
  return bytes
}

/** The array's values in C order, from the specification of the array alone. */
export function expectedValues(spec: PlainSpec): number[] {
  const grid = gridShape(spec.shape, spec.chunkShape)
  const gone = numbersIn(spec.missing, chunkCount(grid))
  const strides = gridStrides(grid)
  return Array.from({ length: chunkCount(spec.shape) }, (_, flat) => {
    const chunk = chunkCoordinates(flat, spec.shape).reduce(
      (sum, at, axis) => sum + Math.floor(at / spec.chunkShape[axis]) * strides[axis],
      0,
    )
    return gone.has(chunk) ? FILL : valueAt(spec, flat)
  })
}

function numbersIn(numbers: readonly number[], count: number): Set<number> {
  return new Set(count === 0 ? [] : numbers.map((number) => number % count))
}

/** A whole chunk; what lies outside the array is 0xee. */
function chunkOf(spec: PlainSpec, corner: readonly number[]): Uint8Array {
  const size = itemSize(spec.dataType)
  const strides = gridStrides(spec.shape)
  const bytes = new Uint8Array(chunkCount(spec.chunkShape) * size).fill(0xee)
  for (let at = 0; at < chunkCount(spec.chunkShape); at++) {
    const position = chunkCoordinates(at, spec.chunkShape).map(
      (p, axis) => p + corner[axis] * spec.chunkShape[axis],
    )
    if (position.some((p, axis) => p >= spec.shape[axis])) continue
    const flat = position.reduce((sum, p, axis) => sum + p * strides[axis], 0)
    writeElement(bytes, at * size, spec.dataType, valueAt(spec, flat))
  }
  return bytes
}

/** The chunk without what lies behind its last element in the array. */
function cutOff(spec: PlainSpec, corner: readonly number[], bytes: Uint8Array): Uint8Array {
  const strides = gridStrides(spec.chunkShape)
  const last = spec.chunkShape.reduce(
    (sum, extent, axis) =>
      sum + (Math.min(extent, spec.shape[axis] - corner[axis] * extent) - 1) * strides[axis],
    0,
  )
  return bytes.subarray(0, (last + 1) * itemSize(spec.dataType))
}

type Row = { chunk: number; offset: number; length: number; raw: Uint8Array | null }

function storageOrder(spec: PlainSpec, grid: readonly number[]): number[] {
  const numbers = [...Array(chunkCount(grid)).keys()]
  if (spec.order === 'reverse') return numbers.reverse()
  if (spec.order === 'c') return numbers
  const key = (chunk: number) =>
    chunkCoordinates(chunk, grid).reduceRight((sum, at, axis) => sum * grid[axis] + at, 0)
  return numbers.sort((a, b) => key(a) - key(b))
}

/** Stores the chunks of one array behind `bytes`; rows in the order of the grid. */
function store(spec: PlainSpec, bytes: number[]): Row[] {
  const grid = gridShape(spec.shape, spec.chunkShape)
  const count = chunkCount(grid)
  const [gone, inline, gaps] = [spec.missing, spec.inline, spec.gaps].map((list) => numbersIn(list, count))
  const rows: Row[] = []
  for (const chunk of storageOrder(spec, grid)) {
    if (gone.has(chunk)) continue
    const corner = chunkCoordinates(chunk, grid)
    const whole = chunkOf(spec, corner)
    const stored = spec.cut && chunk === count - 1 ? cutOff(spec, corner, whole) : whole
    if (inline.has(chunk)) {
      rows.push({ chunk, offset: 0, length: stored.length, raw: stored })
      continue
    }
    if (gaps.has(chunk)) bytes.push(0xdd)
    rows.push({ chunk, offset: bytes.length, length: stored.length, raw: null })
    for (const byte of stored) bytes.push(byte)
  }
  return rows.sort((a, b) => a.chunk - b.chunk)
}

function batchOf(array: number, url: string, rows: readonly Row[]): ReferenceBatch {
  return {
    kind: 'batch',
    array,
    rows: rows.length,
    chunk: Float64Array.from([...rows.map(({ chunk }) => chunk), 777]),
    path: Uint32Array.from([...rows.map(({ raw }) => (raw ? INLINE : 0)), 777]),
    paths: [url],
    offset: Float64Array.from([...rows.map(({ offset }) => offset), 777]),
    length: Float64Array.from([...rows.map(({ length }) => length), 777]),
    ...(rows.some(({ raw }) => raw) && { raw: rows.map(({ raw }) => raw) }),
  }
}

/** The set over such a file, which is put among `files`. */
export function plainSet(files: MemoryFiles, { url, arrays, behind, known }: FileSpec): ReferenceSet {
  const bytes: number[] = Array.from({ length: 5 }, () => 0xcc)
  const rows = arrays.map((spec) => store(spec, bytes))
  for (let at = 0; at < behind; at++) bytes.push(0xbb)
  files.files.set(url, Uint8Array.from(bytes))
  const counts = arrays.map(({ shape, chunkShape }) => chunkCount(gridShape(shape, chunkShape)))
  async function* body({ arrays: asked, from = 0, to = Number.POSITIVE_INFINITY }: BodyOptions = {}) {
    const missing = arrays.map(() => 0)
    for (const array of asked ?? arrays.keys()) {
      const own = rows[array].filter(({ chunk }) => chunk >= from && chunk < to)
      missing[array] = Math.max(0, Math.min(counts[array], to) - from) - own.length
      for (let at = 0; at < own.length; at += 3) yield batchOf(array, url, own.slice(at, at + 3))
    }
    const outcomes = arrays.map(({ path }) => ({ path, outcome: 'referenced' as const }))
    const footer: Footer = {
      kind: 'footer',
      shapes: arrays.map(({ shape }) => shape),
      missing,
      dropped: [],
      coverage: { arrays: outcomes, notes: [] },
    }
    yield footer
  }
  return {
    header: {
      kind: 'header',
      groups: [{ path: '', attributes: {} }],
      arrays: arrays.map(({ path, dims, shape, chunkShape, dataType }) => {
        return {
          path,
          dims,
          shape,
          chunkShape,
          dataType,
          attributes: {},
          fillValue: element(dataType, FILL),
          codecs: [],
        }
      }),
      skipped: [],
      notes: [],
    },
    sources: known ? [{ url, size: bytes.length }] : [],
    replayable: true,
    body,
  }
}

/** All values of an array, read through the references. */
export async function valuesOf(files: MemoryFiles, set: ReferenceSet, index: number): Promise<number[]> {
  const { data } = await readValues(set, index, { open: files.open })
  return Array.from(data as ArrayLike<number>)
}

const NUMBERS = fc.array(fc.nat({ max: 5000 }), { maxLength: 3 })

/** Any array of up to four axes, small enough to be read in an instant. */
export const plainArrays: fc.Arbitrary<PlainSpec> = fc
  .integer({ min: 0, max: 4 })
  .chain((rank) => {
    const most = rank > 2 ? 5 : 12
    const extents = (min: number, max: number) =>
      fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank })
    return fc.record({
      path: fc.constant('v'),
      dims: fc.constant(['t', 'z', 'y', 'x'].slice(0, rank)),
      shape: extents(1, most),
      chunkShape: fc.oneof(extents(1, most + 2), extents(1, 2)),
      dataType: fc.constantFrom('<i2' as const, '>i4' as const, '<f8' as const, '|u1' as const),
      missing: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: NUMBERS }),
      inline: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: NUMBERS }),
      order: fc.constantFrom('c' as const, 'c' as const, 'reverse' as const, 'fortran' as const),
      gaps: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: NUMBERS }),
      cut: fc.boolean(),
    })
  })
  // Half of them are one chunk, as contiguous data are.
  .chain((spec) => fc.boolean().map((whole) => (whole ? { ...spec, chunkShape: spec.shape } : spec)))
