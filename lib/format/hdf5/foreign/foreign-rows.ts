/** Collects rows of one array into batches: references into any number of files, and chunks that carry their bytes. */
import { INLINE, type ReferenceBatch } from '../../../model/reference-batch.ts'
import { BATCH_BYTES, BATCH_ROWS } from './foreign.ts'

/** Where a chunk lies in a file. */
interface Place {
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly filterMask?: number
}

/** Rows in ascending order of their chunks. */
export class ForeignRows {
  readonly #array: number
  #rows: (readonly [chunk: number, place: Place | Uint8Array])[] = []
  #bytes = 0

  constructor(array: number) {
    this.#array = array
  }

  add(chunk: number, place: Place | Uint8Array): void {
    this.#rows.push([chunk, place])
    if (place instanceof Uint8Array) this.#bytes += place.length
  }

  /** Whether there are enough rows for a batch. */
  get isFull(): boolean {
    return this.#rows.length >= BATCH_ROWS || this.#bytes >= BATCH_BYTES
  }

  /** What was added since the last time, if anything was. */
  *flush(): Generator<ReferenceBatch> {
    const rows = this.#rows
    if (rows.length === 0) return
    this.#rows = []
    const isCopied = this.#bytes > 0
    this.#bytes = 0
    const places = rows.map(([, place]) => (place instanceof Uint8Array ? undefined : place))
    const paths = [...new Set(places.flatMap((place) => place?.path ?? []))]
    const numbers = new Map(paths.map((path, i) => [path, i]))
    yield {
      kind: 'batch',
      array: this.#array,
      rows: rows.length,
      chunk: Float64Array.from(rows, ([chunk]) => chunk),
      path: Uint32Array.from(places, (place) => (place ? (numbers.get(place.path) ?? INLINE) : INLINE)),
      paths,
      offset: Float64Array.from(places, (place) => place?.offset ?? 0),
      length: Float64Array.from(rows, ([, place]) => place.length),
      ...(isCopied && { raw: rows.map(([, place]) => (place instanceof Uint8Array ? place : null)) }),
      ...(places.some((place) => place?.filterMask) && {
        filterMask: Uint32Array.from(places, (place) => place?.filterMask ?? 0),
      }),
    }
  }
}
