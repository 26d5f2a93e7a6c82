/** Chunks of the result that are put together anew out of the chunks of several inputs. */
import { encodeChunk } from '../codec/encode-chunk.ts'
import { chunkCoordinates, extentsSoFar, gridShape } from '../model/chunk-grid.ts'
import { PIECE_BYTES } from '../model/chunk-split.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { Footer } from '../model/reference-batch.ts'
import type { PlanInput } from '../plan/plan-input.ts'
import { chunkBytes, type SeamPlan, type Stretch } from '../plan/seams.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { ChunkReader, filled } from '../store/chunk-reader.ts'
import { copyRegion } from '../store/copy-region.ts'
import { splitSet } from './split-chunks.ts'

/** How the inputs are read. */
export interface SeamReading {
  readonly inputs: readonly PlanInput[]
  readonly open: OpenSource
  readonly signal?: AbortSignal | undefined
  /** Told of an input in which the array is found unreferenceable; what it was to give then counts as missing. */
  readonly onDropped: (at: number, footer: Footer) => void
}

/** Decoded chunks that are kept for the next rows, in bytes. */
const KEPT_BYTES = 1 << 26

/** A chunk of an input, decoded; undefined where it is missing. */
type Decoded = Promise<Uint8Array | undefined>

/** The chunks of one input; large ones without a filter as pieces, of which those are read that are needed. */
class StretchReader {
  readonly stretch: Stretch
  readonly chunkShape: readonly number[]
  readonly #reader: ChunkReader
  readonly #index: number
  readonly #grid: readonly number[]

  constructor(stretch: Stretch, { inputs, open, signal, onDropped }: SeamReading) {
    const { set, indexOf } = inputs[stretch.at]
    const { path, shape } = stretch.array
    const split = splitSet(set, PIECE_BYTES, { arrays: [path], open, signal })
    this.stretch = stretch
    this.#reader = new ChunkReader(split, {
      open,
      signal,
      onDropped: (footer) => onDropped(stretch.at, footer),
    })
    this.#index = indexOf.get(path) ?? -1
    this.chunkShape = split.header.arrays[this.#index].chunkShape
    this.#grid = gridShape(extentsSoFar(shape), this.chunkShape)
  }

  /** Numbers of the chunks that meet a block of the input's array. */
  chunksOf(low: readonly number[], high: readonly number[]): number[] {
    let numbers = [0]
    for (const [axis, extent] of this.chunkShape.entries()) {
      const first = Math.floor(low[axis] / extent)
      const count = Math.ceil(high[axis] / extent) - first
      numbers = numbers.flatMap((number) =>
        Array.from({ length: count }, (_, step) => number * this.#grid[axis] + first + step),
      )
    }
    return numbers
  }

  /** Where the chunk begins in the input's array. */
  originOf(chunk: number): number[] {
    return chunkCoordinates(chunk, this.#grid).map((at, axis) => at * this.chunkShape[axis])
  }

  async decoded(chunk: number): Decoded {
    const location = await this.#reader.locate(this.#index, chunk)
    return location && this.#reader.decoded(this.#index, location)
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}

/** Puts the chunks of one array together, asked for by ascending rows along the joined axis. */
export class SeamChunks {
  readonly #plan: SeamPlan
  readonly #reading: SeamReading
  readonly #shape: readonly number[]
  readonly #grid: readonly number[]
  readonly #itemBytes: number
  readonly #readers = new Map<Stretch, StretchReader>()
  readonly #kept = new Map<string, Decoded>()
  readonly #mostKept: number

  constructor(plan: SeamPlan, reading: SeamReading) {
    const { array, stretches } = plan
    this.#plan = plan
    this.#reading = reading
    this.#shape = extentsSoFar(array.shape)
    this.#grid = gridShape(this.#shape, array.chunkShape)
    this.#itemBytes = itemSize(array.dataType)
    const largest = stretches.reduce((most, own) => Math.max(most, readBytes(own.array)), 1)
    this.#mostKept = Math.max(1, Math.floor(KEPT_BYTES / largest))
  }

  /** The encoded chunk of this number; undefined where every chunk that it is made of is missing. */
  async read(chunk: number): Promise<Uint8Array | undefined> {
    const { array } = this.#plan
    const coordinates = chunkCoordinates(chunk, this.#grid)
    const low = coordinates.map((at, axis) => at * array.chunkShape[axis])
    const high = low.map((from, axis) => Math.min(from + array.chunkShape[axis], this.#shape[axis]))
    const bytes = filled(chunkBytes(array), array.fillValue)
    let found = false
    for (const stretch of this.#meeting(low, high)) {
      const reader = this.#readerOf(stretch)
      const block = this.#within(stretch, low, high)
      for (const number of reader.chunksOf(block.low, block.high)) {
        const decoded = await this.#decoded(reader, number)
        if (!decoded) continue
        found = true
        this.#copy(reader, number, decoded, { ...block, target: low, bytes })
      }
    }
    return found ? encodeChunk(bytes, array.codecs) : undefined
  }

  /** Closes inputs that end before this row of the joined axis: rows ascend. */
  async release(row: number): Promise<void> {
    for (const [stretch, reader] of this.#readers) {
      if (stretch.end > row) continue
      this.#readers.delete(stretch)
      await reader.close()
    }
  }

  async close(): Promise<void> {
    this.#kept.clear()
    await this.release(Number.POSITIVE_INFINITY)
  }

  #meeting(low: readonly number[], high: readonly number[]): Stretch[] {
    const { stretches, axis } = this.#plan
    return stretches.filter(({ begin, end }) => begin < high[axis] && end > low[axis])
  }

  #readerOf(stretch: Stretch): StretchReader {
    const known = this.#readers.get(stretch)
    if (known) return known
    const reader = new StretchReader(stretch, this.#reading)
    this.#readers.set(stretch, reader)
    return reader
  }

  /** The block in the input's own coordinates. */
  #within({ begin, end }: Stretch, low: readonly number[], high: readonly number[]) {
    const { axis } = this.#plan
    const own = { low: [...low], high: [...high] }
    own.low[axis] = Math.max(low[axis], begin) - begin
    own.high[axis] = Math.min(high[axis], end) - begin
    return own
  }

  /** Neighbouring chunks of the result are made of the same ones. */
  #decoded(reader: StretchReader, chunk: number): Decoded {
    const key = `${reader.stretch.at} ${chunk}`
    const known = this.#kept.get(key)
    this.#kept.delete(key)
    const decoded = known ?? reader.decoded(chunk)
    this.#kept.set(key, decoded)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#mostKept) this.#kept.delete(oldest)
    return decoded
  }

  /** Copies what of a decoded chunk lies in the block; `target` is where the chunk of the result begins. */
  #copy(
    reader: StretchReader,
    chunk: number,
    decoded: Uint8Array,
    block: { low: readonly number[]; high: readonly number[]; target: readonly number[]; bytes: Uint8Array },
  ): void {
    const { axis, array } = this.#plan
    const { stretch, chunkShape } = reader
    const origin = reader.originOf(chunk)
    const from = origin.map((at, each) => Math.max(at, block.low[each]))
    const to = origin.map((at, each) => Math.min(at + chunkShape[each], block.high[each]))
    const shift = (each: number) => (each === axis ? stretch.begin : 0)
    copyRegion(
      { bytes: decoded, shape: chunkShape, origin: from.map((at, each) => at - origin[each]) },
      {
        bytes: block.bytes,
        shape: array.chunkShape,
        origin: from.map((at, each) => at + shift(each) - block.target[each]),
      },
      to.map((at, each) => at - from[each]),
      this.#itemBytes,
    )
  }
}

/** Bytes that are decoded at once, about. */
function readBytes(array: ArrayMetadata): number {
  const bytes = chunkBytes(array)
  return array.codecs.length === 0 ? Math.min(bytes, PIECE_BYTES) : bytes
}
