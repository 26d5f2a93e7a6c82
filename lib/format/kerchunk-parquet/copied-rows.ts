/** Batches that carry bytes: cut so that each carries few, and rows of the set's own files of copied bytes with these bytes. */
import { FormatError } from '../../errors.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { openFile } from '../../source/file.ts'
import { withRangeCoalescing } from '../../source/range-coalescing.ts'
import { isCopiedPath } from './copied-path.ts'

/** Bytes that one batch may carry; a row at least. */
const BATCH_BYTES = 1 << 23

/** Bytes that a row will carry. */
type RowBytes = (row: number) => number

/** The file that was read last, open. */
class LastFile {
  #path = ''
  #source: ByteSource | undefined

  async open(path: string, signal: AbortSignal | undefined): Promise<ByteSource> {
    if (this.#source && this.#path === path) return this.#source
    await this.close()
    this.#source = withRangeCoalescing(await openFile(path, { signal }), { gap: 0 })
    this.#path = path
    return this.#source
  }

  async close(): Promise<void> {
    await this.#source?.close()
    this.#source = undefined
  }
}

/** Reads the set's own files. */
export class CopiedRows {
  readonly #root: string

  /** `root`: the set's folder. */
  constructor(root: string) {
    this.#root = root
  }

  /**
   * The rows of a batch, in batches.
   * @throws SourceError where a file of copied bytes is gone or too short.
   */
  async *read(batch: ReferenceBatch, signal?: AbortSignal): AsyncGenerator<ReferenceBatch> {
    const copied = batch.paths.map((path) => isCopiedPath(path, this.#root))
    const isCopied = (row: number) => copied[batch.path[row]] ?? false
    if (!copied.includes(true)) {
      yield* cutBatch(batch)
      return
    }
    const file = new LastFile()
    try {
      const bytesOf: RowBytes = (row) => (isCopied(row) ? batch.length[row] : rawBytes(batch, row))
      for (const [from, to] of planCuts(batch.rows, bytesOf)) {
        const rows = range(from, to).filter(isCopied)
        const found = await this.#readRows(batch, rows, file, signal)
        yield withBytes(
          rowsOf(batch, from, to),
          new Map([...found].map(([row, bytes]) => [row - from, bytes])),
        )
      }
    } finally {
      await file.close()
    }
  }

  /**
   * Bytes by row; rows of one file are read together.
   * @throws FormatError where a row stands for a whole file: kstream writes none of its own so.
   */
  async #readRows(
    batch: ReferenceBatch,
    rows: readonly number[],
    file: LastFile,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Uint8Array>> {
    const found = new Map<number, Uint8Array>()
    for (let from = 0; from < rows.length; ) {
      const path = batch.path[rows[from]]
      let to = from
      while (to < rows.length && batch.path[rows[to]] === path) to++
      const url = batch.paths[path]
      const source = await file.open(url, signal)
      const some = rows.slice(from, to)
      if (some.some((row) => batch.length[row] === 0)) {
        throw new FormatError({ url, offset: 0, structure: 'copied chunks' }, 'are referenced as one whole')
      }
      const read = some.map((row) => source.read(batch.offset[row], batch.length[row], { signal }))
      for (const [at, bytes] of (await Promise.all(read)).entries()) found.set(some[at], bytes)
      from = to
    }
    return found
  }
}

/** The batch as it is, or in parts that carry few bytes each. */
export function* cutBatch(batch: ReferenceBatch): Generator<ReferenceBatch> {
  if (!batch.raw) yield batch
  else
    for (const [from, to] of planCuts(batch.rows, (row) => rawBytes(batch, row)))
      yield rowsOf(batch, from, to)
}

function* planCuts(rows: number, bytesOf: RowBytes): Generator<readonly [from: number, to: number]> {
  let from = 0
  let bytes = 0
  for (let row = 0; row < rows; row++) {
    const more = bytesOf(row)
    if (row > from && bytes + more > BATCH_BYTES) {
      yield [from, row]
      from = row
      bytes = 0
    }
    bytes += more
  }
  if (rows > from) yield [from, rows]
}

function rawBytes({ raw }: ReferenceBatch, row: number): number {
  return raw?.[row]?.length ?? 0
}

function rowsOf(batch: ReferenceBatch, from: number, to: number): ReferenceBatch {
  if (from === 0 && to === batch.rows) return batch
  const { chunk, path, offset, length, raw } = batch
  const columns = { chunk, path, offset, length }
  const cut = Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, column.subarray(from, to)]),
  ) as typeof columns
  return { ...batch, ...cut, rows: to - from, ...(raw && { raw: raw.slice(from, to) }) }
}

/** Columns of its own, with these bytes in the place of references. */
function withBytes(batch: ReferenceBatch, found: ReadonlyMap<number, Uint8Array>): ReferenceBatch {
  if (found.size === 0) return batch
  const path = batch.path.slice()
  const offset = batch.offset.slice()
  const length = batch.length.slice()
  const raw = range(0, batch.rows).map((row) => found.get(row) ?? batch.raw?.[row] ?? null)
  for (const row of found.keys()) {
    path[row] = INLINE
    offset[row] = 0
    length[row] = 0
  }
  return { ...batch, path, offset, length, raw }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}
