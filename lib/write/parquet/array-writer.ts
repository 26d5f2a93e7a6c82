/** One array's shards, written front to back as its batches come; only the open one is held. */
import { UnsupportedError, WriteError } from '../../errors.ts'
import type { ArrayRecord } from '../../format/kerchunk-parquet/record-line.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import type { RunFile } from '../../stream/run-file.ts'
import { ArrayFill } from '../array-fill.ts'
import type { ArrayCounters, RestoredArray, StoredShard } from './array-progress.ts'
import { OpenShard, type OpenShardOptions } from './open-shard.ts'

interface ArrayWriterOptions extends Omit<OpenShardOptions, 'array'> {
  readonly onUnsupported: 'fail' | 'skip'
  /** Stores a shard, which is closed already, as is the file of its `copied` bytes; may return before it is on disk. */
  readonly store: (shard: number, bytes: Uint8Array, copied: number) => Promise<void>
}

/** What of an array was there before. */
interface TakenOver {
  /** The chunk after the last one. */
  readonly next: number
  readonly stored: readonly StoredShard[]
  /** Bytes that the stored shards have inlined. */
  readonly inlined: number
}

/** Writes one array. */
export class ArrayWriter {
  readonly metadata: ArrayMetadata
  readonly fill: ArrayFill
  references = 0
  /** Chunks whose bytes are in the set: in a shard, or in a file beside one. */
  inlined = 0
  /** Bytes that the references point at. */
  referencedBytes = 0
  /** Bytes of the chunks that came with their bytes, wherever they are in the set; fill values are none. */
  copiedBytes = 0
  /** Numbers of the shards written. */
  readonly shards: number[] = []
  /** Of these, the ones with a file beside them, and its bytes. */
  readonly copiedFiles: [shard: number, bytes: number][] = []
  /** Why nothing of the array is kept. */
  dropped: string | undefined
  readonly #options: ArrayWriterOptions & OpenShardOptions
  // Chunks of the grid; Infinity while an axis may still grow.
  #chunks: number
  #open: OpenShard | undefined
  #closedBytes = 0
  // The chunk after the last one seen.
  #next = 0
  // Chunks below are here already: what comes of them once more is passed over.
  #known = 0

  constructor(metadata: ArrayMetadata, options: ArrayWriterOptions) {
    this.metadata = metadata
    this.#options = { ...options, array: metadata.path }
    this.fill = new ArrayFill(metadata)
    this.#chunks = countChunks(metadata, metadata.shape)
  }

  /** Bytes in files beside the shards. */
  get fileBytes(): number {
    return this.#closedBytes + (this.#open?.copied ?? 0)
  }

  /** All but the rows and the shards. */
  get counters(): ArrayCounters {
    const { references, inlined, referencedBytes, copiedBytes, dropped } = this
    const copied = this.#open?.copied ?? 0
    const gapless = this.fill.isWritten
    return { references, inlined, referencedBytes, copiedBytes, copied, next: this.#next, gapless, dropped }
  }

  get filledChunks(): readonly number[] {
    return this.fill.chunks
  }

  /** The open shard. */
  get open(): RestoredArray['open'] {
    return this.#open
  }

  /** Goes on from where another writer of this array was; chunks that it had are passed over if they come again. */
  restore({ counters, filled, stored, open }: RestoredArray): void {
    this.references = counters.references
    this.inlined = counters.inlined
    this.referencedBytes = counters.referencedBytes
    this.copiedBytes = counters.copiedBytes
    this.dropped = counters.dropped
    this.#next = counters.next
    this.#known = counters.next
    this.fill.isWritten = counters.gapless
    this.fill.chunks.push(...filled)
    for (const { shard, copied = 0 } of stored) this.#addShard(shard, copied)
    if (!open) return
    this.#open = new OpenShard(open.number, this.#options, { shard: open.shard, copied: counters.copied })
  }

  /** Begins with this chunk. */
  startAt(chunk: number): void {
    this.#next = chunk
    this.#known = chunk
  }

  /** Takes over all chunks before `next` of a set in which so many were recorded; the rows of the open shard are here. */
  takeOver(record: ArrayRecord, { next, stored, inlined: bytesOfStored }: TakenOver): void {
    const { references, bytes, inlined, missing } = record
    // Where filling in was given up once it stays so, as there are missing chunks.
    const gapless = this.fill.isWritten && missing === 0
    const copiedBytes = stored.reduce((sum, { copied = 0 }) => sum + copied, this.copiedBytes + bytesOfStored)
    const counted = { references, referencedBytes: bytes, inlined, copiedBytes }
    this.restore({ counters: { ...this.counters, ...counted, next, gapless }, filled: [], stored })
  }

  /** Adds rows. @throws WriteError where they do not ascend within the grid. */
  async append(batch: ReferenceBatch): Promise<void> {
    let row = 0
    while (row < batch.rows && batch.chunk[row] < this.#known && batch.chunk[row] >= 0) row++
    while (row < batch.rows && this.dropped === undefined) {
      const chunk = batch.chunk[row]
      this.#checkChunk(chunk)
      if (chunk > this.#next && this.fill.isWritten) await this.#inlineFill(chunk)
      if (this.dropped !== undefined) return
      const open = await this.#openShard(Math.floor(chunk / this.#options.recordSize))
      row = this.#addRows(open, batch, row)
      await open.write()
      // Not kept until the next one opens, or the set ends: many arrays have but one shard.
      const end = Math.min(this.#chunks, (open.number + 1) * this.#options.recordSize)
      if (this.#next === end && this.dropped === undefined) await this.#closeShard()
    }
  }

  /** Rows of the open shard that could go to a file for a while. */
  get heldRows(): number {
    return this.#open?.heldRows ?? 0
  }

  /** Moves them there. */
  async spill(file: RunFile): Promise<void> {
    await this.#open?.spill(file)
  }

  /** Makes the bytes that were copied so far outlast the system. */
  async sync(): Promise<void> {
    await this.#open?.sync()
  }

  /** Writes the last shard, now that the shape is known; returns the absent chunks. */
  async finish(shape: readonly number[]): Promise<number> {
    const { path, shape: announced } = this.metadata
    const fits = shape.length === announced.length && announced.every((n, i) => n === null || n === shape[i])
    if (!fits)
      throw this.#broken(`${path}: the shape ends as [${shape}], but was announced as [${announced}]`)
    this.#chunks = countChunks(this.metadata, shape)
    if (this.#next > this.#chunks) throw this.#broken(`chunk ${this.#next - 1} is outside the grid`)
    if (this.#next < this.#chunks && this.fill.isWritten) await this.#inlineFill(this.#chunks)
    await this.#closeShard()
    return this.#chunks - this.references - this.inlined
  }

  /** Gives up the array, whose open shard is forgotten. */
  drop(reason: string): void {
    this.dropped ??= reason
    this.#open = undefined
  }

  #addRows(open: OpenShard, batch: ReferenceBatch, start: number): number {
    const { recordSize } = this.#options
    const base = open.number * recordSize
    let row = start
    for (; row < batch.rows; row++) {
      const chunk = batch.chunk[row]
      if (chunk >= base + recordSize || (this.fill.isWritten && chunk > this.#next)) break
      this.#checkChunk(chunk)
      if (batch.filterMask && batch.filterMask[row] !== 0) {
        this.#unsupported('a chunk skips filters, which Zarr cannot say')
        return batch.rows
      }
      if (batch.path[row] === INLINE) this.#addBytes(open, chunk - base, batch.raw?.[row])
      else this.#addReference(open, chunk - base, batch, row)
      this.#next = chunk + 1
    }
    return row
  }

  #addReference(open: OpenShard, row: number, batch: ReferenceBatch, from: number): void {
    const offset = batch.offset[from]
    const length = batch.length[from]
    const isNumber =
      Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
    // At the start of a file no bytes stand for all of it; elsewhere readers would differ.
    if (!isNumber || (length === 0 && offset > 0)) {
      throw this.#broken(`bytes ${offset} + ${length} are no range of a file`)
    }
    open.addReference(row, batch, from)
    this.references++
    this.referencedBytes += length
  }

  #addBytes(open: OpenShard, row: number, bytes: Uint8Array | null | undefined): void {
    if (!bytes) throw this.#broken('an inlined chunk comes without its bytes')
    open.addBytes(row, bytes)
    this.inlined++
    this.copiedBytes += bytes.length
  }

  /** Inlines the fill value in all chunks from the next up to `end`, where they are few. */
  async #inlineFill(end: number): Promise<void> {
    const { fill } = this
    const bytes = await fill.bytesFor(end - this.#next)
    if (!bytes) {
      fill.isWritten = false
      if (fill.conflict !== undefined) this.#unsupported(`chunks are missing, and ${fill.conflict}`)
      return
    }
    for (; this.#next < end; this.#next++) {
      const { recordSize } = this.#options
      const open = await this.#openShard(Math.floor(this.#next / recordSize))
      open.shard.addInline(this.#next % recordSize, bytes)
      this.inlined++
      fill.chunks.push(this.#next)
    }
  }

  async #openShard(number: number): Promise<OpenShard> {
    if (this.#open?.number === number) return this.#open
    await this.#closeShard()
    this.#open = new OpenShard(number, this.#options)
    return this.#open
  }

  async #closeShard(): Promise<void> {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    const { number, shard, copied } = open
    const { recordSize, store } = this.#options
    const rows = Math.min(recordSize, this.#chunks - number * recordSize)
    this.#addShard(number, copied)
    await open.sync()
    await open.unspill()
    await store(number, await shard.encode(rows), copied)
  }

  #addShard(shard: number, copied: number): void {
    this.shards.push(shard)
    if (copied > 0) this.copiedFiles.push([shard, copied])
    this.#closedBytes += copied
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
