/** The columns of a shard, compact: paths as codes, positions as doubles (what fsspec reads from each, row by row). */
import { INLINE } from '../../model/reference-batch.ts'

/** In `Shard.path`: the chunk is missing. */
export const MISSING = 0xfffffffe

/** One shard, a row a chunk. */
export interface Shard {
  readonly rows: number
  /** Index into `paths`, INLINE or MISSING. */
  readonly path: Uint32Array
  readonly paths: readonly string[]
  /** Bytes; NaN where there is no number. */
  readonly offset: Float64Array
  readonly size: Float64Array
  /** The bytes of inlined chunks; undefined where there are none. */
  readonly raw: (Uint8Array | null)[] | undefined
}

/** A column as it was read: runs of values, each from its row on. */
export type ColumnPieces = readonly { readonly rowStart: number; readonly values: ArrayLike<unknown> }[]

/** Raises what is wrong with the shard. */
export type Refuse = (problem: string) => never

/** Gives the pieces of a column; none where the file lacks it, so that all of it is null. */
export type ReadPieces = (name: string) => Promise<ColumnPieces | undefined>

/** Reads the columns one after the other as a shard of `rows` rows: each takes more memory than what is kept of it. */
export async function readColumns(rows: number, read: ReadPieces, refuse: Refuse): Promise<Shard> {
  const path = new Uint32Array(rows).fill(MISSING)
  const paths = codePaths(path, await read('path'), refuse)
  const offset = numbersOf(await read('offset'), rows, refuse)
  const size = numbersOf(await read('size'), rows, refuse)
  let raw: (Uint8Array | null)[] | undefined
  each(await read('raw'), rows, refuse, (row, value) => {
    raw ??= new Array<Uint8Array | null>(rows).fill(null)
    raw[row] = inlinedBytes(value, refuse)
    path[row] = INLINE
  })
  return { rows, path, paths, offset, size, raw }
}

/** Visits the values that are there: NaN is none, as pandas has it. A column says something of every row, or it is broken. */
function each(
  pieces: ColumnPieces | undefined,
  rows: number,
  refuse: Refuse,
  visit: (row: number, value: unknown) => void,
): void {
  for (const { rowStart, values } of checkPieces(pieces, rows, refuse)) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (value !== null && value !== undefined && !Number.isNaN(value)) visit(rowStart + i, value)
    }
  }
}

function checkPieces(pieces: ColumnPieces | undefined, rows: number, refuse: Refuse): ColumnPieces {
  if (!pieces) return []
  let next = 0
  for (const { rowStart, values } of pieces) {
    if (rowStart !== next || rowStart + values.length > rows) refuse('has a column of another length')
    next += values.length
  }
  return next === rows ? pieces : refuse('has a column of another length')
}

/** Fills in the codes of the paths. */
function codePaths(path: Uint32Array, pieces: ColumnPieces | undefined, refuse: Refuse): string[] {
  const codes = new Map<string, number>()
  let last: unknown
  let code = 0
  each(pieces, path.length, refuse, (row, value) => {
    if (value !== last) {
      const text = textOf(value, refuse)
      code = codes.get(text) ?? codes.size
      if (code === codes.size) codes.set(text, code)
      last = value
    }
    path[row] = code
  })
  return [...codes.keys()]
}

/** NaN where a value is no number, and where there is none. */
function numbersOf(pieces: ColumnPieces | undefined, rows: number, refuse: Refuse): Float64Array {
  const numbers = new Float64Array(rows)
  if (!pieces) return numbers.fill(Number.NaN)
  for (const { rowStart, values } of checkPieces(pieces, rows, refuse)) {
    if (values instanceof BigInt64Array) copyIntegers(values, numbers, rowStart)
    else {
      for (let i = 0; i < values.length; i++) {
        const value = values[i]
        const isNumber = typeof value === 'bigint' || typeof value === 'number'
        numbers[rowStart + i] = isNumber ? Number(value) : Number.NaN
      }
    }
  }
  return numbers
}

/** By halves, as a bigint each would take many times as long; exact to 2^53, beyond which no number stays below it. */
function copyIntegers(values: BigInt64Array, numbers: Float64Array, start: number): void {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
  for (let i = 0; i < values.length; i++) {
    numbers[start + i] = halves[2 * i + 1] * 2 ** 32 + (halves[2 * i] >>> 0)
  }
}

function textOf(value: unknown, refuse: Refuse): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  return refuse('has a path that is no text')
}

const BASE64_MARK = Buffer.from('base64:')

/** Inlined bytes that begin with a mark stand for what their base64 decodes to, as fsspec reads them. */
function inlinedBytes(value: unknown, refuse: Refuse): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  if (!(bytes instanceof Uint8Array)) return refuse('has inlined bytes that are none')
  if (!BASE64_MARK.equals(bytes.subarray(0, BASE64_MARK.length))) return bytes
  return Buffer.from(Buffer.from(bytes.subarray(BASE64_MARK.length)).toString('latin1'), 'base64')
}
