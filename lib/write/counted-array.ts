/** What of one array came through a sink, checked against the contract of batches (lib/model/reference-batch.ts). */
import { WriteError } from '../errors.ts'
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'

/** Throws where references of an array may not hold this path. */
export type PathCheck = (array: string, path: string) => void

/** Counts the rows of one array; its sink counts what it adds to them in `filled` and `remark`. */
export class CountedArray {
  readonly metadata: ArrayMetadata
  references = 0
  /** Chunks that came with their bytes. */
  inlined = 0
  /** Bytes that the references point at, those of whole files left out. */
  referencedBytes = 0
  /** Bytes of the chunks that came with their bytes. */
  copiedBytes = 0
  /** Chunks that never came and that the sink has written as the fill value. */
  filled = 0
  /** What users of the array should know of it. */
  remark: string | undefined
  /** Why nothing of the array is kept. */
  dropped: string | undefined
  #chunks: number
  // The chunk after the last one seen.
  #next = 0

  constructor(metadata: ArrayMetadata) {
    const { path, dims, shape, chunkShape } = metadata
    if (dims.length !== shape.length || chunkShape.length !== shape.length) {
      throw new WriteError(path, 'names, extents and chunk extents of its axes differ in number')
    }
    if (shape.lastIndexOf(null) > 0) {
      throw new WriteError(path, 'chunks have no numbers where another axis than the first may grow')
    }
    this.metadata = metadata
    this.#chunks = countChunks(metadata, shape)
  }

  /** Chunks of the grid; Infinity while an axis may still grow. */
  get chunks(): number {
    return this.#chunks
  }

  /** Chunks of the grid that were not written. */
  get missing(): number {
    return this.#chunks - this.references - this.inlined - this.filled
  }

  /** Whether any chunk went to the output. */
  get isBegun(): boolean {
    return this.references + this.inlined + this.filled > 0
  }

  /**
   * Counts the rows of a batch, all of which are checked before any may be written.
   * @param known the paths of the batch that were checked already: 1 at their indexes.
   * @throws WriteError where the batch breaks its contract.
   */
  add(batch: ReferenceBatch, known: Uint8Array, checkPath: PathCheck | undefined): void {
    this.#checkChunks(batch)
    for (let row = 0; row < batch.rows; row++) {
      const path = batch.path[row]
      if (path === INLINE) this.#addBytes(batch.raw?.[row])
      else {
        if (known[path] !== 1) this.#checkPath(batch, path, known, checkPath)
        this.#addReference(batch.offset[row], batch.length[row])
      }
    }
  }

  /** Holds what came against the array's final shape and the chunks that were said to be absent. */
  finish(shape: readonly number[], missing: number): void {
    const { path, shape: announced } = this.metadata
    const fits = shape?.length === announced.length && announced.every((n, i) => n === null || n === shape[i])
    if (!fits) throw this.#broken(`the shape ends as [${shape}], but was announced as [${announced}]`)
    this.#chunks = countChunks(this.metadata, shape)
    if (this.#next > this.#chunks) throw this.#broken(`chunk ${this.#next - 1} is outside the grid`)
    const absent = this.#chunks - this.references - this.inlined
    if (absent === missing) return
    throw new WriteError(path, `${absent} chunks never came, but ${missing} were said to be absent`)
  }

  #checkChunks({ rows, chunk }: ReferenceBatch): void {
    for (let row = 0; row < rows; row++) {
      const number = chunk[row]
      if (!Number.isSafeInteger(number) || number < this.#next) {
        throw this.#broken(`chunk ${number} comes after chunk ${this.#next - 1}`)
      }
      if (number >= this.#chunks) {
        throw this.#broken(`chunk ${number} is outside the grid of ${this.#chunks}`)
      }
      this.#next = number + 1
    }
  }

  #checkPath(
    { paths }: ReferenceBatch,
    index: number,
    known: Uint8Array,
    check: PathCheck | undefined,
  ): void {
    const path = paths[index]
    if (path === undefined) throw this.#broken(`a reference names path ${index} of ${paths.length}`)
    check?.(this.metadata.path, path)
    known[index] = 1
  }

  #addReference(offset: number, length: number): void {
    const isRange = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
    // At the start of a file no bytes stand for all of it; elsewhere readers would differ.
    if (!isRange || (length === 0 && offset > 0)) {
      throw this.#broken(`bytes ${offset} + ${length} are no range of a file`)
    }
    this.references++
    this.referencedBytes += length
  }

  #addBytes(bytes: Uint8Array | null | undefined): void {
    if (!bytes) throw this.#broken('an inlined chunk comes without its bytes')
    this.inlined++
    this.copiedBytes += bytes.length
  }

  #broken(problem: string): WriteError {
    return new WriteError(this.metadata.path, problem)
  }
}

function countChunks({ chunkShape }: ArrayMetadata, shape: readonly (number | null)[]): number {
  const known = shape.filter((extent) => extent !== null)
  if (known.length < shape.length) return Number.POSITIVE_INFINITY
  return chunkCount(gridShape(known, chunkShape))
}
