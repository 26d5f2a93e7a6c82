/** The chunks that one manifest has of an array, as rows in ascending order. */
import { chunkCoordinates } from '../../model/chunk-grid.ts'
import { firstIndex } from '../../model/first-index.ts'
import type { ReferenceBatch } from '../../model/reference-batch.ts'
import { PendingBatch } from '../../stream/pending-batch.ts'
import type { CheckedSources } from './checked-sources.ts'
import type { Table } from './flatbuffer.ts'
import type { ChunkPlace, ManifestArray } from './manifest.ts'
import { mayHave } from './manifest-order.ts'
import type { ManifestRef } from './snapshot.ts'
import { resolveLocation } from './virtual-location.ts'

/** Distinct locations whose paths are kept at a time. */
const KEPT_LOCATIONS = 1 << 14

/** What the places of chunks are taken from. */
export interface PlaceContext {
  /** The repository's folder, absolute. */
  readonly root: string
  readonly containers: ReadonlyMap<string, string>
  readonly sources: CheckedSources
}

/** Chunks of one array that are asked for. */
export interface RowRange {
  /** Index of the array in the header. */
  readonly array: number
  readonly grid: readonly number[]
  readonly from: number
  /** The chunk to stop before. */
  readonly to: number
}

/** What was found on the way and is in no row. */
export interface RowCounts {
  /** References to chunks that the array's grid no longer has, as where it was made smaller. */
  outside: number
  /** Rows whose bytes lie in files of the repository. */
  native: number
}

/** Paths by the locations that they were made of. */
class KnownPaths {
  readonly #context: PlaceContext
  readonly #known = new Map<string, string>()
  #lastLocation: string | undefined
  #lastPath = ''

  constructor(context: PlaceContext) {
    this.#context = context
  }

  path(location: string, ref: Table): string {
    if (location === this.#lastLocation) return this.#lastPath
    this.#lastPath = this.#find(location, ref)
    this.#lastLocation = location
    return this.#lastPath
  }

  #find(location: string, ref: Table): string {
    const known = this.#known.get(location)
    if (known !== undefined) return known
    const resolved = resolveLocation(location, this.#context.containers)
    if (typeof resolved === 'string') return ref.refuse(resolved)
    if (this.#known.size >= KEPT_LOCATIONS) this.#known.clear()
    this.#known.set(location, resolved.path)
    return resolved.path
  }
}

/** A batch that is being filled, and the paths that it has: it holds no more than its own. */
class RowBatch {
  readonly #pending = new PendingBatch()
  readonly #paths: string[] = []
  readonly #indexes = new Map<string, number>()

  get rows(): number {
    return this.#pending.rows
  }

  get isFull(): boolean {
    return this.#pending.isFull
  }

  inline(chunk: number, bytes: Uint8Array): void {
    // A copy: a view would keep the whole manifest.
    this.#pending.inline(chunk, bytes.slice())
  }

  reference(chunk: number, path: string, offset: number, length: number): void {
    const index = this.#indexes.get(path) ?? this.#paths.push(path) - 1
    this.#indexes.set(path, index)
    this.#pending.reference(chunk, index, offset, length)
  }

  take(array: number): ReferenceBatch {
    return this.#pending.take(array, this.#paths)
  }
}

/** Whether `a` comes before `b`, coordinate by coordinate. */
function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const axis = a.findIndex((coordinate, i) => coordinate !== b[i])
  return axis >= 0 && a[axis] < b[axis]
}

/** Reads the rows of one manifest after the other. */
export class ChunkRowReader {
  readonly #context: PlaceContext
  readonly #paths: KnownPaths
  readonly counts: RowCounts = { outside: 0, native: 0 }

  constructor(context: PlaceContext) {
    this.#context = context
    this.#paths = new KnownPaths(context)
  }

  /**
   * The rows of a range, in batches.
   * @throws FormatError where the references do not ascend, or one leads nowhere. SourceError where a file has changed.
   */
  async *rows(chunks: ManifestArray, manifest: ManifestRef, range: RowRange): AsyncGenerator<ReferenceBatch> {
    const { grid, to } = range
    const index = grid.map(() => 0)
    let batch = new RowBatch()
    let last = -1
    for (let i = this.#firstRef(chunks, range); i < chunks.length; i++) {
      const ref = chunks.read(i, index)
      const chunk = this.#chunkNumber(index, manifest, grid)
      if (chunk === undefined) continue
      if (chunk <= last) ref.refuse(`has chunk [${index.join(', ')}] out of order`)
      if (chunk >= to) break
      last = chunk
      const pending = this.#add(batch, chunk, chunks.place(ref), ref)
      if (pending) await pending
      if (!batch.isFull) continue
      yield batch.take(range.array)
      batch = new RowBatch()
    }
    if (batch.rows > 0) yield batch.take(range.array)
  }

  /** The first reference that may be within the range. */
  #firstRef(chunks: ManifestArray, { grid, from }: RowRange): number {
    if (from === 0) return 0
    const wanted = chunkCoordinates(from, grid)
    const index = grid.map(() => 0)
    return firstIndex(chunks.length, (i) => {
      chunks.read(i, index)
      return !isBefore(index, wanted)
    })
  }

  /** Undefined where Icechunk would not find the chunk here. */
  #chunkNumber(index: readonly number[], manifest: ManifestRef, grid: readonly number[]): number | undefined {
    let chunk = 0
    for (let axis = 0; axis < grid.length; axis++) {
      if (index[axis] >= grid[axis]) {
        this.counts.outside++
        return undefined
      }
      chunk = chunk * grid[axis] + index[axis]
    }
    return mayHave(manifest, index) ? chunk : undefined
  }

  #add(batch: RowBatch, chunk: number, place: ChunkPlace, ref: Table): Promise<void> | undefined {
    if (place.kind === 'inline') {
      batch.inline(chunk, place.bytes)
      return undefined
    }
    if (place.kind === 'native') {
      this.counts.native++
      batch.reference(chunk, `${this.#context.root}/chunks/${place.name}`, place.offset, place.length)
      return undefined
    }
    const path = this.#paths.path(place.location, ref)
    batch.reference(chunk, path, place.offset, place.length)
    return this.#context.sources.see(path, place.checksum)
  }
}
