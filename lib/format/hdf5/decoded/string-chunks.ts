/** Chunks of variable-length strings: read through the global heap and encoded as numcodecs' vlen-utf8. */
import { encodeVlenUtf8 } from '../../../codec/vlen-utf8.ts'
import { FormatError } from '../../../errors.ts'
import { chunkCount } from '../../../model/chunk-grid.ts'
import { decodeText, parseVlenPointers, type VlenPointer } from '../attribute-value.ts'
import { type Hdf5File, LIMITS } from '../file.ts'
import { GlobalHeap } from '../global-heap.ts'
import { mapInFlight } from '../in-flight.ts'
import type { StringStorage } from '../planned-array.ts'
import {
  type ChunkRange,
  insideShape,
  readElements,
  type StoredChunk,
  storedGroups,
} from './stored-elements.ts'

export type { ChunkRange } from './stored-elements.ts'

/** A chunk encoded as vlen-utf8, by its C-order number. */
interface StringChunk {
  readonly chunk: number
  readonly bytes: Uint8Array
}

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
  for await (const group of storedGroups(file, storage, range)) {
    for (const chunk of await reader.read(group, range.signal)) {
      if (fill) for (; next < chunk.chunk; next++) yield { chunk: next, bytes: fill }
      next = chunk.chunk + 1
      yield chunk
    }
  }
  if (fill) for (; next < range.to; next++) yield { chunk: next, bytes: fill }
}

class StringReader {
  readonly #file: Hdf5File
  readonly #storage: StringStorage
  readonly #heap: GlobalHeap
  readonly #count: number

  constructor(file: Hdf5File, storage: StringStorage, heap: GlobalHeap) {
    this.#file = file
    this.#storage = storage
    this.#heap = heap
    this.#count = chunkCount(storage.chunkShape)
  }

  async read(chunks: readonly StoredChunk[], signal: AbortSignal | undefined): Promise<StringChunk[]> {
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
    if ((string?.length ?? 0) * this.#count > LIMITS.blockBytes) {
      const at = { url: this.#file.source.url, structure: 'variable-length strings', offset: 0 }
      throw new FormatError(at, 'a fill chunk beyond all bounds')
    }
    return this.#encode(new Array(this.#count).fill(string))
  }

  /** A whole chunk; empty strings where there are fewer than it has. */
  #encode(strings: readonly (Uint8Array | undefined)[]): Uint8Array {
    return encodeVlenUtf8(Array.from({ length: this.#count }, (_, i) => textOf(strings[i])))
  }

  async #pointers(stored: StoredChunk, signal: AbortSignal | undefined): Promise<VlenPointer[]> {
    const bytes = await readElements(this.#file, this.#storage, stored, signal)
    const list = this.#parse(bytes, stored.chunk)
    if (this.#storage.pointers.kind !== 'chunked') return list
    const inside = insideShape(this.#storage, stored.chunk)
    return list.map((pointer, i) => (inside(i) ? pointer : { length: 0, id: undefined }))
  }

  #parse(bytes: Uint8Array, chunk: number): VlenPointer[] {
    const { pointerSize } = this.#storage
    const count = Math.min(this.#count, Math.floor(bytes.length / pointerSize))
    const { offsetSize, source } = this.#file
    return parseVlenPointers(bytes, count, offsetSize, `${source.url} (chunk ${chunk})`)
  }
}

const NUL = 0

/** A string ends before its first NUL, as C's do. */
export function textOf(stored: Uint8Array | undefined): string {
  if (!stored) return ''
  const end = stored.indexOf(NUL)
  return decodeText(end < 0 ? stored : stored.subarray(0, end))
}
