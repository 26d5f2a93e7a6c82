/** One array's shards, written front to back as its batches come; only the open one is held. */
import { UnsupportedError, WriteError } from '../../errors.ts'
import type { ArrayRecord } from '../../format/kerchunk-parquet/record-line.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import { encodeFillChunk, MOST_FILL_BYTES, MOST_FILL_CHUNKS } from '../fill-chunk.ts'
import { type FillPlan, planFill } from '../fill-value.ts'
import type { JsonValue } from '../json-text.ts'
import type { ArrayCounters, RestoredArray, StoredShard } from './array-progress.ts'
import { Shard } from './shard.ts'

const NO_ATTRIBUTE = 'there is no attribute _FillValue'

interface ArrayWriterOptions {
  /** Rows of a shard. */
  readonly recordSize: number
  readonly onUnsupported: 'fail' | 'skip'
  /** Throws where a set may not point at this path. */
  readonly checkPath: (path: string) => void
  /** Stores a shard, which is closed already; may return before it is on disk. */
  readonly store: (shard: number, bytes: Uint8Array) => Promise<void>
}

/** Writes one array. */
export class ArrayWriter {
  readonly metadata: ArrayMetadata
  references = 0
  inlined = 0
  /** Of `inlined`: the numbers of chunks of fill values, made here where the file has none. */
  readonly filledChunks: number[] = []
  /** Bytes that the references point at. */
  referencedBytes = 0
  /** Numbers of the shards written. */
  readonly shards: number[] = []
  /** Why nothing of the array is kept. */
  dropped: string | undefined
  readonly #options: ArrayWriterOptions
  readonly #fill: FillPlan
  // Whether missing chunks are written out as the fill value.
  #gapless: boolean
  #fillChunk: Uint8Array | undefined
  // Chunks of the grid; Infinity while an axis may still grow.
  #chunks: number
  #shard: Shard | undefined
  #shardNumber = -1
  // The chunk after the last one seen.
  #next = 0
  // Chunks below are here already: what comes of them once more is passed over.
  #known = 0
  #paths: readonly string[] = []
  // From indexes into #paths to codes of the open shard's dictionary, and the last of them.
  #codes = new Map<number, number>()
  #lastIndex = INLINE
  #lastCode = 0

  constructor(metadata: ArrayMetadata, options: ArrayWriterOptions) {
    this.metadata = metadata
    this.#options = options
    this.#fill = planFill(metadata)
    this.#gapless = this.#fill.kind === 'conflict' || (this.#fill.kind === 'value' && !this.#fill.attribute)
    this.#chunks = countChunks(metadata, metadata.shape)
  }

  get filled(): number {
    return this.filledChunks.length
  }

  /** All but the rows and the shards. */
  get counters(): ArrayCounters {
    const { references, inlined, referencedBytes, dropped } = this
    return { references, inlined, referencedBytes, next: this.#next, gapless: this.#gapless, dropped }
  }

  /** The open shard. */
  get open(): RestoredArray['open'] {
    return this.#shard && { number: this.#shardNumber, shard: this.#shard }
  }

  /** Goes on from where another writer of this array was; chunks that it had are passed over if they come again. */
  restore({ counters, filled, stored, open }: RestoredArray): void {
    this.references = counters.references
    this.inlined = counters.inlined
    this.referencedBytes = counters.referencedBytes
    this.dropped = counters.dropped
    this.#next = counters.next
    this.#known = counters.next
    this.#gapless = counters.gapless
    this.filledChunks.push(...filled)
    this.shards.push(...stored.map(({ shard }) => shard))
    if (!open) return
    this.#shardNumber = open.number
    this.#shard = open.shard
    this.#forgetCodes()
  }

  /** Begins with this chunk. */
  startAt(chunk: number): void {
    this.#next = chunk
    this.#known = chunk
  }

  /** Takes over all chunks before `next` of a set in which so many were recorded; the rows of the open shard are here. */
  takeOver(record: ArrayRecord, next: number, stored: readonly StoredShard[]): void {
    const { references, bytes, inlined, missing } = record
    // Where filling in was given up once it stays so, as there are missing chunks.
    const gapless = this.#gapless && missing === 0
    const counters = { ...this.counters, references, referencedBytes: bytes, inlined, next, gapless }
    this.restore({ counters, filled: [], stored })
  }

  /** Adds rows. @throws WriteError where they do not ascend within the grid. */
  async append(batch: ReferenceBatch): Promise<void> {
    let row = 0
    while (row < batch.rows && batch.chunk[row] < this.#known && batch.chunk[row] >= 0) row++
    while (row < batch.rows && this.dropped === undefined) {
      const chunk = batch.chunk[row]
      this.#checkChunk(chunk)
      if (chunk > this.#next && this.#gapless) await this.#inlineFill(chunk)
      if (this.dropped !== undefined) return
      await this.#openShard(Math.floor(chunk / this.#options.recordSize))
      row = this.#addRows(batch, row)
    }
  }

  /** Writes the last shard, now that the shape is known; returns the absent chunks. */
  async finish(shape: readonly number[]): Promise<number> {
    const { path, shape: announced } = this.metadata
    const fits = shape.length === announced.length && announced.every((n, i) => n === null || n === shape[i])
    if (!fits)
      throw this.#broken(`${path}: the shape ends as [${shape}], but was announced as [${announced}]`)
    this.#chunks = countChunks(this.metadata, shape)
    if (this.#next > this.#chunks) throw this.#broken(`chunk ${this.#next - 1} is outside the grid`)
    if (this.#next < this.#chunks && this.#gapless) await this.#inlineFill(this.#chunks)
    await this.#closeShard()
    return this.#chunks - this.references - this.inlined
  }

  /** Zarr's `fill_value`, for an array of which `missing` chunks are absent. */
  fillValue(missing: number): JsonValue {
    return missing > 0 && this.#fill.kind === 'value' ? this.#fill.json : null
  }

  /** A remark on the fill value that its user should know of. */
  fillNote(missing: number): string | undefined {
    if (this.#fill.kind === 'null') return undefined
    if (this.filled > 0 && missing === 0) {
      const reason = this.#fill.kind === 'conflict' ? this.#fill.reason : NO_ATTRIBUTE
      return `${this.filled} missing chunks are inlined as the fill value: ${reason}`
    }
    if (missing === 0 || this.#fill.kind === 'conflict' || this.#fill.attribute) return undefined
    return `${missing} missing chunks read as the file's fill value, which xarray masks: ${NO_ATTRIBUTE}`
  }

  /** Gives up the array, whose open shard is forgotten. */
  drop(reason: string): void {
    this.dropped ??= reason
    this.#shard = undefined
  }

  #addRows(batch: ReferenceBatch, start: number): number {
    const { recordSize } = this.#options
    const base = this.#shardNumber * recordSize
    let row = start
    for (; row < batch.rows; row++) {
      const chunk = batch.chunk[row]
      if (chunk >= base + recordSize || (this.#gapless && chunk > this.#next)) break
      this.#checkChunk(chunk)
      if (batch.filterMask && batch.filterMask[row] !== 0) {
        this.#unsupported('a chunk skips filters, which Zarr cannot say')
        return batch.rows
      }
      if (batch.path[row] === INLINE) this.#addInline(chunk - base, batch.raw?.[row])
      else this.#addReference(chunk - base, batch, row)
      this.#next = chunk + 1
    }
    return row
  }

  #addReference(row: number, batch: ReferenceBatch, from: number): void {
    const offset = batch.offset[from]
    const length = batch.length[from]
    if (!(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0)) {
      throw this.#broken(`bytes ${offset} + ${length} are no range of a file`)
    }
    if (this.#paths !== batch.paths) {
      this.#paths = batch.paths
      this.#forgetCodes()
    }
    const index = batch.path[from]
    if (index !== this.#lastIndex) {
      this.#lastCode = this.#codes.get(index) ?? this.#pathCode(index)
      this.#lastIndex = index
    }
    this.#shard?.addReference(row, this.#lastCode, offset, length)
    this.references++
    this.referencedBytes += length
  }

  #addInline(row: number, bytes: Uint8Array | null | undefined): void {
    if (!bytes) throw this.#broken('an inlined chunk comes without its bytes')
    this.#shard?.addInline(row, bytes)
    this.inlined++
  }

  #pathCode(index: number): number {
    const path = this.#paths[index]
    if (path === undefined) throw this.#broken(`a reference names path ${index} of ${this.#paths.length}`)
    this.#options.checkPath(path)
    const code = this.#shard?.pathCode(path) ?? this.#shard?.addPath(path) ?? 0
    this.#codes.set(index, code)
    return code
  }

  #forgetCodes(): void {
    this.#codes.clear()
    this.#lastIndex = INLINE
  }

  /** Inlines the fill value in all chunks from the next up to `end`, where they are few. */
  async #inlineFill(end: number): Promise<void> {
    const count = this.filled + end - this.#next
    if (count <= MOST_FILL_CHUNKS) this.#fillChunk ??= await encodeFillChunk(this.metadata)
    const bytes = this.#fillChunk
    if (!bytes || count > MOST_FILL_CHUNKS || count * bytes.length > MOST_FILL_BYTES) {
      this.#gapless = false
      if (this.#fill.kind === 'conflict') this.#unsupported(`chunks are missing, and ${this.#fill.reason}`)
      return
    }
    for (; this.#next < end; this.#next++) {
      const { recordSize } = this.#options
      await this.#openShard(Math.floor(this.#next / recordSize))
      this.#addInline(this.#next % recordSize, bytes)
      this.filledChunks.push(this.#next)
    }
  }

  async #openShard(number: number): Promise<void> {
    if (number === this.#shardNumber) return
    await this.#closeShard()
    this.#shardNumber = number
    this.#shard = new Shard(this.#options.recordSize)
    this.#forgetCodes()
  }

  async #closeShard(): Promise<void> {
    const shard = this.#shard
    if (!shard) return
    this.#shard = undefined
    const { recordSize, store } = this.#options
    const rows = Math.min(recordSize, this.#chunks - this.#shardNumber * recordSize)
    this.shards.push(this.#shardNumber)
    await store(this.#shardNumber, await shard.encode(rows))
  }

  #checkChunk(chunk: number): void {
    if (!Number.isSafeInteger(chunk) || chunk < this.#next) {
      throw this.#broken(`chunk ${chunk} comes after chunk ${this.#next - 1}`)
    }
    if (chunk >= this.#chunks) throw this.#broken(`chunk ${chunk} is outside the grid of ${this.#chunks}`)
  }

  #unsupported(reason: string): void {
    const { path } = this.metadata
    const message = `${path}: ${reason}; --on-unsupported skip leaves the array out`
    if (this.#options.onUnsupported === 'fail') throw new UnsupportedError(reason, { array: path }, message)
    this.drop(reason)
  }

  #broken(problem: string): WriteError {
    return new WriteError(this.metadata.path, problem)
  }
}

function countChunks(metadata: ArrayMetadata, shape: readonly (number | null)[]): number {
  const known = shape.filter((extent) => extent !== null)
  if (known.length < shape.length) return Number.POSITIVE_INFINITY
  return chunkCount(gridShape(known, metadata.chunkShape))
}
