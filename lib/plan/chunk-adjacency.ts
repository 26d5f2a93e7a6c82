/** Where chunks do not adjoin: the places in a column of chunks at which no merged chunk may go on. */
import { UnsupportedError } from '../errors.ts'
import { chunkCoordinates, gridStrides } from '../model/chunk-grid.ts'
import { greatestCommonDivisor } from '../model/chunk-split.ts'

/** Where the bytes of a chunk are, or that there are none. */
export interface ChunkPlace {
  /** null: held inline. */
  readonly path: string | null
  readonly offset: number
  readonly length: number
}

/** Two neighbours that do not adjoin; a chunk without a place is missing. */
export interface Break {
  readonly before: { readonly chunk: number; readonly place: ChunkPlace | undefined }
  readonly after: { readonly chunk: number; readonly place: ChunkPlace | undefined }
}

/** In which order chunks are to be strung together. */
export interface Columns {
  /** Chunks along each axis. */
  readonly grid: readonly number[]
  /** The axis along which columns run. */
  readonly axis: number
  /** Chunks that are merged along each axis behind `axis`: divisors of the grid. Those before it count for nothing. */
  readonly merged: readonly number[]
  /** Bytes of a chunk. */
  readonly chunkBytes: number
}

/** Columns looked at at a time. */
const MOST_COLUMNS = 1 << 20

/** The last chunk seen of a column. */
interface ColumnEnd {
  outer: number
  /** Its place in the column. */
  at: number
  place: ChunkPlace
}

/** Takes an array's chunks in their order; what is kept is one chunk of each column. */
export class ChunkAdjacency {
  /** Of the positions along the axis at which a column is broken: 0 where none is. */
  divisor = 0
  /** Whether chunks do not adjoin within one position along the axis: nothing can be merged. */
  isBroken = false
  /** The first break that a merger of `wished` along the axis would go across. */
  first: Break | undefined
  readonly #columns: Columns
  readonly #wished: number
  readonly #strides: readonly number[]
  /** Positions of the chunk in its column: chunks of one position along the axis. */
  readonly #depth: number
  readonly #ends = new Map<number, ColumnEnd>()

  /** @param wished chunks to be merged along the axis; Infinity for as many as may be. */
  constructor(columns: Columns, wished: number) {
    this.#columns = columns
    this.#wished = wished
    this.#strides = gridStrides(columns.grid)
    this.#depth = columns.merged.reduce(
      (product, count, axis) => (axis > columns.axis ? product * count : product),
      1,
    )
  }

  /** Adds the next chunk. @throws UnsupportedError where there are too many columns. */
  add(chunk: number, place: ChunkPlace): void {
    const { grid, axis } = this.#columns
    const stride = this.#strides[axis]
    const [column, inner] = this.#columnOf(chunk % stride)
    const plane = Math.floor(chunk / stride)
    const outer = Math.floor(plane / grid[axis])
    const at = (plane % grid[axis]) * this.#depth + inner
    const end = this.#ends.get(column)
    if (!end) {
      if (this.#ends.size === MOST_COLUMNS)
        throw new UnsupportedError(`merging across ${MOST_COLUMNS} chunks`)
      this.#ends.set(column, { outer, at, place })
      if (at > 0) this.#break(column, outer, at, undefined, place)
      return
    }
    this.#follow(end, column, outer, at, place)
    end.outer = outer
    end.at = at
    end.place = place
  }

  /** No chunk comes any more. */
  end(): void {
    for (const [column, end] of this.#ends) this.#close(column, end)
    this.#ends.clear()
  }

  #follow(end: ColumnEnd, column: number, outer: number, at: number, place: ChunkPlace): void {
    const isSame = outer === end.outer
    if (isSame && at === end.at + 1) {
      if (!this.#adjoin(end.place, place)) this.#break(column, outer, at, end.place, place)
      return
    }
    if (isSame) this.#break(column, outer, end.at + 1, end.place, undefined)
    else this.#close(column, end)
    if (at > 0) this.#break(column, outer, at, undefined, place)
  }

  #close(column: number, { outer, at, place }: ColumnEnd): void {
    const { grid, axis } = this.#columns
    if (at + 1 < grid[axis] * this.#depth) this.#break(column, outer, at + 1, place, undefined)
  }

  #adjoin(before: ChunkPlace, after: ChunkPlace): boolean {
    const isWhole = before.length === this.#columns.chunkBytes
    if (!isWhole || before.path !== after.path) return false
    return before.path === null || before.offset + before.length === after.offset
  }

  #break(
    column: number,
    outer: number,
    at: number,
    before: ChunkPlace | undefined,
    after: ChunkPlace | undefined,
  ): void {
    const position = at / this.#depth
    const isWithin = !Number.isInteger(position)
    if (isWithin) this.isBroken = true
    else this.divisor = greatestCommonDivisor(position, this.divisor)
    if (this.first || (!isWithin && position % this.#wished === 0)) return
    this.first = {
      before: { chunk: this.#chunkAt(column, outer, at - 1), place: before },
      after: { chunk: this.#chunkAt(column, outer, at), place: after },
    }
  }

  /** The column of a chunk, and its place among the column's chunks of one position; from its number behind the axis. */
  #columnOf(rest: number): [column: number, inner: number] {
    const { grid, axis, merged } = this.#columns
    let column = 0
    let inner = 0
    for (let each = axis + 1; each < grid.length; each++) {
      const coordinate = Math.floor(rest / this.#strides[each]) % grid[each]
      column = column * (grid[each] / merged[each]) + Math.floor(coordinate / merged[each])
      inner = inner * merged[each] + (coordinate % merged[each])
    }
    return [column, inner]
  }

  #chunkAt(column: number, outer: number, at: number): number {
    const { grid, axis, merged } = this.#columns
    const behind = (counts: readonly number[]) => counts.slice(axis + 1)
    const columns = chunkCoordinates(column, behind(grid.map((count, each) => count / merged[each])))
    const inner = chunkCoordinates(at % this.#depth, behind(merged))
    const plane = outer * grid[axis] + Math.floor(at / this.#depth)
    return columns.reduce(
      (sum, tile, index) =>
        sum + (tile * behind(merged)[index] + inner[index]) * behind(this.#strides)[index],
      plane * this.#strides[axis],
    )
  }
}
