/** Rows of a shard as a batch: what is missing left out, and fill chunks that stand for missing ones too. */
import { FormatError, UnsupportedError } from '../../errors.ts'
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
  /** Chunks that count as missing where their bytes are inlined. */
  readonly filled: Ranges
  /** The shard's file, for messages. */
  readonly url: string
}

/**
 * The batch of these rows; its columns are its own.
 * @throws FormatError where a row points nowhere, UnsupportedError where one stands for a whole file.
 */
export function batchOf(shard: Shard, rows: ShardRows): ReferenceBatch {
  const { array, first, from, to } = rows
  const size = Math.max(0, to - from)
  const chunk = new Float64Array(size)
  const path = new Uint32Array(size)
  const offset = new Float64Array(size)
  const length = new Float64Array(size)
  const raw: (Uint8Array | null)[] = []
  const isFilled = ascendingTest(rows.filled)
  let count = 0
  let inlined = 0
  for (let row = from; row < to; row++) {
    const code = shard.path[row]
    if (code === MISSING || (code === INLINE && isFilled(first + row))) continue
    chunk[count] = first + row
    path[count] = code
    if (code === INLINE) {
      raw[count] = shard.raw?.[row] ?? null
      inlined++
    } else {
      checkRange(shard, row, rows.url)
      raw[count] = null
      offset[count] = shard.offset[row]
      length[count] = shard.size[row]
    }
    count++
  }
  const columns = { chunk, path, paths: shard.paths, offset, length }
  const batch = { kind: 'batch', array, rows: count, ...columns } as const
  return inlined > 0 ? { ...batch, raw } : batch
}

function checkRange({ offset, size }: Shard, row: number, url: string): void {
  const [start, length] = [offset[row], size[row]]
  if (start === 0 && length === 0) throw new UnsupportedError('references to whole files', { url })
  if (Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(length) && length >= 0) return
  throw new FormatError({ url, offset: 0, structure: 'Parquet shard' }, `row ${row} points nowhere`)
}

/** Whether a number is in the ranges, for numbers that ascend from call to call. */
export function ascendingTest(ranges: Ranges): (number: number) => boolean {
  let at = 0
  return (number) => {
    while (at < ranges.length && ranges[at][1] < number) at++
    return at < ranges.length && ranges[at][0] <= number
  }
}
