/** Rows of a shard as a batch: what is missing left out, and fill chunks that stand for missing ones too. */
import { FormatError } from '../../errors.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { Ranges } from './record-line.ts'
import { MISSING, type Shard } from './shard-columns.ts'

/** Which rows, of which chunks. */
export interface ShardRows {
  readonly array: number
  /** The chunk of row 0. */
  readonly first: number
  readonly from: number
  /** The row to stop before. */
  readonly to: number
  /** Whether chunks count as missing where their bytes are inlined; asked with ascending numbers. */
  readonly isFilled: (chunk: number) => boolean
  /** The shard's file, for messages. */
  readonly url: string
}

type Columns = Pick<ReferenceBatch, 'chunk' | 'path' | 'offset' | 'length'>

/** The bytes of chunks that are none: a range of no bytes reads so. */
const NO_BYTES = new Uint8Array(0)

/**
 * The batch of these rows, to be read only: it may share the shard's columns. A row of a path with offset 0 and size 0
 * stands for the whole file.
 * @throws FormatError where a row points nowhere.
 */
export function batchOf(shard: Shard, rows: ShardRows): ReferenceBatch {
  const { array, first, from, to, isFilled } = rows
  if (isWholly(shard, from, to)) return sharedBatch(shard, rows)
  const columns: Columns = {
    chunk: new Float64Array(to - from),
    path: new Uint32Array(to - from),
    offset: new Float64Array(to - from),
    length: new Float64Array(to - from),
  }
  let raw: (Uint8Array | null)[] | undefined
  let count = 0
  for (let row = from; row < to; row++) {
    const code = shard.path[row]
    if (code === MISSING || (code === INLINE && isFilled(first + row))) continue
    columns.chunk[count] = first + row
    const bytes =
      code === INLINE ? (shard.raw?.[row] ?? NO_BYTES) : addRange(shard, row, columns, count, rows.url)
    columns.path[count] = bytes ? INLINE : code
    if (bytes) {
      raw ??= new Array<null>(to - from).fill(null)
      raw[count] = bytes
      columns.length[count] = bytes.length
    }
    count++
  }
  const batch = { kind: 'batch', array, rows: count, paths: shard.paths, ...columns } as const
  return raw ? { ...batch, raw } : batch
}

/** Whether all of these rows are ranges of files. */
function isWholly({ path, offset, size }: Shard, from: number, to: number): boolean {
  for (let row = from; row < to; row++) {
    if (path[row] >= MISSING || !(offset[row] >= 0 && size[row] > 0)) return false
    if (!Number.isSafeInteger(offset[row]) || !Number.isSafeInteger(size[row])) return false
  }
  return true
}

function sharedBatch(
  { path, paths, offset, size }: Shard,
  { array, first, from, to }: ShardRows,
): ReferenceBatch {
  const chunk = new Float64Array(to - from)
  for (let row = from; row < to; row++) chunk[row - from] = first + row
  return {
    kind: 'batch',
    array,
    rows: to - from,
    chunk,
    path: path.subarray(from, to),
    paths,
    offset: offset.subarray(from, to),
    length: size.subarray(from, to),
  }
}

/** Adds the range of a row; NO_BYTES where there are none. */
function addRange(
  { offset, size }: Shard,
  row: number,
  columns: Columns,
  to: number,
  url: string,
): Uint8Array | undefined {
  const [start, length] = [offset[row], size[row]]
  if (!(Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(length) && length >= 0)) {
    throw new FormatError({ url, offset: 0, structure: 'Parquet shard' }, `row ${row} points nowhere`)
  }
  if (length === 0 && start > 0) return NO_BYTES
  columns.offset[to] = start
  columns.length[to] = length
  return undefined
}

/** Whether a number is in the ranges, for numbers that ascend from call to call. */
export function ascendingTest(ranges: Ranges): (number: number) => boolean {
  let at = 0
  return (number) => {
    while (at < ranges.length && ranges[at][1] < number) at++
    return at < ranges.length && ranges[at][0] <= number
  }
}
