/** One open shard: the rows of `refs.<k>.parq` that are there so far, in columns that grow, and its encoding. */
import { type Column, offsetColumn, pathColumn, rawColumn, sizeColumn } from './column.ts'
import { encodeFile } from './file.ts'

/** A place in the rows of a shard. */
export interface ShardMark {
  readonly rows: number
  readonly paths: number
  readonly raw: number
}

/** What of a row is not in the dictionary. */
interface Columns {
  readonly rows: Uint32Array
  readonly codes: Uint32Array
  readonly offset: Float64Array
  readonly size: Float64Array
}

/** Rows of a shard as it holds them, to be kept elsewhere and added to a shard that has those before them. */
export interface ShardRows extends Columns {
  readonly paths: readonly string[]
  readonly raw: Uint8Array
}

const START: ShardMark = { rows: 0, paths: 0, raw: 0 }
const FIRST_CAPACITY = 64
const INLINED = 0xffffffff
/** fsspec decodes bytes that begin so. */
const BASE64_MARK = Buffer.from('base64:')

/** Rows must come in ascending order; what the columns hold takes 24 bytes a row, the paths and the inlined bytes. */
export class Shard {
  /** Rows with a reference or inlined bytes. */
  count = 0
  /** How many of them are inlined. */
  inlined = 0
  #rows = new Uint32Array(FIRST_CAPACITY)
  // Index into the dictionary, or INLINED: then #offset is the end of the value in #raw.
  #codes = new Uint32Array(FIRST_CAPACITY)
  #offset = new Float64Array(FIRST_CAPACITY)
  #size = new Float64Array(FIRST_CAPACITY)
  readonly #dictionary = new Map<string, number>()
  // Its paths, in its order.
  readonly #paths: string[] = []
  // PLAIN: a 4-byte length before each value.
  #raw: Uint8Array = new Uint8Array(0)
  #rawLength = 0
  readonly #recordSize: number

  constructor(recordSize: number) {
    this.#recordSize = recordSize
  }

  /** The index of a path in the dictionary, for `addReference`; undefined where it is new. */
  pathCode(path: string): number | undefined {
    return this.#dictionary.get(path)
  }

  /** Puts a new path into the dictionary, which must stand in row order of first use. */
  addPath(path: string): number {
    const code = this.#dictionary.size
    this.#dictionary.set(path, code)
    this.#paths.push(path)
    return code
  }

  /** Bytes `offset` to `offset + size` of the path with this code. */
  addReference(row: number, code: number, offset: number, size: number): void {
    if (this.count === this.#rows.length) this.#grow()
    this.#rows[this.count] = row
    this.#codes[this.count] = code
    this.#offset[this.count] = offset
    this.#size[this.count] = size
    this.count++
  }

  /** Bytes kept in the set itself; they are copied. */
  addInline(row: number, bytes: Uint8Array): void {
    const marked = BASE64_MARK.equals(bytes.subarray(0, BASE64_MARK.length))
    const stored = marked ? Buffer.from(`base64:${Buffer.from(bytes).toString('base64')}`) : bytes
    const end = this.#rawLength + 4 + stored.length
    if (end > this.#raw.length) this.#growRaw(end)
    new DataView(this.#raw.buffer).setUint32(this.#rawLength, stored.length, true)
    this.#raw.set(stored, this.#rawLength + 4)
    this.#rawLength = end
    this.inlined++
    this.addReference(row, INLINED, end, 0)
  }

  /** Bytes that the inlined chunks take. */
  get rawBytes(): number {
    return this.#rawLength
  }

  /** Where the next row will stand. */
  get mark(): ShardMark {
    return { rows: this.count, paths: this.#dictionary.size, raw: this.#rawLength }
  }

  /** The rows from a mark on, all by default; views that the next row may outdate. */
  rowsSince({ rows, paths, raw }: ShardMark = START): ShardRows {
    return {
      rows: this.#rows.subarray(rows, this.count),
      codes: this.#codes.subarray(rows, this.count),
      offset: this.#offset.subarray(rows, this.count),
      size: this.#size.subarray(rows, this.count),
      paths: this.#paths.slice(paths),
      raw: this.#raw.subarray(raw, this.#rawLength),
    }
  }

  /** Adds rows that `rowsSince` gave of a shard that was as this one is. */
  addRows({ rows, codes, offset, size, paths, raw }: ShardRows): void {
    const end = this.count + rows.length
    while (this.#rows.length < end) this.#grow()
    this.#rows.set(rows, this.count)
    this.#codes.set(codes, this.count)
    this.#offset.set(offset, this.count)
    this.#size.set(size, this.count)
    for (const path of paths) this.addPath(path)
    if (this.#rawLength + raw.length > this.#raw.length) this.#growRaw(this.#rawLength + raw.length)
    this.#raw.set(raw, this.#rawLength)
    this.#rawLength += raw.length
    this.inlined += codes.reduce((count, code) => (code === INLINED ? count + 1 : count), 0)
    this.count = end
  }

  /** Forgets its rows, none of which is inlined; what they named stays in the dictionary. */
  clearRows(): void {
    this.count = 0
    this.#rows = new Uint32Array(FIRST_CAPACITY)
    this.#codes = new Uint32Array(FIRST_CAPACITY)
    this.#offset = new Float64Array(FIRST_CAPACITY)
    this.#size = new Float64Array(FIRST_CAPACITY)
  }

  /** Puts rows that were forgotten before those that came since. */
  prepend(earlier: readonly Columns[]): void {
    const parts = [...earlier, this.rowsSince()]
    const count = parts.reduce((sum, { rows }) => sum + rows.length, 0)
    this.#rows = joined(
      parts.map(({ rows }) => rows),
      new Uint32Array(count),
    )
    this.#codes = joined(
      parts.map(({ codes }) => codes),
      new Uint32Array(count),
    )
    this.#offset = joined(
      parts.map(({ offset }) => offset),
      new Float64Array(count),
    )
    this.#size = joined(
      parts.map(({ size }) => size),
      new Float64Array(count),
    )
    this.count = count
  }

  /**
   * The file of a shard of `rows` rows: those never added are missing chunks. It always has all four columns,
   * since GDAL's reader refuses a shard without one of them.
   */
  encode(rows: number): Promise<Uint8Array> {
    return encodeFile([...this.#referenceColumns(rows), this.#rawColumn(rows)], rows)
  }

  #referenceColumns(rows: number): Column[] {
    const dictionary = this.#paths
    if (this.count === rows && this.inlined === 0) {
      const present = new Uint32Array(rows).fill(1)
      return [
        pathColumn(dictionary, present, this.#codes.subarray(0, rows)),
        offsetColumn(this.#offset.subarray(0, rows)),
        sizeColumn(this.#size.subarray(0, rows)),
      ]
    }
    const present = new Uint32Array(rows)
    const codes = new Uint32Array(this.count - this.inlined)
    const offsets = new Float64Array(rows)
    const sizes = new Float64Array(rows)
    let code = 0
    for (let i = 0; i < this.count; i++) {
      if (this.#codes[i] === INLINED) continue
      const row = this.#rows[i]
      present[row] = 1
      codes[code++] = this.#codes[i]
      offsets[row] = this.#offset[i]
      sizes[row] = this.#size[i]
    }
    return [pathColumn(dictionary, present, codes), offsetColumn(offsets), sizeColumn(sizes)]
  }

  #rawColumn(rows: number): Column {
    const present = new Uint32Array(rows)
    const ends = new Float64Array(this.inlined)
    let value = 0
    for (let i = 0; value < ends.length; i++) {
      if (this.#codes[i] !== INLINED) continue
      present[this.#rows[i]] = 1
      ends[value++] = this.#offset[i]
    }
    return rawColumn(present, this.#raw, ends)
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, Math.min(this.#recordSize, this.#rows.length * 2))
    this.#rows = enlarge(this.#rows, new Uint32Array(capacity))
    this.#codes = enlarge(this.#codes, new Uint32Array(capacity))
    this.#offset = enlarge(this.#offset, new Float64Array(capacity))
    this.#size = enlarge(this.#size, new Float64Array(capacity))
  }

  #growRaw(needed: number): void {
    this.#raw = enlarge(this.#raw, new Uint8Array(Math.max(needed, this.#raw.length * 2)))
  }
}

function enlarge<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}

function joined<T extends Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(
  parts: readonly (Uint32Array | Float64Array)[],
  to: T,
): T {
  let at = 0
  for (const part of parts) {
    to.set(part, at)
    at += part.length
  }
  return to
}
