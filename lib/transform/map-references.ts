/** References one at a time, for those who would rather not think in columns. */
import { UsageError } from '../errors.ts'
import { chunkCoordinates } from '../model/chunk-grid.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { Stage } from '../stream/stage.ts'
import { changedSet, eachSet } from './changed-set.ts'

/** Where the bytes of a chunk are: at `offset` in `path`, or in `raw`. */
export interface ChunkBytes {
  /** Absolute path or URL; null where the bytes are in `raw`. */
  readonly path: string | null
  /** Bytes from the start of the file. */
  readonly offset: number
  /** Bytes; 0 at offset 0 stands for the whole file. */
  readonly length: number
  readonly raw?: Uint8Array | null
}

export interface Reference extends ChunkBytes {
  /** Flat C-order number in the chunk grid. */
  readonly chunk: number
  /** Position in the chunk grid, computed when asked for. */
  readonly coordinates: readonly number[]
  readonly raw: Uint8Array | null
}

/** Chunks along each axis; an axis that is still growing can only be the first, whose extent no number needs. */
function openGrid({ shape, chunkShape }: ArrayMetadata): number[] {
  return shape.map((extent, axis) =>
    extent === null ? Number.POSITIVE_INFINITY : Math.ceil(extent / chunkShape[axis]),
  )
}

function referenceAt(batch: ReferenceBatch, row: number, grid: readonly number[]): Reference {
  const chunk = batch.chunk[row]
  const path = batch.path[row]
  return {
    chunk,
    get coordinates() {
      return chunkCoordinates(chunk, grid)
    },
    path: path === INLINE ? null : batch.paths[path],
    offset: batch.offset[row],
    length: batch.length[row],
    raw: batch.raw?.[row] ?? null,
  }
}

function checkBytes(array: string, chunk: number, { path, offset, length, raw }: ChunkBytes): void {
  const isNumber = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  const isRange = isNumber && (path === null || length > 0 || offset === 0)
  if (isRange && (path === null) === raw instanceof Uint8Array) return
  throw new UsageError(
    `mapReferences: chunk ${chunk} of ${array} came back with path ${path}, offset ${offset}, length ${length}` +
      `${raw ? ' and raw bytes' : ''}; it must have a path and a range of bytes (0 and 0: all of them), or raw bytes and path null`,
  )
}

/** The columns of a batch that is put together row by row. */
class BatchBuilder {
  rows = 0
  readonly #from: ReferenceBatch
  readonly #chunk: Float64Array
  readonly #path: Uint32Array
  readonly #offset: Float64Array
  readonly #length: Float64Array
  readonly #mask: Uint32Array | undefined
  readonly #raw: (Uint8Array | null)[] = []
  readonly #paths = new Map<string, number>()

  constructor(from: ReferenceBatch) {
    this.#from = from
    this.#chunk = new Float64Array(from.rows)
    this.#path = new Uint32Array(from.rows)
    this.#offset = new Float64Array(from.rows)
    this.#length = new Float64Array(from.rows)
    this.#mask = from.filterMask && new Uint32Array(from.rows)
  }

  /** Adds what became of row `row` of the original. */
  add(row: number, { path, offset, length, raw }: ChunkBytes): void {
    const to = this.rows++
    this.#chunk[to] = this.#from.chunk[row]
    this.#path[to] = path === null ? INLINE : this.#intern(path)
    this.#offset[to] = path === null ? 0 : offset
    this.#length[to] = path === null ? (raw?.length ?? 0) : length
    this.#raw.push(path === null ? (raw ?? null) : null)
    if (this.#mask && this.#from.filterMask) this.#mask[to] = this.#from.filterMask[row]
  }

  #intern(path: string): number {
    const known = this.#paths.get(path)
    if (known !== undefined) return known
    this.#paths.set(path, this.#paths.size)
    return this.#paths.size - 1
  }

  build(): ReferenceBatch {
    const batch: ReferenceBatch = {
      kind: 'batch',
      array: this.#from.array,
      rows: this.rows,
      chunk: this.#chunk,
      path: this.#path,
      paths: [...this.#paths.keys()],
      offset: this.#offset,
      length: this.#length,
      ...(this.#raw.some((raw) => raw !== null) && { raw: this.#raw }),
      ...(this.#mask && { filterMask: this.#mask }),
    }
    return batch
  }
}

/**
 * Puts each reference through `map`; null makes the chunk a missing one. Chunks keep their numbers, whatever
 * `chunk` says in what comes back. For other paths in all references, `rewritePaths` is quicker and knows the sources.
 */
export function mapReferences(map: (reference: Reference, array: ArrayMetadata) => ChunkBytes | null): Stage {
  return eachSet((set) => {
    const { arrays } = set.header
    const grids = arrays.map(openGrid)
    return changedSet(set, {
      open: () => {
        const removed = new Array<number>(arrays.length).fill(0)
        const batch = (from: ReferenceBatch): ReferenceBatch => {
          const array = arrays[from.array]
          const builder = new BatchBuilder(from)
          for (let row = 0; row < from.rows; row++) {
            const mapped = map(referenceAt(from, row, grids[from.array]), array)
            if (!mapped) continue
            checkBytes(array.path, from.chunk[row], mapped)
            builder.add(row, mapped)
          }
          removed[from.array] += from.rows - builder.rows
          return builder.build()
        }
        return {
          batch,
          footer: (footer) => ({
            ...footer,
            missing: footer.missing.map((missing, array) => missing + removed[array]),
          }),
        }
      },
    })
  })
}
