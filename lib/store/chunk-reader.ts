/** Random access to the chunks that a reference set points at: where each lies, its stored bytes, its decoded bytes. */
import { appliedCodecs, decodeChunk } from '../codec/decode-chunk.ts'
import { FormatError, UnsupportedError } from '../errors.ts'
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { ByteSource, OpenSource } from '../source/byte-source.ts'
import { openUnchanged } from '../source/unchanged.ts'

/** One chunk: a range of a file, or the bytes themselves. */
export interface ChunkLocation {
  readonly chunk: number
  /** '' where `raw` holds the bytes. */
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly raw: Uint8Array | null
  readonly filterMask: number
}

interface ChunkReaderOptions {
  readonly open: OpenSource
  readonly signal?: AbortSignal | undefined
  /** The most bytes that one chunk may have, stored or decoded; 256 MiB by default. */
  readonly maxChunkBytes?: number
  /** Stored bytes that are kept for reading them again; none by default. */
  readonly keepBytes?: number
}

/** Grids of at most so many chunks are located once and kept; of larger ones as many as these around the last chunk. */
const KEPT_ROWS = 8192
/** Files held open at once. */
const KEPT_SOURCES = 32

/** The extents, all known. @throws UnsupportedError where one is told only at the end of the body. */
export function knownShape(array: ArrayMetadata): readonly number[] {
  return array.shape.map((extent) => {
    if (extent !== null) return extent
    throw new UnsupportedError('reading values before the extent is known', { array: array.path })
  })
}

/** Bytes of one element. @throws UnsupportedError where elements have no fixed size. */
export function fixedItemSize(array: ArrayMetadata): number {
  const size = array.dataType === '|O' ? 0 : itemSize(array.dataType)
  if (size > 0) return size
  const type = typeof array.dataType === 'string' ? array.dataType : 'without bytes'
  throw new UnsupportedError(`reading elements of type ${type} as bytes`, { array: array.path })
}

export class ChunkReader {
  readonly set: ReferenceSet
  readonly maxChunkBytes: number
  readonly #open: OpenSource
  readonly #signal: AbortSignal | undefined
  readonly #sources = new Map<string, Promise<ByteSource>>()
  readonly #kept = new Map<string, Uint8Array>()
  #room: number
  readonly #located = new Map<number, Promise<ReadonlyMap<number, ChunkLocation>>>()
  readonly #windows = new Map<
    number,
    { readonly from: number; readonly located: Promise<ReadonlyMap<number, ChunkLocation>> }
  >()

  constructor(set: ReferenceSet, options: ChunkReaderOptions) {
    this.set = set
    this.#open = openUnchanged(options.open, set.sources)
    this.#signal = options.signal
    this.maxChunkBytes = options.maxChunkBytes ?? 2 ** 28
    this.#room = options.keepBytes ?? 0
  }

  /** Locates the chunks of all these arrays in one pass, where they are few; what follows needs no pass of its own. */
  async prefetch(arrays: readonly number[]): Promise<void> {
    const wanted = arrays.filter((array) => this.#isKept(array) && !this.#located.has(array))
    if (wanted.length < 2) return
    const found = new Map(wanted.map((array) => [array, new Map<number, ChunkLocation>()]))
    for await (const item of this.set.body({ arrays: wanted, signal: this.#signal })) {
      if (item.kind === 'footer') for (const array of wanted) this.#checkDropped(array, item.dropped)
      else for (const location of locationsOf(item)) found.get(item.array)?.set(location.chunk, location)
    }
    for (const [array, located] of found) this.#located.set(array, Promise.resolve(located))
  }

  /** The array's chunks that exist, in ascending order. */
  async *locations(array: number): AsyncGenerator<ChunkLocation> {
    if (this.#isKept(array)) yield* (await this.#locateAll(array)).values()
    else yield* this.#scan(array)
  }

  /** Where one chunk lies; undefined where it is missing. */
  async locate(array: number, chunk: number): Promise<ChunkLocation | undefined> {
    const located = this.#isKept(array) ? this.#locateAll(array) : this.#locateWindow(array, chunk)
    return (await located).get(chunk)
  }

  /** The stored bytes, or `length` of them from `start`. */
  async stored(location: ChunkLocation, start = 0, length = location.length - start): Promise<Uint8Array> {
    if (location.raw) return location.raw.subarray(start, start + length)
    if (length > this.maxChunkBytes) {
      throw new UnsupportedError(`reading a chunk of ${length} bytes at once`, { url: location.path })
    }
    const key = `${location.offset + start} ${length} ${location.path}`
    const kept = this.#kept.get(key)
    if (kept) return kept
    const source = await this.#source(location.path)
    const bytes = await source.read(location.offset + start, length, { signal: this.#signal })
    if (bytes.length <= this.#room) {
      this.#room -= bytes.length
      this.#kept.set(key, bytes)
    }
    return bytes
  }

  /** The decoded bytes of a whole chunk, edge chunks included; the fill value where it is missing. */
  async decoded(index: number, location: ChunkLocation | undefined): Promise<Uint8Array> {
    const array = this.set.header.arrays[index]
    const size = this.chunkBytes(index)
    if (size > this.maxChunkBytes) {
      throw new UnsupportedError(`decoding a chunk of ${size} bytes at once`, { array: array.path })
    }
    if (!location) return filled(size, array.fillValue)
    const at = { url: location.raw ? 'bytes held inline' : location.path, offset: location.offset }
    const options = { ...at, size, array: array.path, filterMask: location.filterMask }
    return decodeChunk(await this.stored(location), array.codecs, options)
  }

  /** Bytes of one decoded chunk. */
  chunkBytes(index: number): number {
    const array = this.set.header.arrays[index]
    return array.chunkShape.reduce((product, extent) => product * extent, fixedItemSize(array))
  }

  /** Whether this chunk's stored bytes are its elements as they are. */
  isPlain(index: number, location: ChunkLocation): boolean {
    return appliedCodecs(this.set.header.arrays[index].codecs, location.filterMask).length === 0
  }

  /** Closes every file that was opened. */
  async close(): Promise<void> {
    const sources = [...this.#sources.values()]
    this.#sources.clear()
    for (const source of await Promise.allSettled(sources)) {
      if (source.status === 'fulfilled') await source.value.close()
    }
  }

  #isKept(index: number): boolean {
    const array = this.set.header.arrays[index]
    return chunkCount(gridShape(knownShape(array), array.chunkShape)) <= KEPT_ROWS
  }

  #locateAll(array: number): Promise<ReadonlyMap<number, ChunkLocation>> {
    let located = this.#located.get(array)
    if (!located) {
      located = this.#collect(array)
      this.#located.set(array, located)
    }
    return located
  }

  /** Chunks are asked for by their neighbours: one walk over the index serves them all. */
  #locateWindow(array: number, chunk: number): Promise<ReadonlyMap<number, ChunkLocation>> {
    const from = chunk - (chunk % KEPT_ROWS)
    const last = this.#windows.get(array)
    if (last?.from === from) return last.located
    const located = this.#collect(array, from, from + KEPT_ROWS)
    this.#windows.set(array, { from, located })
    return located
  }

  async #collect(array: number, from?: number, to?: number): Promise<ReadonlyMap<number, ChunkLocation>> {
    const located = new Map<number, ChunkLocation>()
    for await (const location of this.#scan(array, from, to)) located.set(location.chunk, location)
    return located
  }

  async *#scan(array: number, from?: number, to?: number): AsyncGenerator<ChunkLocation> {
    const range = from === undefined || to === undefined ? {} : { from, to }
    for await (const item of this.set.body({ arrays: [array], ...range, signal: this.#signal })) {
      if (item.kind === 'footer') this.#checkDropped(array, item.dropped)
      else if (item.array === array) yield* locationsOf(item)
    }
  }

  /** A dropped array's chunks must not read as fill. */
  #checkDropped(array: number, dropped: readonly number[]): void {
    if (!dropped.includes(array)) return
    const where = { url: this.set.sources[0]?.url, array: this.set.header.arrays[array].path }
    throw new UnsupportedError('reading an array whose chunks cannot be referenced', where)
  }

  /** The open source, most recently used last; many more than are read at once stay open, so none closes in use. */
  async #source(path: string): Promise<ByteSource> {
    const source = this.#sources.get(path) ?? this.#open(path, { signal: this.#signal })
    this.#sources.delete(path)
    this.#sources.set(path, source)
    const [oldest] = this.#sources
    if (this.#sources.size > KEPT_SOURCES) {
      this.#sources.delete(oldest[0])
      await (await oldest[1]).close()
    }
    return source
  }
}

function* locationsOf(batch: ReferenceBatch): Generator<ChunkLocation> {
  for (let row = 0; row < batch.rows; row++) {
    const raw = batch.path[row] === INLINE ? (batch.raw?.[row] ?? null) : null
    const path = raw ? '' : batch.paths[batch.path[row]]
    if (path === undefined) {
      throw new FormatError(
        { url: 'reference set', structure: 'batch', offset: row },
        'a row without a path and without bytes',
      )
    }
    yield {
      chunk: batch.chunk[row],
      path,
      offset: raw ? 0 : batch.offset[row],
      length: raw ? raw.length : batch.length[row],
      raw,
      filterMask: batch.filterMask?.[row] ?? 0,
    }
  }
}

/** `size` bytes of the fill value over and over; zeros where there is none. */
export function filled(size: number, fillValue: Uint8Array | null): Uint8Array {
  const bytes = new Uint8Array(size)
  if (!fillValue || fillValue.length === 0 || fillValue.every((byte) => byte === 0)) return bytes
  for (let at = 0; at < size; at += fillValue.length) bytes.set(fillValue.subarray(0, size - at), at)
  return bytes
}
