/** Many flows of sorted batches merged into one, a batch of each in memory. */
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import { SharedPaths } from './held-rows.ts'
import { BATCH_BYTES, BATCH_ROWS, batchOf, type Columns, newColumns } from './row-columns.ts'
import type { DuplicateError } from './sort-runs.ts'

type Batches = AsyncIterator<ReferenceBatch, unknown> | Iterator<ReferenceBatch, unknown>

/** The place in one flow. */
class Cursor {
  readonly #batches: Batches
  batch: ReferenceBatch
  row = 0

  constructor(batches: Batches, first: ReferenceBatch) {
    this.#batches = batches
    this.batch = first
  }

  /** The next batch with rows; false where there is none. */
  async advance(): Promise<boolean> {
    const next = await nextBatch(this.#batches)
    if (!next) return false
    this.batch = next
    this.row = 0
    return true
  }

  /** Whether this one's row comes before that one's. */
  before({ batch, row }: Cursor): boolean {
    return this.batch.array === batch.array
      ? this.batch.chunk[this.row] < batch.chunk[row]
      : this.batch.array < batch.array
  }
}

async function nextBatch(batches: Batches): Promise<ReferenceBatch | undefined> {
  for (;;) {
    const next = await batches.next()
    if (next.done) return undefined
    if (next.value.rows > 0) return next.value
  }
}

/** A binary heap of cursors: the first is the one whose row comes first. */
class CursorHeap {
  readonly #cursors: Cursor[] = []

  get first(): Cursor | undefined {
    return this.#cursors.at(0)
  }

  /** The cursor whose row comes first after the first's. */
  get second(): Cursor | undefined {
    const [, left, right] = this.#cursors
    return right?.before(left) ? right : left
  }

  push(cursor: Cursor): void {
    const cursors = this.#cursors
    let at = cursors.length
    cursors.push(cursor)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!cursor.before(cursors[parent])) break
      cursors[at] = cursors[parent]
      at = parent
    }
    cursors[at] = cursor
  }

  /** Takes the first out; the last takes its place. */
  shift(): void {
    const last = this.#cursors.pop()
    if (last && this.#cursors.length > 0) {
      this.#cursors[0] = last
      this.sift()
    }
  }

  /** Puts the first where it belongs, now that its row is another. */
  sift(): void {
    const cursors = this.#cursors
    const cursor = cursors[0]
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= cursors.length) break
      if (child + 1 < cursors.length && cursors[child + 1].before(cursors[child])) child++
      if (!cursors[child].before(cursor)) break
      cursors[at] = cursors[child]
      at = child
    }
    cursors[at] = cursor
  }
}

/** The batch that is being filled. */
class Filling {
  readonly array: number
  /** The one list of all flows; undefined where it gathers its own. */
  readonly #shared: readonly string[] | undefined
  readonly #own = new SharedPaths()
  #rows = 0
  readonly #columns: Columns = newColumns(BATCH_ROWS)
  #raw: (Uint8Array | null)[] | undefined
  #bytes = 0
  #masked = 0

  constructor(array: number, shared: readonly string[] | undefined) {
    this.array = array
    this.#shared = shared
  }

  get full(): boolean {
    return this.#rows === BATCH_ROWS || this.#bytes > BATCH_BYTES
  }

  /** The chunk of the last row. */
  get last(): number {
    return this.#rows === 0 ? -1 : this.#columns.chunk[this.#rows - 1]
  }

  /** Copies rows of the cursor's batch while they come before `next`'s and there is room; the cursor moves on. */
  take(cursor: Cursor, next: Cursor | undefined): void {
    const { batch } = cursor
    const limit = next?.batch.array === batch.array ? next.batch.chunk[next.row] : Number.POSITIVE_INFINITY
    // One row at least: of two that are equal the second is found when it comes.
    do this.#add(batch, cursor.row++)
    while (cursor.row < batch.rows && batch.chunk[cursor.row] < limit && !this.full)
  }

  #add(batch: ReferenceBatch, row: number): void {
    const columns = this.#columns
    const to = this.#rows++
    columns.chunk[to] = batch.chunk[row]
    const code = batch.path[row]
    columns.path[to] = this.#shared || code === INLINE ? code : this.#own.add(batch.paths, code)
    columns.offset[to] = batch.offset[row]
    columns.length[to] = batch.length[row]
    if (batch.filterMask) {
      columns.filterMask[to] = batch.filterMask[row]
      this.#masked |= batch.filterMask[row]
    }
    if (code === INLINE) this.#addRaw(to, batch.raw?.[row] ?? null)
  }

  #addRaw(to: number, bytes: Uint8Array | null): void {
    this.#raw ??= new Array<null>(BATCH_ROWS).fill(null)
    // A copy, so that a few bytes do not keep the whole block that they came in.
    this.#raw[to] = bytes && new Uint8Array(bytes)
    this.#bytes += bytes?.length ?? 0
  }

  batch(): ReferenceBatch {
    const paths = this.#shared ?? this.#own.paths
    const rows = { array: this.array, rows: this.#rows, paths, raw: this.#raw }
    return batchOf(this.#columns, { ...rows, masked: this.#masked !== 0 })
  }
}

/**
 * Merges flows that are each sorted by array and chunk.
 * However it ends, the flows are closed.
 * @param paths the list that all batches share; undefined where they have lists of their own.
 * @throws what `duplicate` makes, where two rows have the same array and chunk.
 */
export async function* mergeSorted(
  flows: readonly Batches[],
  paths: readonly string[] | undefined,
  duplicate: DuplicateError,
): AsyncGenerator<ReferenceBatch> {
  try {
    const heap = new CursorHeap()
    for (const flow of flows) {
      const first = await nextBatch(flow)
      if (first) heap.push(new Cursor(flow, first))
    }
    let filling: Filling | undefined
    let last = -1
    for (let cursor = heap.first; cursor; cursor = heap.first) {
      const { array } = cursor.batch
      const isNew = filling?.array !== array
      if (!isNew && cursor.batch.chunk[cursor.row] === last) throw duplicate(array, last)
      if (filling && (isNew || filling.full)) yield filling.batch()
      if (!filling || isNew || filling.full) filling = new Filling(array, paths)
      filling.take(cursor, heap.second)
      last = filling.last
      if (cursor.row < cursor.batch.rows || (await cursor.advance())) heap.sift()
      else heap.shift()
    }
    if (filling) yield filling.batch()
  } finally {
    await Promise.allSettled(flows.map((flow) => flow.return?.()))
  }
}
