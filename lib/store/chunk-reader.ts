/** Random access to the chunks that a reference set points at: where each lies, its stored bytes, its decoded bytes. */
import { appliedCodecs, decodeChunk } from '../codec/decode-chunk.ts'
import { UnsupportedError } from '../errors.ts'
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { ByteSource, OpenSource } from '../source/byte-source.ts'
import { openUnchanged } from '../source/unchanged.ts'
import { type ChunkLocation, ChunkLocator, type ChunkLocatorOptions } from './chunk-locator.ts'

export type { ChunkLocation } from './chunk-locator.ts'

interface ChunkReaderOptions extends ChunkLocatorOptions {
  readonly open: OpenSource
  /** The most bytes that one chunk may have, stored or decoded; 256 MiB by default. */
  readonly maxChunkBytes?: number
  /** Stored bytes that are kept for reading them again; none by default. */
  readonly keepBytes?: number
}

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
  readonly #locator: ChunkLocator
  readonly #sizes: ReadonlyMap<string, number>

  constructor(set: ReferenceSet, options: ChunkReaderOptions) {
    this.set = set
    this.#open = openUnchanged(options.open, set.sources)
    this.#signal = options.signal
    this.maxChunkBytes = options.maxChunkBytes ?? 2 ** 28
    this.#room = options.keepBytes ?? 0
    const countOf = (index: number) => {
      const array = set.header.arrays[index]
      return chunkCount(gridShape(knownShape(array), array.chunkShape))
    }
    this.#locator = new ChunkLocator(set, countOf, options)
    this.#sizes = new Map(set.sources.map(({ url, size }) => [url, size]))
  }

  /** Locates the chunks of all these arrays in one pass, where they are few; what follows needs no pass of its own. */
  prefetch(arrays: readonly number[]): Promise<void> {
    return this.#locator.prefetch(arrays)
  }

  /** The array's chunks that exist, in ascending order. */
  locations(array: number): AsyncGenerator<ChunkLocation> {
    return this.#locator.locations(array)
  }

  /** Where one chunk lies; undefined where it is missing. */
  locate(array: number, chunk: number): Promise<ChunkLocation | undefined> {
    return this.#locator.locate(array, chunk)
  }

  /** The location with its length, which one that stands for a whole file does not tell. */
  async measured(location: ChunkLocation): Promise<ChunkLocation> {
    if (location.raw || location.length > 0 || location.offset > 0) return location
    const length = this.#sizes.get(location.path) ?? (await this.#source(location.path)).size
    return { ...location, length }
  }

  /** The stored bytes, or `wanted` of them from `start`. */
  async stored(location: ChunkLocation, start = 0, wanted?: number): Promise<Uint8Array> {
    const length = wanted ?? (await this.measured(location)).length - start
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

/** `size` bytes of the fill value over and over; zeros where there is none. */
export function filled(size: number, fillValue: Uint8Array | null): Uint8Array {
  const bytes = new Uint8Array(size)
  if (!fillValue || fillValue.length === 0 || fillValue.every((byte) => byte === 0)) return bytes
  for (let at = 0; at < size; at += fillValue.length) bytes.set(fillValue.subarray(0, size - at), at)
  return bytes
}
