/** Where the chunks of a reference set lie: found by walks over its body, of which as much is kept as there is room for. */
import { FormatError, UnsupportedError } from '../errors.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'

/** One chunk: a range of a file (offset 0 and length 0: all of it), or the bytes themselves. */
export interface ChunkLocation {
  readonly chunk: number
  /** '' where `raw` holds the bytes. */
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly raw: Uint8Array | null
  readonly filterMask: number
}

/** Grids of at most so many chunks are located once and kept; of larger ones as many as these around the last chunk. */
const KEPT_ROWS = 8192
/** Bytes of inlined chunks that are kept so; where they are more, fewer chunks are. */
const KEPT_RAW = 1 << 26

/** Chunk numbers. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Chunks of a range that exist, by number. */
interface Located {
  readonly rows: ReadonlyMap<number, ChunkLocation>
  /** All before it are here. */
  readonly end: number
  /** Of inlined chunks. */
  readonly rawBytes: number
}

interface Window extends Range {
  readonly located: Promise<Located>
}

/** How a set is walked over. */
export interface ChunkLocatorOptions {
  readonly signal?: AbortSignal | undefined
  /** Told of a body whose footer drops an array that was asked for, of which every chunk is missing then; an error by default. */
  readonly onDropped?: ((footer: Footer) => void) | undefined
}

const NOTHING: Located = { rows: new Map(), end: 0, rawBytes: 0 }

/** Locates the chunks of one set. */
export class ChunkLocator {
  readonly #set: ReferenceSet
  readonly #countOf: (array: number) => number
  readonly #signal: AbortSignal | undefined
  readonly #onDropped: ((footer: Footer) => void) | undefined
  readonly #all = new Map<number, Promise<Located>>()
  /** Bytes that what is located once and kept may still hold. */
  #room = KEPT_RAW
  readonly #windows = new Map<number, Window>()
  /** Arrays of which less than a whole window is kept, as their chunks are inlined. */
  readonly #heavy = new Set<number>()

  /** `countOf`: chunks in the grid of an array. */
  constructor(set: ReferenceSet, countOf: (array: number) => number, options: ChunkLocatorOptions) {
    this.#set = set
    this.#countOf = countOf
    this.#signal = options.signal
    this.#onDropped = options.onDropped
  }

  /** Locates the chunks of all these arrays in one pass, where they are few; what follows needs no pass of its own. */
  async prefetch(arrays: readonly number[]): Promise<void> {
    const wanted = arrays.filter((array) => this.#isKept(array) && !this.#all.has(array))
    if (wanted.length < 2) return
    const found = new Map(wanted.map((array) => [array, new Map<number, ChunkLocation>()]))
    let rawBytes = 0
    for await (const item of this.#set.body({ arrays: wanted, signal: this.#signal })) {
      if (item.kind === 'footer') for (const array of wanted) this.#checkDropped(array, item)
      else {
        for (const location of locationsOf(item)) {
          rawBytes += bytesOf(location)
          if (rawBytes > this.#room) return
          found.get(item.array)?.set(location.chunk, location)
        }
      }
    }
    this.#room -= rawBytes
    for (const [array, rows] of found) this.#all.set(array, Promise.resolve(whole(rows, 0)))
  }

  /** The array's chunks that exist, in ascending order. */
  async *locations(array: number): AsyncGenerator<ChunkLocation> {
    const all = this.#isKept(array) ? await this.#locateAll(array) : NOTHING
    if (all === NOTHING) yield* this.#scan(array)
    else yield* all.rows.values()
  }

  /** Where one chunk lies; undefined where it is missing. */
  async locate(array: number, chunk: number): Promise<ChunkLocation | undefined> {
    const all = this.#isKept(array) ? await this.#locateAll(array) : NOTHING
    const located = all === NOTHING ? await this.#locateWindow(array, chunk) : all
    return located.rows.get(chunk)
  }

  #isKept(array: number): boolean {
    return this.#countOf(array) <= KEPT_ROWS
  }

  #locateAll(array: number): Promise<Located> {
    const located = this.#all.get(array) ?? this.#collectAll(array)
    this.#all.set(array, located)
    return located
  }

  /** NOTHING where there is no room for the inlined chunks. */
  async #collectAll(array: number): Promise<Located> {
    const { rows, end, rawBytes } = await this.#collect(array, this.#room)
    // Other arrays may have taken the room meanwhile.
    if (end < Number.POSITIVE_INFINITY || rawBytes > this.#room) return NOTHING
    this.#room -= rawBytes
    return whole(rows, rawBytes)
  }

  /** Chunks are asked for by their neighbours: one walk over the index serves them all. */
  async #locateWindow(array: number, chunk: number): Promise<Located> {
    for (;;) {
      const last = this.#windows.get(array)
      const isWithin = last !== undefined && chunk >= last.from && chunk < last.to
      const window = isWithin ? last : this.#openWindow(array, chunk)
      const located = await window.located
      if (chunk < located.end) return located
      // Of all who waited for it in vain the first opens the next window, and the others wait for that one.
      this.#heavy.add(array)
      if (this.#windows.get(array) === window) this.#openWindow(array, chunk)
    }
  }

  #openWindow(array: number, chunk: number): Window {
    const from = this.#heavy.has(array) ? chunk : chunk - (chunk % KEPT_ROWS)
    // One window that is full of bytes is enough.
    for (const other of this.#heavy) this.#windows.delete(other)
    const range = { from, to: from + KEPT_ROWS }
    const window = { ...range, located: this.#collect(array, KEPT_RAW, range) }
    this.#windows.set(array, window)
    return window
  }

  /** Ends before the inlined chunk that would take more than `room`, though never before the first. */
  async #collect(array: number, room: number, range?: Range): Promise<Located> {
    const rows = new Map<number, ChunkLocation>()
    let rawBytes = 0
    for await (const location of this.#scan(array, range)) {
      const more = bytesOf(location)
      if (rows.size > 0 && more > 0 && rawBytes + more > room) return { rows, end: location.chunk, rawBytes }
      rows.set(location.chunk, location)
      rawBytes += more
    }
    return { rows, end: range?.to ?? Number.POSITIVE_INFINITY, rawBytes }
  }

  async *#scan(array: number, range?: Range): AsyncGenerator<ChunkLocation> {
    for await (const item of this.#set.body({ arrays: [array], ...range, signal: this.#signal })) {
      if (item.kind === 'footer') this.#checkDropped(array, item)
      else if (item.array === array) yield* locationsOf(item)
    }
  }

  /** A dropped array's chunks must not read as fill. */
  #checkDropped(array: number, footer: Footer): void {
    if (!footer.dropped.includes(array)) return
    if (this.#onDropped) {
      this.#onDropped(footer)
      return
    }
    const where = { url: this.#set.sources[0]?.url, array: this.#set.header.arrays[array].path }
    throw new UnsupportedError('reading an array whose chunks cannot be referenced', where)
  }
}

function whole(rows: ReadonlyMap<number, ChunkLocation>, rawBytes: number): Located {
  return { rows, end: Number.POSITIVE_INFINITY, rawBytes }
}

function bytesOf({ raw }: ChunkLocation): number {
  return raw?.length ?? 0
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
