/** The pieces of an array's chunks, ascending: the chunks whose pieces interleave are held, and expanded lazily. */
import { FormatError } from '../../errors.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { PieceGrid, PlainArray } from '../../plan/piece-grid.ts'
import { ReferenceSorter } from '../../stream/sort-spill.ts'
import type { NewChunks } from './chunk-tails.ts'
import { type Draft, DraftBatch } from './draft-batch.ts'
import type { ChunkSpan, RechunkContext, Rechunker } from './rechunked-set.ts'

/** Rows of all arrays that are held, and their inlined bytes, before pieces are sorted on disk. */
const HELD_ROWS = 1 << 20
const HELD_BYTES = 1 << 25

/** What is split. */
export interface SplitChunks {
  /** The array as it becomes. */
  readonly array: PlainArray
  readonly index: number
  readonly grid: PieceGrid
}

/** Rows of chunks, ascending. */
class BlockRows {
  readonly chunk: number[] = []
  readonly place: (string | Uint8Array)[] = []
  readonly offset: number[] = []
  readonly length: number[] = []
  bytes = 0

  clear(): void {
    this.chunk.length = 0
    this.place.length = 0
    this.offset.length = 0
    this.length.length = 0
    this.bytes = 0
  }
}

/** Splits the chunks of one array; of the pieces those within the span. */
export class ChunkPieces implements Rechunker {
  readonly #array: PlainArray
  readonly #index: number
  readonly #grid: PieceGrid
  readonly #chunks: NewChunks
  readonly #span: ChunkSpan
  readonly #context: RechunkContext
  readonly #limits: { readonly rows: number; readonly bytes: number }
  readonly #rows = new BlockRows()
  readonly #draft: DraftBatch
  #block = -1
  #sorter: ReferenceSorter | undefined

  constructor(
    { array, index, grid }: SplitChunks,
    span: ChunkSpan,
    context: RechunkContext,
    limits = { rows: HELD_ROWS, bytes: HELD_BYTES },
  ) {
    this.#array = array
    this.#index = index
    this.#grid = grid
    this.#chunks = { array, grid: grid.pieces, chunkBytes: grid.pieceBytes }
    this.#span = span
    this.#context = context
    this.#limits = limits
    this.#draft = new DraftBatch(index)
  }

  async *add(batch: ReferenceBatch): AsyncGenerator<ReferenceBatch> {
    for (let row = 0; row < batch.rows; row++) {
      const block = Math.floor(batch.chunk[row] / this.#grid.blockRows)
      if (block !== this.#block) yield* this.#flush()
      this.#block = block
      this.#hold(batch, row)
      if (this.#isTooMuch) await this.#spill()
    }
  }

  async *end(): AsyncGenerator<ReferenceBatch> {
    yield* this.#flush()
    yield* this.#taken()
  }

  async close(): Promise<void> {
    this.#release()
    await this.#sorter?.close()
    this.#sorter = undefined
  }

  /** Whether all arrays hold too much, and this one a good part of it. */
  get #isTooMuch(): boolean {
    const { held } = this.#context
    const { chunk, bytes } = this.#rows
    const { rows: mostRows, bytes: mostBytes } = this.#limits
    return (
      (held.rows > mostRows && 8 * chunk.length > mostRows) ||
      (held.bytes > mostBytes && 8 * bytes > mostBytes)
    )
  }

  #hold(batch: ReferenceBatch, row: number): void {
    const path = batch.path[row]
    const raw = path === INLINE ? (batch.raw?.[row] ?? new Uint8Array(0)) : undefined
    const length = raw?.length ?? batch.length[row]
    const { chunkBytes } = this.#grid
    if (length > chunkBytes) {
      const at = { url: raw ? 'bytes held inline' : batch.paths[path], offset: batch.offset[row] }
      const structure = `chunk ${batch.chunk[row]} of ${this.#array.path}`
      throw new FormatError({ ...at, structure }, `${length} bytes are stored, a chunk has ${chunkBytes}`)
    }
    this.#rows.chunk.push(batch.chunk[row])
    this.#rows.place.push(raw ?? batch.paths[path])
    this.#rows.offset.push(raw ? 0 : batch.offset[row])
    this.#rows.length.push(length)
    this.#rows.bytes += raw?.length ?? 0
    this.#context.held.rows++
    this.#context.held.bytes += raw?.length ?? 0
  }

  #release(): void {
    this.#context.held.rows -= this.#rows.chunk.length
    this.#context.held.bytes -= this.#rows.bytes
    this.#rows.clear()
  }

  /** Hands on the pieces of the block that is complete. */
  async *#flush(): AsyncGenerator<ReferenceBatch> {
    if (this.#sorter) {
      await this.#spill()
      yield* this.#taken()
      yield* this.#sorter.batches()
      await this.#sorter.close()
      this.#sorter = undefined
      return
    }
    for (const draft of this.#expand(this.#draft)) yield await this.#context.tails.read(draft)
    this.#release()
  }

  /** Lets go of the rows that are held: their pieces, ascending, go to the sorter. */
  async #spill(): Promise<void> {
    this.#sorter ??= new ReferenceSorter({ signal: this.#context.signal })
    const own = new DraftBatch(this.#index)
    for (const draft of this.#expand(own)) await this.#sorter.add(await this.#context.tails.read(draft))
    await this.#sorter.add(await this.#context.tails.read(own.take()))
    this.#release()
  }

  async *#taken(): AsyncGenerator<ReferenceBatch> {
    if (this.#draft.rows > 0) yield await this.#context.tails.read(this.#draft.take())
  }

  #expand(draft: DraftBatch): Generator<Draft> {
    return this.#expandAxis(draft, 0, [0, this.#rows.chunk.length], 0, 0)
  }

  /**
   * The pieces of the rows from `first` to before `end`, which share the coordinates before `axis`.
   * @param number what these coordinates add to the numbers of the pieces.
   * @param start what they add to the places of the pieces in a chunk, in bytes.
   */
  *#expandAxis(
    draft: DraftBatch,
    axis: number,
    [first, end]: readonly [number, number],
    number: number,
    start: number,
  ): Generator<Draft> {
    const { factors, jumps, pieces, pieceStrides, lastSplit } = this.#grid
    const stride = pieceStrides[axis]
    const [from, to] = this.#span
    for (let row = first; row < end; ) {
      const at = this.#coordinate(row, axis)
      const next = this.#groupEnd(row, end, axis, at)
      const begin = at * factors[axis]
      const last = Math.min(begin + factors[axis], pieces[axis], Math.ceil((to - number) / stride))
      for (let k = Math.max(begin, Math.floor((from - number) / stride)); k < last; k++) {
        const place = start + (k - begin) * jumps[axis]
        if (axis < lastSplit)
          yield* this.#expandAxis(draft, axis + 1, [row, next], number + k * stride, place)
        else yield* this.#emit(draft, [row, next], number + k * stride, place)
      }
      row = next
    }
  }

  #coordinate(row: number, axis: number): number {
    const { chunks, chunkStrides } = this.#grid
    return Math.floor(this.#rows.chunk[row] / chunkStrides[axis]) % chunks[axis]
  }

  /** Where the rows end that have the same coordinate along the axis. */
  #groupEnd(row: number, end: number, axis: number, at: number): number {
    let next = row + 1
    while (next < end && this.#coordinate(next, axis) === at) next++
    return next
  }

  /** One piece of each row: behind the last axis that is split, pieces are numbered as chunks are. */
  *#emit(
    draft: DraftBatch,
    [first, end]: readonly [number, number],
    number: number,
    start: number,
  ): Generator<Draft> {
    const { lastSplit, chunkStrides, pieceBytes } = this.#grid
    const { chunk, place, offset, length } = this.#rows
    const [from, to] = this.#span
    for (let row = first; row < end; row++) {
      const piece = number + (chunk[row] % chunkStrides[lastSplit])
      if (piece < from || piece >= to) continue
      const source = place[row]
      const stored = length[row] - start
      const isReference = typeof source === 'string'
      if (draft.isFull(isReference && stored >= pieceBytes ? 0 : pieceBytes)) yield draft.take()
      if (isReference && stored >= pieceBytes)
        draft.addReference(piece, source, offset[row] + start, pieceBytes)
      else {
        const part = { chunk: piece, place: source, offset: offset[row] + start, stored }
        this.#context.tails.add(draft, this.#chunks, part)
      }
    }
  }
}
