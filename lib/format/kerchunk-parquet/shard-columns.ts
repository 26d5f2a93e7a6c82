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
  /** Bytes. */
  readonly offset: Float64Array
  readonly size: Float64Array
  /** The bytes of inlined chunks; undefined where there are none. */
  readonly raw: (Uint8Array | null)[] | undefined
}

/** A column as it was read: runs of values, each from its row on. */
export type ColumnPieces = readonly { readonly rowStart: number; readonly values: ArrayLike<unknown> }[]

/** Raises what is wrong with the shard. */
export type Refuse = (problem: string) => never

/** The columns that were read, by name, as a shard of `rows` rows; a column that is missing is all null. */
export function shardOf(rows: number, columns: ReadonlyMap<string, ColumnPieces>, refuse: Refuse): Shard {
  const path = new Uint32Array(rows).fill(MISSING)
  const paths = new Map<string, number>()
  each(columns.get('path'), rows, refuse, (row, value) => {
    const text = textOf(value)
    const code = paths.get(text) ?? paths.size
    if (code === paths.size) paths.set(text, code)
    path[row] = code
  })
  const offset = numbersOf(columns.get('offset'), rows, refuse)
  const size = numbersOf(columns.get('size'), rows, refuse)
  let raw: (Uint8Array | null)[] | undefined
  each(columns.get('raw'), rows, refuse, (row, value) => {
    raw ??= new Array<Uint8Array | null>(rows).fill(null)
    raw[row] = inlinedBytes(value)
    path[row] = INLINE
  })
  return { rows, path, paths: [...paths.keys()], offset, size, raw }
}

/** Visits the values that are there. A column says something of every row, or it is broken. */
function each(
  pieces: ColumnPieces | undefined,
  rows: number,
  refuse: Refuse,
  visit: (row: number, value: unknown) => void,
): void {
  let next = 0
  for (const { rowStart, values } of pieces ?? []) {
    if (rowStart !== next || rowStart + values.length > rows) refuse('has a column of another length')
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (value !== null && value !== undefined) visit(rowStart + i, value)
    }
    next += values.length
  }
  if (pieces && next !== rows) refuse('has a column of another length')
}

/** NaN where a value is no number; 0 where there is none. */
function numbersOf(pieces: ColumnPieces | undefined, rows: number, refuse: Refuse): Float64Array {
  const numbers = new Float64Array(rows)
  each(pieces, rows, refuse, (row, value) => {
    numbers[row] = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN
  })
  return numbers
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value)
}

const BASE64_MARK = Buffer.from('base64:')

/** Inlined bytes that begin with a mark stand for what their base64 decodes to, as fsspec reads them. */
function inlinedBytes(value: unknown): Uint8Array {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value))
  if (!BASE64_MARK.equals(bytes.subarray(0, BASE64_MARK.length))) return bytes
  return Buffer.from(Buffer.from(bytes.subarray(BASE64_MARK.length)).toString('latin1'), 'base64')
}
