/** Chunks that adjoin made one, as they come: what is kept is the chunks that have begun and are not complete. */
import { FormatError, SourceError, UnsupportedError } from '../../errors.ts'
import { chunkCoordinates, chunkCount, gridShape, gridStrides } from '../../model/chunk-grid.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { PlainArray } from '../../plan/piece-grid.ts'
import type { NewChunks } from './chunk-tails.ts'
import { DraftBatch } from './draft-batch.ts'
import type { ChunkSpan, RechunkContext, Rechunker } from './rechunked-set.ts'

/** Inlined bytes of chunks that are not complete. */
const MOST_RAW = 1 << 28

/** The grid of merged chunks over the array's own. */
export interface MergeGrid {
  /** The array as it becomes. */
  readonly array: PlainArray
  readonly index: number
  readonly counts: readonly number[]
  /** The first axis along which chunks are merged. */
  readonly axis: number
  readonly chunks: readonly number[]
  readonly chunkStrides: readonly number[]
  readonly merged: readonly number[]
  readonly mergedStrides: readonly number[]
  /** Strides of chunks within a merged one. */
  readonly partStrides: readonly number[]
  readonly chunkBytes: number
  readonly mergedBytes: number
}

/** The grid of chunks of `counts` of the array's along each axis. */
export function mergeGrid(array: PlainArray, index: number, counts: readonly number[]): MergeGrid {
  const chunkShape = array.chunkShape.map((extent, axis) => extent * counts[axis])
  const chunks = gridShape(array.shape, array.chunkShape)
  const merged = gridShape(array.shape, chunkShape)
  return {
    array: { ...array, chunkShape },
    index,
    counts,
    axis: Math.max(
      0,
      counts.findIndex((count) => count > 1),
    ),
    chunks,
    chunkStrides: gridStrides(chunks),
    merged,
    mergedStrides: gridStrides(merged),
    partStrides: gridStrides(counts),
    chunkBytes: chunkCount(array.chunkShape) * array.itemBytes,
    mergedBytes: chunkCount(chunkShape) * array.itemBytes,
  }
}

/** The chunks beneath of those from `from` to before `to`: whole rows of merged chunks. */
export function chunksOfMerged(grid: MergeGrid, from: number, to: number): ChunkSpan {
  if (from >= to) return [0, 0]
  const { axis, counts, chunks, chunkStrides, merged, mergedStrides } = grid
  const row = (chunk: number): [outer: number, at: number] => {
    const plane = Math.floor(chunk / mergedStrides[axis])
    return [Math.floor(plane / merged[axis]), plane % merged[axis]]
  }
  const [firstOuter, first] = row(from)
  const [lastOuter, last] = row(to - 1)
  const end = Math.min(chunks[axis], (last + 1) * counts[axis])
  return [
    (firstOuter * chunks[axis] + first * counts[axis]) * chunkStrides[axis],
    (lastOuter * chunks[axis] + end) * chunkStrides[axis],
  ]
}

/** A merged chunk that has begun. */
interface Open {
  /** null: inline. */
  readonly path: string | null
  readonly offset: number
  readonly raw: Uint8Array[]
  stored: number
  /** Parts that have come, and that it has within the grid. */
  parts: number
  readonly all: number
}

/** Merges the chunks of one array; of the merged ones those within the span. */
export class MergedChunks implements Rechunker {
  readonly #grid: MergeGrid
  readonly #new: NewChunks
  readonly #span: ChunkSpan
  readonly #context: RechunkContext
  readonly #open = new Map<number, Open>()
  readonly #draft: DraftBatch
  #rawBytes = 0

  constructor(grid: MergeGrid, span: ChunkSpan, context: RechunkContext) {
    this.#grid = grid
    this.#new = { array: grid.array, grid: grid.merged, chunkBytes: grid.mergedBytes }
    this.#span = span
    this.#context = context
    this.#draft = new DraftBatch(grid.index)
  }

  async *add(batch: ReferenceBatch): AsyncGenerator<ReferenceBatch> {
    for (let row = 0; row < batch.rows; row++) {
      const [number, part] = this.#placeOf(batch.chunk[row])
      if (number < this.#span[0] || number >= this.#span[1]) continue
      const open = this.#take(batch, row, number, part)
      if (open.parts < open.all) continue
      this.#open.delete(number)
      const bytes = open.path === null || open.stored < this.#new.chunkBytes ? this.#new.chunkBytes : 0
      if (this.#draft.isFull(bytes)) yield* this.#taken()
      const place = open.path ?? this.#joined(open)
      this.#context.tails.add(this.#draft, this.#new, {
        chunk: number,
        place,
        offset: open.offset,
        stored: open.stored,
      })
    }
  }

  async *end(): AsyncGenerator<ReferenceBatch> {
    const [chunk] = this.#open.keys()
    if (chunk !== undefined) throw this.#changed()
    yield* this.#taken()
  }

  async close(): Promise<void> {
    this.#open.clear()
  }

  async *#taken(): AsyncGenerator<ReferenceBatch> {
    if (this.#draft.rows > 0) yield await this.#context.tails.read(this.#draft.take())
  }

  /** The merged chunk of a chunk, and its place within. */
  #placeOf(chunk: number): [number: number, part: number] {
    const { counts, chunks, chunkStrides, mergedStrides, partStrides } = this.#grid
    let number = 0
    let part = 0
    for (let axis = 0; axis < chunks.length; axis++) {
      const at = Math.floor(chunk / chunkStrides[axis]) % chunks[axis]
      number += Math.floor(at / counts[axis]) * mergedStrides[axis]
      part += (at % counts[axis]) * partStrides[axis]
    }
    return [number, part]
  }

  /** Adds a row to the merged chunk that it is part of. */
  #take(batch: ReferenceBatch, row: number, number: number, part: number): Open {
    const index = batch.path[row]
    const raw = index === INLINE ? (batch.raw?.[row] ?? new Uint8Array(0)) : undefined
    const path = raw ? null : batch.paths[index]
    const offset = raw ? 0 : batch.offset[row]
    const length = raw?.length ?? batch.length[row]
    if (length > this.#grid.chunkBytes) throw this.#tooLong(path, offset, length)
    const known = this.#open.get(number)
    const open = known ?? { path, offset, raw: [], stored: 0, parts: 0, all: this.#partsOf(number) }
    if (!known) this.#open.set(number, open)
    const start = part * this.#grid.chunkBytes
    const fits = open.path === path && open.stored === start && (raw || open.offset + start === offset)
    if (part !== open.parts || !fits) throw this.#changed()
    open.parts++
    open.stored += length
    if (raw) this.#hold(open, raw)
    return open
  }

  #hold(open: Open, raw: Uint8Array): void {
    open.raw.push(raw)
    this.#rawBytes += raw.length
    if (this.#rawBytes <= MOST_RAW) return
    throw new UnsupportedError(`merging more than ${MOST_RAW} bytes of inlined chunks at once`, {
      array: this.#grid.array.path,
    })
  }

  #joined({ raw, stored }: Open): Uint8Array {
    const bytes = new Uint8Array(stored)
    let at = 0
    for (const part of raw) {
      bytes.set(part, at)
      at += part.length
    }
    this.#rawBytes -= stored
    return bytes
  }

  /** Parts within the grid: fewer at the end of the first merged axis alone. */
  #partsOf(number: number): number {
    const { axis, counts, chunks, merged, partStrides } = this.#grid
    const first = chunkCoordinates(number, merged)[axis] * counts[axis]
    return Math.min(counts[axis], chunks[axis] - first) * partStrides[axis]
  }

  #tooLong(path: string | null, offset: number, length: number): FormatError {
    const at = { url: path ?? 'bytes held inline', offset, structure: `a chunk of ${this.#grid.array.path}` }
    return new FormatError(at, `${length} bytes are stored, a chunk has ${this.#grid.chunkBytes}`)
  }

  /** The references are not those that were looked at when it was planned. */
  #changed(): SourceError {
    const { path } = this.#grid.array
    return new SourceError(path, 'its chunks are not where they were when it was planned to merge them')
  }
}
