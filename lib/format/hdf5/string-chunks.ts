/** Chunks of variable-length strings: read through the global heap and encoded as numcodecs' vlen-utf8. */
import { appliedCodecs, decodeChunk } from '../../codec/decode-chunk.ts'
import { encodeVlenUtf8 } from '../../codec/vlen-utf8.ts'
import { FormatError } from '../../errors.ts'
import { chunkCoordinates, chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { StringStorage } from './array-storage.ts'
import { decodeText, parseVlenPointers, type VlenPointer } from './attribute-value.ts'
import { scanChunks } from './chunk-index/scan.ts'
import { type Hdf5File, LIMITS } from './file.ts'
import { codecsOf } from './filter-codec.ts'
import { GlobalHeap } from './global-heap.ts'
import { mapInFlight } from './in-flight.ts'

/** A chunk encoded as vlen-utf8, by its C-order number. */
interface StringChunk {
  readonly chunk: number
  readonly bytes: Uint8Array
}

/** Chunk numbers from `from` to before `to`. */
export interface ChunkRange {
  readonly from: number
  readonly to: number
  readonly signal?: AbortSignal | undefined
}

/** A chunk's references to the heap as stored. */
interface StoredPointers {
  readonly chunk: number
  readonly offset: number
  readonly length: number
  readonly filterMask: number
}

/** Chunks of which the references are read at once, and how many bytes these may come to. */
const GROUP = 16
const GROUP_BYTES = 1 << 24

/**
 * The chunks from `from` to before `to` that have values, by ascending number.
 * @throws FormatError where a chunk or a collection of the heap is damaged.
 */
export async function* scanStringChunks(
  file: Hdf5File,
  storage: StringStorage,
  range: ChunkRange,
): AsyncGenerator<StringChunk> {
  const heap = new GlobalHeap(file, range.signal)
  const reader = new StringReader(file, storage, heap)
  const fill = storage.fill && (await reader.fillChunk(storage.fill))
  let next = range.from
  for await (const group of groupsOf(file, storage, range)) {
    for (const chunk of await reader.read(group, range.signal)) {
      if (fill) for (; next < chunk.chunk; next++) yield { chunk: next, bytes: fill }
      next = chunk.chunk + 1
      yield chunk
    }
  }
  if (fill) for (; next < range.to; next++) yield { chunk: next, bytes: fill }
}

async function* groupsOf(
  file: Hdf5File,
  { pointers, ...storage }: StringStorage,
  range: ChunkRange,
): AsyncGenerator<readonly StoredPointers[]> {
  const chunkBytes = storage.pointerSize * chunkCount(storage.chunkShape)
  if (pointers.kind === 'chunked') {
    const size = Math.max(1, Math.min(GROUP, Math.floor(GROUP_BYTES / chunkBytes)))
    for await (const columns of scanChunks(file, pointers.dataset, range)) {
      for (let from = 0; from < columns.rows; from += size) {
        const rows = Math.min(size, columns.rows - from)
        yield Array.from({ length: rows }, (_, i) => ({
          chunk: columns.chunk[from + i],
          offset: columns.offset[from + i],
          length: columns.length[from + i],
          filterMask: columns.filterMask?.[from + i] ?? 0,
        }))
      }
    }
    return
  }
  const data = pointers.kind === 'compact' ? { offset: 0, length: pointers.data.length } : pointers
  if (data.offset === undefined || data.length === 0) return
  for (let chunk = range.from; chunk < range.to; chunk++) {
    const offset = chunk * chunkBytes
    const length = Math.min(chunkBytes, data.length - offset)
    yield [{ chunk, offset: data.offset + offset, length, filterMask: 0 }]
  }
}

class StringReader {
  readonly #file: Hdf5File
  readonly #storage: StringStorage
  readonly #heap: GlobalHeap
  readonly #count: number
  readonly #grid: readonly number[]

  constructor(file: Hdf5File, storage: StringStorage, heap: GlobalHeap) {
    this.#file = file
    this.#storage = storage
    this.#heap = heap
    this.#count = chunkCount(storage.chunkShape)
    this.#grid = gridShape(storage.shape, storage.chunkShape)
  }

  async read(chunks: readonly StoredPointers[], signal: AbortSignal | undefined): Promise<StringChunk[]> {
    const pointers = await mapInFlight(chunks, (chunk) => this.#pointers(chunk, signal))
    const objects = await this.#heap.read(pointers.flatMap((list) => list.map(({ id }) => id)))
    let from = 0
    return pointers.map((list, i) => {
      const strings = list.map(({ length }, k) => objects[from + k]?.subarray(0, length))
      from += list.length
      return { chunk: chunks[i].chunk, bytes: this.#encode(strings) }
    })
  }

  /** A chunk of nothing but the fill string. */
  async fillChunk(pointer: VlenPointer): Promise<Uint8Array> {
    const [object] = await this.#heap.read([pointer.id])
    const string = object?.subarray(0, pointer.length)
    if ((string?.length ?? 0) * this.#count > LIMITS.blockBytes)
      throw this.#error(0, 'a fill chunk beyond all bounds')
    return this.#encode(new Array(this.#count).fill(string))
  }

  /** A whole chunk; empty strings where there are fewer than it has. */
  #encode(strings: readonly (Uint8Array | undefined)[]): Uint8Array {
    return encodeVlenUtf8(Array.from({ length: this.#count }, (_, i) => textOf(strings[i])))
  }

  #error(offset: number, problem: string): FormatError {
    const at = { url: this.#file.source.url, structure: 'variable-length strings', offset }
    return new FormatError(at, problem)
  }

  async #pointers(stored: StoredPointers, signal: AbortSignal | undefined): Promise<VlenPointer[]> {
    const { pointers, pointerSize } = this.#storage
    const { chunk, offset, length, filterMask } = stored
    const whole = this.#count * pointerSize
    if (Math.max(length, whole) > LIMITS.blockBytes) throw this.#error(offset, `a chunk of ${whole} bytes`)
    if (pointers.kind === 'compact')
      return this.#parse(pointers.data.subarray(offset, offset + length), chunk)
    if (offset + length > this.#file.source.size)
      throw this.#error(offset, `chunk ${chunk} ends outside the file`)
    const bytes = await this.#file.source.read(offset, length, { signal })
    if (pointers.kind === 'contiguous') return this.#parse(bytes, chunk)
    const { dataset, filters } = pointers
    const codecs = codecsOf(appliedCodecs(filters, filterMask), whole)
    const at = { url: this.#file.source.url, offset, array: dataset.path }
    const list = this.#parse(await decodeChunk(bytes, codecs, { ...at, size: whole }), chunk)
    const inside = this.#insideShape(chunk)
    return list.map((pointer, i) => (inside(i) ? pointer : { length: 0, id: undefined }))
  }

  #parse(bytes: Uint8Array, chunk: number): VlenPointer[] {
    const { pointerSize } = this.#storage
    const count = Math.min(this.#count, Math.floor(bytes.length / pointerSize))
    const { offsetSize, source } = this.#file
    return parseVlenPointers(bytes, count, offsetSize, `${source.url} (chunk ${chunk})`)
  }

  /** Whether an element of the chunk is inside the array: what lies beyond may refer to strings that are gone. */
  #insideShape(chunk: number): (element: number) => boolean {
    const { shape, chunkShape } = this.#storage
    const at = chunkCoordinates(chunk, this.#grid)
    if (at.every((coordinate, axis) => (coordinate + 1) * chunkShape[axis] <= shape[axis])) return () => true
    return (element) =>
      chunkCoordinates(element, chunkShape).every(
        (coordinate, axis) => at[axis] * chunkShape[axis] + coordinate < shape[axis],
      )
  }
}

const NUL = 0

/** A string ends before its first NUL, as C's do. */
function textOf(stored: Uint8Array | undefined): string {
  if (!stored) return ''
  const end = stored.indexOf(NUL)
  return decodeText(end < 0 ? stored : stored.subarray(0, end))
}
