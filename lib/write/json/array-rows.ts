/** The references of one array as members of a JSON object: `"temp/0.1.2": ["s3://bucket/a.nc", 123, 456]`, a line each. */
import { gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import { jsonText } from '../json-text.ts'
import type { PathTexts } from './path-texts.ts'
import type { TextBlock } from './text-block.ts'

const QUOTE = 0x22
const DOT = 0x2e
const BRACKET = 0x5d
/** Bytes of a number and what divides it from the next. */
const NUMBER = 18
/**
 * Inlined bytes are always base64: as text, fsspec encodes them as UTF-8, others as ASCII or Latin-1, and a text that
 * begins with 'base64:' or holds what JSON cannot would come out as something else.
 */
const INLINED = Buffer.from('": "base64:')

/** Writes rows whose order and values are checked already. */
export class ArrayRows {
  readonly #paths: PathTexts
  readonly #key: Uint8Array
  /** Chunks along each axis; the first may grow, so it bounds nothing. */
  readonly #grid: readonly number[]
  // The chunk written last, and its coordinates.
  #chunk = -2
  readonly #at: number[]

  constructor({ path, shape, chunkShape }: ArrayMetadata, paths: PathTexts) {
    this.#paths = paths
    this.#key = Buffer.from(`,\n${jsonText(`${path}/`).slice(0, -1)}`, 'latin1')
    const extents = shape.map((extent, axis) => (axis === 0 ? Number.POSITIVE_INFINITY : (extent ?? 0)))
    this.#grid = gridShape(extents, chunkShape)
    this.#at = extents.map(() => 0)
  }

  /** Adds rows from `start` up to `end`, as many as there is room for; returns the first one left. */
  add(block: TextBlock, batch: ReferenceBatch, start: number, end: number): number {
    const { chunk, path, paths, offset, length, raw } = batch
    let index = INLINE
    let text: Uint8Array = INLINED
    for (let row = start; row < end; row++) {
      if (path[row] === INLINE) {
        if (!this.addInline(block, chunk[row], raw?.[row] ?? new Uint8Array())) return row
        continue
      }
      if (path[row] !== index) {
        index = path[row]
        text = this.#paths.of(paths[index])
      }
      if (!this.#addReference(block, chunk[row], text, offset[row], length[row])) return row
    }
    return end
  }

  /** Adds one chunk with its bytes, if there is room. */
  addInline(block: TextBlock, chunk: number, bytes: Uint8Array): boolean {
    if (!block.makeRoom(this.#keyRoom + INLINED.length + Math.ceil(bytes.length / 3) * 4 + 1)) return false
    this.#addKey(block, chunk)
    block.bytes(INLINED)
    block.base64(bytes)
    block.byte(QUOTE)
    return true
  }

  get #keyRoom(): number {
    return this.#key.length + this.#grid.length * NUMBER + 1
  }

  #addReference(block: TextBlock, chunk: number, text: Uint8Array, offset: number, length: number): boolean {
    if (!block.makeRoom(this.#keyRoom + text.length + 2 * NUMBER + 1)) return false
    this.#addKey(block, chunk)
    block.bytes(text)
    // No bytes at the start of a file stand for all of it.
    if (length > 0) {
      block.comma()
      block.number(offset)
      block.comma()
      block.number(length)
    }
    block.byte(BRACKET)
    return true
  }

  #addKey(block: TextBlock, chunk: number): void {
    block.bytes(this.#key)
    this.#seek(chunk)
    // A scalar's one chunk is called 0.
    if (this.#at.length === 0) block.number(0)
    for (let axis = 0; axis < this.#at.length; axis++) {
      if (axis > 0) block.byte(DOT)
      block.number(this.#at[axis])
    }
  }

  #seek(chunk: number): void {
    const isNext = chunk === this.#chunk + 1
    this.#chunk = chunk
    const last = this.#grid.length - 1
    if (isNext && this.#at[last] + 1 < this.#grid[last]) {
      this.#at[last]++
      return
    }
    let rest = chunk
    for (let axis = last; axis > 0; axis--) {
      const higher = Math.floor(rest / this.#grid[axis])
      this.#at[axis] = rest - higher * this.#grid[axis]
      rest = higher
    }
    if (last >= 0) this.#at[0] = rest
  }
}
