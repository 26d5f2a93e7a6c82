/** The column chunks of a shard as uncompressed Parquet pages (parquet-format: Data Pages, PLAIN, RLE_DICTIONARY). */
import { bitWidth, encodeHybrid } from './rle-hybrid.ts'

/** Rows of a data page: fixed, so that nothing of how the rows arrived shows in the bytes. */
const PAGE_ROWS = 100_000
/** A page of inlined bytes ends before the value that would take it past this many bytes. */
const PAGE_BYTES = 1 << 20

export interface Page {
  readonly kind: 'dictionary' | 'data'
  /** Rows, nulls included; entries of a dictionary. */
  readonly values: number
  /** Before compression: definition levels, then values. */
  readonly bytes: Uint8Array
}

export interface Column {
  readonly name: string
  readonly type: 'INT32' | 'INT64' | 'BYTE_ARRAY'
  readonly text: boolean
  readonly optional: boolean
  /** Rows without a value. */
  readonly nulls: number
  /** A dictionary page comes first. */
  readonly pages: readonly Page[]
}

/**
 * The path of each row as an index into `dictionary`, which stands in row order of first use.
 * `present` holds 1 for a row with a path; `codes` the indexes of those rows alone.
 */
export function pathColumn(dictionary: readonly string[], present: Uint32Array, codes: Uint32Array): Column {
  const pages: Page[] = [{ kind: 'dictionary', values: dictionary.length, bytes: plainText(dictionary) }]
  const width = bitWidth(dictionary.length)
  let code = 0
  for (let start = 0; start < present.length; start += PAGE_ROWS) {
    const levels = present.subarray(start, start + PAGE_ROWS)
    const count = sum(levels)
    const indexes = encodeHybrid(codes.subarray(code, code + count), count, width)
    pages.push({
      kind: 'data',
      values: levels.length,
      bytes: concatenate([...encodeLevels(levels), Uint8Array.of(width), indexes]),
    })
    code += count
  }
  return {
    name: 'path',
    type: 'BYTE_ARRAY',
    text: true,
    optional: true,
    nulls: present.length - codes.length,
    pages,
  }
}

/** Byte offsets, one a row. */
export function offsetColumn(values: Float64Array): Column {
  return integerColumn('offset', values, 'INT64', undefined)
}

/** Sizes in bytes, one a row: as 32-bit integers where they fit, and as a dictionary where few of them differ. */
export function sizeColumn(values: Float64Array): Column {
  let greatest = 0
  for (const value of values) greatest = Math.max(greatest, value)
  const type = greatest < 2 ** 31 ? 'INT32' : 'INT64'
  return integerColumn('size', values, type, distinctValues(values))
}

interface Distinct {
  readonly values: readonly number[]
  /** Of each row, the index of its value. */
  readonly codes: Uint32Array
}

function integerColumn(
  name: string,
  values: Float64Array,
  type: 'INT32' | 'INT64',
  distinct: Distinct | undefined,
): Column {
  const pages: Page[] = []
  if (distinct) {
    const entries = Float64Array.from(distinct.values)
    pages.push({ kind: 'dictionary', values: entries.length, bytes: plainIntegers(entries, type) })
  }
  const width = bitWidth(distinct?.values.length ?? 0)
  for (let start = 0; start < values.length; start += PAGE_ROWS) {
    const end = Math.min(values.length, start + PAGE_ROWS)
    const codes = distinct?.codes.subarray(start, end)
    const bytes = codes
      ? concatenate([Uint8Array.of(width), encodeHybrid(codes, codes.length, width)])
      : plainIntegers(values.subarray(start, end), type)
    pages.push({ kind: 'data', values: end - start, bytes })
  }
  return { name, type, text: false, optional: false, nulls: 0, pages }
}

/**
 * Inlined bytes. `present` holds 1 for a row with bytes; `plain` the PLAIN encoding (a 4-byte length before each value)
 * of those rows, of which value `i` ends at `ends[i]`.
 */
export function rawColumn(present: Uint32Array, plain: Uint8Array, ends: Float64Array): Column {
  const pages: Page[] = []
  let value = 0
  for (let start = 0; start < present.length; ) {
    const begin = value === 0 ? 0 : ends[value - 1]
    let end = start
    for (; end < present.length && end - start < PAGE_ROWS; end++) {
      if (present[end] === 0) continue
      if (end > start && ends[value] - begin > PAGE_BYTES) break
      value++
    }
    const values = plain.subarray(begin, value === 0 ? 0 : ends[value - 1])
    pages.push({
      kind: 'data',
      values: end - start,
      bytes: concatenate([...encodeLevels(present.subarray(start, end)), values]),
    })
    start = end
  }
  const nulls = present.length - ends.length
  return { name: 'raw', type: 'BYTE_ARRAY', text: false, optional: true, nulls, pages }
}

/**
 * The distinct values in row order of first use; undefined where they are too many to pay. With one in eight at most,
 * indexes and dictionary together take less than zstd makes of random sizes (measured: 1.3 bytes a row against 1.9).
 */
function distinctValues(values: Float64Array): Distinct | undefined {
  const limit = Math.min(1 << 15, values.length >>> 3)
  const known = new Map<number, number>()
  const codes = new Uint32Array(values.length)
  for (let row = 0; row < values.length; row++) {
    let code = known.get(values[row])
    if (code === undefined) {
      code = known.size
      if (code >= limit) return undefined
      known.set(values[row], code)
    }
    codes[row] = code
  }
  return { values: [...known.keys()], codes }
}

/** Definition levels of version 1 pages: a 4-byte length, then one bit a row. */
function encodeLevels(levels: Uint32Array): Uint8Array[] {
  const encoded = encodeHybrid(levels, levels.length, 1)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, encoded.length, true)
  return [length, encoded]
}

function plainIntegers(values: Float64Array, type: 'INT32' | 'INT64'): Uint8Array {
  const width = type === 'INT32' ? 4 : 8
  const bytes = new Uint8Array(values.length * width)
  const view = new DataView(bytes.buffer)
  for (let i = 0, at = 0; i < values.length; i++, at += width) {
    view.setUint32(at, values[i], true)
    if (width === 8) view.setUint32(at + 4, values[i] / 0x1_0000_0000, true)
  }
  return bytes
}

function plainText(values: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const value of values) {
    const bytes = Buffer.from(value, 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    parts.push(length, bytes)
  }
  return concatenate(parts)
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

function sum(values: Uint32Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
