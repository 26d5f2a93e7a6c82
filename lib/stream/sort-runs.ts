/** Ascending runs of rows to one order: runs are merged pair by pair (natural merge sort), so that order already there costs nothing. */

/** Raised where two rows have the same array and chunk. */
export type DuplicateError = (array: number, chunk: number) => Error

/** Where runs of ascending chunks begin, and the arrays that they belong to; each ends where the next begins. */
export interface Runs {
  readonly starts: readonly number[]
  readonly arrays: readonly number[]
}

/** The rows `order[from]` to before `order[to]` are those of one array, ascending. */
export interface SortedArray {
  readonly array: number
  readonly from: number
  readonly to: number
}

interface SortedRows {
  readonly order: Uint32Array
  readonly arrays: readonly SortedArray[]
}

/** Two pairs of columns: runs are merged from the one into the other, and back. */
class PairMerge {
  keys: Float64Array
  rows: Uint32Array
  #otherKeys: Float64Array
  #otherRows: Uint32Array
  readonly #duplicate: (chunk: number) => Error

  constructor(length: number, duplicate: (chunk: number) => Error) {
    this.keys = new Float64Array(length)
    this.rows = new Uint32Array(length)
    this.#otherKeys = new Float64Array(length)
    this.#otherRows = new Uint32Array(length)
    this.#duplicate = duplicate
  }

  /** Merges all runs; `bounds` are their starts and the end of the last. */
  merge(bounds: number[]): void {
    while (bounds.length > 2) {
      const end = bounds[bounds.length - 1]
      const merged: number[] = []
      for (let i = 0; i + 1 < bounds.length; i += 2) {
        merged.push(bounds[i])
        this.#mergePair(bounds[i], bounds[i + 1], i + 2 < bounds.length ? bounds[i + 2] : end)
      }
      merged.push(end)
      bounds = merged
      this.#swap()
    }
  }

  #swap(): void {
    const { keys, rows } = this
    this.keys = this.#otherKeys
    this.rows = this.#otherRows
    this.#otherKeys = keys
    this.#otherRows = rows
  }

  #copy(to: number, from: number, end: number): void {
    this.#otherKeys.set(this.keys.subarray(from, end), to)
    this.#otherRows.set(this.rows.subarray(from, end), to)
  }

  #mergePair(start: number, middle: number, end: number): void {
    const { keys } = this
    if (middle === end || keys[middle - 1] < keys[middle]) this.#copy(start, start, end)
    else if (keys[end - 1] < keys[start]) {
      this.#copy(start, middle, end)
      this.#copy(start + end - middle, start, middle)
    } else this.#interleave(start, middle, end)
  }

  #interleave(start: number, middle: number, end: number): void {
    const { keys, rows } = this
    const toKeys = this.#otherKeys
    const toRows = this.#otherRows
    let left = start
    let right = middle
    let to = start
    while (left < middle && right < end) {
      const a = keys[left]
      const b = keys[right]
      if (a === b) throw this.#duplicate(a)
      toKeys[to] = a < b ? a : b
      toRows[to++] = a < b ? rows[left++] : rows[right++]
    }
    this.#copy(to, left, middle)
    this.#copy(to + middle - left, right, end)
  }
}

/** Rows of one array, in the order of its runs, sorted into `order` at `from`; returns where they end. */
function sortArray(
  order: Uint32Array,
  from: number,
  spans: readonly (readonly [start: number, end: number])[],
  chunk: Float64Array,
  duplicate: (chunk: number) => Error,
): number {
  const length = spans.reduce((rows, [start, end]) => rows + end - start, 0)
  const merge = new PairMerge(length, duplicate)
  const bounds = [0]
  let to = 0
  for (const [start, end] of spans) {
    merge.keys.set(chunk.subarray(start, end), to)
    for (let row = start; row < end; row++) merge.rows[to++] = row
    bounds.push(to)
  }
  merge.merge(bounds)
  order.set(merge.rows, from)
  return from + length
}

/**
 * The order of `rows` rows, array by array ascending, chunks ascending.
 * @throws what `duplicate` makes, where two rows have the same array and chunk.
 */
export function sortRuns(
  { starts, arrays }: Runs,
  rows: number,
  chunk: Float64Array,
  duplicate: DuplicateError,
): SortedRows {
  const spans = new Map<number, [start: number, end: number][]>()
  for (const [run, start] of starts.entries()) {
    const span: [number, number] = [start, starts[run + 1] ?? rows]
    const others = spans.get(arrays[run])
    if (others) others.push(span)
    else spans.set(arrays[run], [span])
  }
  const order = new Uint32Array(rows)
  const sorted: SortedArray[] = []
  let from = 0
  for (const array of [...spans.keys()].sort((a, b) => a - b)) {
    const to = sortArray(order, from, spans.get(array) ?? [], chunk, (number) => duplicate(array, number))
    sorted.push({ array, from, to })
    from = to
  }
  return { order, arrays: sorted }
}
