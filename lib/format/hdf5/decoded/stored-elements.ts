/** The elements of chunks as they are stored, for arrays that are read rather than referenced. */
import { FormatError } from '../../../errors.ts'
import { chunkCoordinates, chunkCount, gridShape } from '../../../model/chunk-grid.ts'
import { scanChunks } from '../chunk-index/scan.ts'
import { type Hdf5File, LIMITS } from '../file.ts'
import type { ElementStorage } from '../planned-array.ts'
import { undoFilters } from './chunk-decoder.ts'

/** Chunk numbers from `from` to before `to`. */
export interface ChunkRange {
  readonly from: number
  readonly to: number
  readonly signal?: AbortSignal | undefined
}

/** Where a chunk is. */
export interface StoredChunk {
  /** C-order number. */
  readonly chunk: number
  /** From the start of the source, or of the compact data. */
  readonly offset: number
  readonly length: number
  readonly filterMask: number
}

/** Chunks that are read at once, and how many bytes these may come to. */
const GROUP = 16
const GROUP_BYTES = 1 << 24

/** The chunks that exist, by ascending number, as many at a time as may be read together. */
export async function* storedGroups(
  file: Hdf5File,
  { pointers, ...storage }: ElementStorage,
  range: ChunkRange,
): AsyncGenerator<readonly StoredChunk[]> {
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

/**
 * The elements of a chunk, filters undone; fewer than it has where the file stores no more.
 * @throws FormatError where it does not decode, or is beyond all bounds.
 */
export async function readElements(
  file: Hdf5File,
  { pointers, pointerSize, chunkShape }: ElementStorage,
  { chunk, offset, length, filterMask }: StoredChunk,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const size = chunkCount(chunkShape) * pointerSize
  const structure = pointers.kind === 'chunked' ? `a chunk of ${pointers.dataset.path}` : 'stored elements'
  const at = { url: file.source.url, structure, offset }
  if (Math.max(length, size) > LIMITS.blockBytes) throw new FormatError(at, `a chunk of ${size} bytes`)
  if (pointers.kind === 'compact') return pointers.data.subarray(offset, offset + length)
  if (offset + length > file.source.size) throw new FormatError(at, `chunk ${chunk} ends outside the file`)
  const bytes = await file.source.read(offset, length, { signal })
  if (pointers.kind === 'contiguous') return bytes
  return undoFilters(bytes, { filters: pointers.filters, filterMask, size }, at)
}

/** Whether an element of a chunk is inside the array: what lies beyond may refer to values that are gone. */
export function insideShape(
  { shape, chunkShape }: Pick<ElementStorage, 'shape' | 'chunkShape'>,
  chunk: number,
): (element: number) => boolean {
  const at = chunkCoordinates(chunk, gridShape(shape, chunkShape))
  if (at.every((coordinate, axis) => (coordinate + 1) * chunkShape[axis] <= shape[axis])) return () => true
  return (element) =>
    chunkCoordinates(element, chunkShape).every(
      (coordinate, axis) => at[axis] * chunkShape[axis] + coordinate < shape[axis],
    )
}
