/** What becomes of an array's missing chunks: they stay missing, or are inlined as the fill value where nothing else is read right. */
import type { ArrayMetadata } from '../model/metadata.ts'
import { encodeFillChunk, MOST_FILL_BYTES, MOST_FILL_CHUNKS } from './fill-chunk.ts'
import { type FillPlan, planFill, writtenFill } from './fill-value.ts'
import type { JsonValue } from './json-text.ts'

const NO_ATTRIBUTE = 'there is no attribute _FillValue'

/** The fill value of one array while it is written. */
export class ArrayFill {
  /** Numbers of the chunks that were inlined as the fill value, as the files have none. */
  readonly chunks: number[] = []
  /** Whether missing chunks are written out. */
  isWritten: boolean
  readonly #metadata: ArrayMetadata
  readonly #plan: FillPlan
  #chunk: Uint8Array | undefined

  constructor(metadata: ArrayMetadata) {
    this.#metadata = metadata
    this.#plan = planFill(metadata)
    this.isWritten = this.#plan.kind === 'conflict' || (this.#plan.kind === 'value' && !this.#plan.attribute)
  }

  /** The bytes to inline in `count` more chunks; undefined where they are too many, or cannot be made. */
  async bytesFor(count: number): Promise<Uint8Array | undefined> {
    const all = this.chunks.length + count
    if (all > MOST_FILL_CHUNKS) return undefined
    this.#chunk ??= await encodeFillChunk(this.#metadata)
    return this.#chunk && all * this.#chunk.length <= MOST_FILL_BYTES ? this.#chunk : undefined
  }

  /** Whether the attribute `_FillValue` is the fill value, so that `fill_value` may be it as well. */
  get isDeclared(): boolean {
    return this.#plan.kind === 'value' && this.#plan.attribute
  }

  /** Why a missing chunk that is not written out would be misread; undefined where it would not. */
  get conflict(): string | undefined {
    return this.#plan.kind === 'conflict' ? this.#plan.reason : undefined
  }

  /** Zarr's `fill_value`, for an array of which `missing` chunks are absent. */
  value(missing: number): JsonValue {
    return writtenFill(this.#plan, this.#metadata, missing)
  }

  /** A remark that users of the array should know of. */
  note(missing: number): string | undefined {
    if (this.#plan.kind === 'null') return undefined
    if (this.chunks.length > 0 && missing === 0) {
      return `${this.chunks.length} missing chunks are inlined as the fill value: ${this.conflict ?? NO_ATTRIBUTE}`
    }
    if (missing === 0 || this.#plan.kind === 'conflict' || this.#plan.attribute) return undefined
    return `${missing} missing chunks read as the file's fill value, which xarray masks: ${NO_ATTRIBUTE}`
  }
}
