/** Rows of reference batches held in memory, in columns, until they are given out sorted. */
import { PlanError } from '../errors.ts'
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import { BATCH_BYTES, BATCH_ROWS, batchOf, type Columns, newColumns } from './row-columns.ts'
import { type DuplicateError, type SortedArray, sortRuns } from './sort-runs.ts'

/** Bytes of a row: 32 in columns, 28 while they are sorted. */
const ROW_BYTES = 60
/** Bytes that one more run takes, about. */
const RUN_BYTES = 64

/** Inlined bytes that a batch carries, unless it is of one row: what comes after the memory was found to be full. */
const BATCH_RAW = 1 << 23

/** Bytes that a path takes beside its characters, about. */
const PATH_BYTES = 100

/** The paths of many batches together, each once. */
export class SharedPaths {
  paths: string[] = []
  /** What they take in memory, about. */
  bytes = 0
  readonly #codes = new Map<string, number>()
  /** For each list of paths, the codes of those that were used; INLINE: not yet. */
  #known = new WeakMap<readonly string[], Uint32Array>()

  /** Begins another list; codes that were given before are of the old one, of which the first `kept` paths stay. */
  renew(kept: number): void {
    this.paths.length = Math.min(kept, this.paths.length)
    this.paths = []
    this.bytes = 0
    this.#codes.clear()
    this.#known = new WeakMap()
  }

  /** Codes of `paths`, by their indexes; INLINE where `add` has yet to give one. */
  codes(paths: readonly string[]): Uint32Array {
    const known = this.#known.get(paths)
    if (known && known.length >= paths.length) return known
    const codes = new Uint32Array(Math.max(paths.length, 2 * (known?.length ?? 0))).fill(INLINE)
    if (known) codes.set(known)
    this.#known.set(paths, codes)
    return codes
  }

  /** @throws PlanError where `index` is none of `paths`. */
  add(paths: readonly string[], index: number): number {
    if (index >= paths.length) throw new PlanError(`a reference names path ${index} of ${paths.length}`)
    const path = paths[index]
    const code = this.#codes.get(path) ?? this.paths.length
    if (code === this.paths.length) {
      this.paths.push(path)
      this.#codes.set(path, code)
      this.bytes += path.length + PATH_BYTES
    }
    return code
  }
}

function grown(column: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length)
  longer.set(column)
  return longer
}

/** Rows that come in any order and are given out sorted. */
export class HeldRows {
  readonly #shared: SharedPaths
  readonly #mostRows: number
  readonly #mostRaw: number
  #rows = 0
  #chunk = new Float64Array(0)
  /** Of an inlined chunk, its place in `#raw`. */
  #offset = new Float64Array(0)
  #length = new Float64Array(0)
  #path = new Uint32Array(0)
  #mask = new Uint32Array(0)
  #raw = new Uint8Array(0)
  #rawBytes = 0
  #starts: number[] = []
  #arrays: number[] = []

  /** `memory`: bytes that the rows are meant to take at most. */
  constructor(shared: SharedPaths, memory: number) {
    this.#shared = shared
    this.#mostRows = Math.ceil(memory / ROW_BYTES)
    this.#mostRaw = memory + BATCH_RAW
  }

  get rows(): number {
    return this.#rows
  }

  /** What they take in memory with their paths, and will take while they are sorted. */
  get bytes(): number {
    const runs = this.#starts.length * RUN_BYTES
    return this.#rows * ROW_BYTES + this.#rawBytes + runs + this.#shared.bytes
  }

  /** Forgets all rows; their memory is for those that come next. */
  reset(): void {
    this.#rows = 0
    this.#rawBytes = 0
    this.#starts = []
    this.#arrays = []
  }

  /** Forgets all rows and frees their memory. */
  clear(): void {
    this.reset()
    this.#chunk = this.#offset = this.#length = new Float64Array(0)
    this.#path = this.#mask = new Uint32Array(0)
    this.#raw = new Uint8Array(0)
  }

  /** Copies the rows of a batch. @throws PlanError where one has neither a path nor bytes. */
  add(batch: ReferenceBatch): void {
    const { rows } = batch
    const from = this.#rows
    if (from + rows > this.#chunk.length) {
      this.#grow(Math.max(from + rows, Math.min(2 * this.#chunk.length, this.#mostRows)))
    }
    this.#chunk.set(batch.chunk.subarray(0, rows), from)
    this.#offset.set(batch.offset.subarray(0, rows), from)
    this.#length.set(batch.length.subarray(0, rows), from)
    if (batch.filterMask) this.#mask.set(batch.filterMask.subarray(0, rows), from)
    else this.#mask.fill(0, from, from + rows)
    this.#rows += rows
    this.#findRuns(batch.array, from)
    this.#addPaths(batch, from)
  }

  #grow(length: number): void {
    this.#chunk = grown(this.#chunk, length)
    this.#offset = grown(this.#offset, length)
    this.#length = grown(this.#length, length)
    const path = new Uint32Array(length)
    path.set(this.#path)
    this.#path = path
    const mask = new Uint32Array(length)
    mask.set(this.#mask)
    this.#mask = mask
  }

  /** A run ends where the array changes or a chunk does not ascend. */
  #findRuns(array: number, from: number): void {
    const chunk = this.#chunk
    let ends = this.#arrays.at(-1) !== array
    for (let row = from; row < this.#rows; row++) {
      if (!ends && chunk[row] > chunk[row - 1]) continue
      this.#starts.push(row)
      this.#arrays.push(array)
      ends = false
    }
  }

  #addPaths({ rows, path, paths, raw }: ReferenceBatch, from: number): void {
    const codes = this.#shared.codes(paths)
    const to = this.#path
    for (let row = 0; row < rows; row++) {
      const index = path[row]
      if (index === INLINE) {
        to[from + row] = INLINE
        this.#addRaw(from + row, raw?.[row])
        continue
      }
      // Past its end an index has no code; adding refuses it.
      if (!(codes[index] < INLINE)) codes[index] = this.#shared.add(paths, index)
      to[from + row] = codes[index]
    }
  }

  #addRaw(row: number, bytes: Uint8Array | null | undefined): void {
    if (!bytes) throw new PlanError('an inlined chunk comes without its bytes')
    const end = this.#rawBytes + bytes.length
    if (end > this.#raw.length) {
      const { length } = this.#raw
      const raw = new Uint8Array(Math.max(end, Math.min(2 * length, Math.max(this.#mostRaw, 1.25 * length))))
      raw.set(this.#raw.subarray(0, this.#rawBytes))
      this.#raw = raw
    }
    this.#raw.set(bytes, this.#rawBytes)
    this.#offset[row] = this.#rawBytes
    this.#length[row] = bytes.length
    this.#rawBytes = end
  }

  /**
   * All rows, array by array ascending, chunks ascending, in batches whose `paths` is the shared list.
   * @throws what `duplicate` makes, where two rows have the same array and chunk.
   */
  *sorted(duplicate: DuplicateError): Generator<ReferenceBatch> {
    const runs = { starts: this.#starts, arrays: this.#arrays }
    const { order, arrays } = sortRuns(runs, this.#rows, this.#chunk, duplicate)
    for (const sorted of arrays) {
      for (let from = sorted.from; from < sorted.to; ) {
        const to = this.#batchEnd(order, from, sorted)
        yield this.#gather(sorted.array, order.subarray(from, to))
        from = to
      }
    }
  }

  #batchEnd(order: Uint32Array, from: number, { to }: SortedArray): number {
    const end = Math.min(to, from + BATCH_ROWS)
    if (this.#rawBytes === 0) return end
    let bytes = 0
    for (let at = from; at < end; at++) {
      if (this.#path[order[at]] === INLINE) bytes += this.#length[order[at]]
      if (bytes > BATCH_BYTES) return Math.max(at, from + 1)
    }
    return end
  }

  #gather(array: number, order: Uint32Array): ReferenceBatch {
    const rows = order.length
    const columns = newColumns(rows)
    let masked = 0
    let inlined = false
    for (let to = 0; to < rows; to++) {
      const row = order[to]
      columns.chunk[to] = this.#chunk[row]
      columns.path[to] = this.#path[row]
      columns.offset[to] = this.#offset[row]
      columns.length[to] = this.#length[row]
      columns.filterMask[to] = this.#mask[row]
      masked |= this.#mask[row]
      if (this.#path[row] === INLINE) inlined = true
    }
    const raw = inlined ? this.#gatherRaw(columns) : undefined
    return batchOf(columns, { array, rows, paths: this.#shared.paths, raw, masked: masked !== 0 })
  }

  #gatherRaw({ path, offset, length }: Columns): (Uint8Array | null)[] {
    return Array.from(path, (code, row) => {
      if (code !== INLINE) return null
      const bytes = this.#raw.slice(offset[row], offset[row] + length[row])
      offset[row] = 0
      return bytes
    })
  }
}
