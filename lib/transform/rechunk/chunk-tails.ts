/** Chunks that reach past what is stored of them: into what follows in the file, or padded where the file ends. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import type { ReferenceBatch } from '../../model/reference-batch.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import { neededBytes, type PlainArray } from '../../plan/piece-grid.ts'
import type { OpenSource } from '../../source/byte-source.ts'
import { openUnchanged } from '../../source/unchanged.ts'
import { batchOf } from '../../stream/row-columns.ts'
import { FileSizes } from '../file-sizes.ts'
import { OpenFiles } from '../inline.ts'
import type { Draft, DraftBatch } from './draft-batch.ts'

/** The most bytes of a chunk that is copied because its file ends too early. */
const MOST_COPIED = 1 << 28

/** One chunk of the new grid, and what is stored of it. */
export interface StoredChunk {
  readonly chunk: number
  /** The file, or the stored bytes themselves. */
  readonly place: string | Uint8Array
  /** Bytes from the start of the file or of the stored bytes. */
  readonly offset: number
  /** Bytes that are stored of it; fewer than it has where it reaches past the array. */
  readonly stored: number
}

/** An array with its new chunks. */
export interface NewChunks {
  readonly array: PlainArray
  /** Chunks along each axis. */
  readonly grid: readonly number[]
  readonly chunkBytes: number
}

/** The files of one reading, for what references cannot say. */
export class ChunkTails {
  readonly #files: OpenFiles
  readonly #sizes: FileSizes
  readonly #signal: AbortSignal | undefined

  constructor(open: OpenSource, sources: readonly SourceInfo[], signal: AbortSignal | undefined) {
    this.#files = new OpenFiles(openUnchanged(open, sources))
    this.#sizes = new FileSizes(open, sources, signal)
    this.#signal = signal
  }

  /**
   * Adds a chunk that may be longer than what is stored of it.
   * @throws FormatError where elements of the array are not stored.
   */
  add(draft: DraftBatch, { array, grid, chunkBytes }: NewChunks, part: StoredChunk): void {
    const { chunk, place, offset, stored } = part
    const isRaw = typeof place !== 'string'
    if (stored >= chunkBytes) {
      if (isRaw) draft.addRaw(chunk, place.subarray(offset, offset + chunkBytes))
      else draft.addReference(chunk, place, offset, chunkBytes)
      return
    }
    const needed = neededBytes(array, grid, chunk)
    if (stored < needed) {
      const at = { url: isRaw ? 'bytes held inline' : place, offset, structure: `a chunk of ${array.path}` }
      throw new FormatError(at, `${Math.max(0, stored)} bytes are stored where its values take ${needed}`)
    }
    if (!isRaw && offset + chunkBytes <= (this.#sizes.recorded(place) ?? 0)) {
      draft.addReference(chunk, place, offset, chunkBytes)
      return
    }
    if (chunkBytes > MOST_COPIED) {
      const feature = `copying a chunk of ${chunkBytes} bytes that reaches past the end of its file`
      throw new UnsupportedError(feature, { array: array.path, ...(isRaw ? {} : { url: place }) })
    }
    if (isRaw) draft.addRaw(chunk, padded(place.subarray(offset, offset + stored), chunkBytes))
    else draft.addTail(chunk, { path: place, offset, bytes: stored }, chunkBytes)
  }

  /** The batch, with the bytes read that were put off. */
  async read({ array, rows, columns, paths, raw, tails }: Draft): Promise<ReferenceBatch> {
    for (const { row, path, offset, bytes } of tails) {
      const source = await this.#files.get(path, this.#signal)
      const stored = await source.read(offset, bytes, { signal: this.#signal })
      raw?.fill(padded(stored, columns.length[row]), row, row + 1)
    }
    return batchOf(columns, { array, rows, paths, raw, masked: false })
  }

  /** The batch with every length told: one that stands for a whole file does not tell it. */
  measured(batch: ReferenceBatch): Promise<ReferenceBatch> {
    return this.#sizes.measured(batch)
  }

  async close(): Promise<void> {
    await this.#files.close()
  }
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  whole.set(bytes)
  return whole
}
