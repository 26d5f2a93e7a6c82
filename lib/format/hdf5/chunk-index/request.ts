/** What one scan of a chunk index asks for: the chunks `from` to `to` of the grid over the current shape. */
import { FormatError, UnsupportedError } from '../../../errors.ts'
import { chunkCount, gridShape, gridStrides } from '../../../model/chunk-grid.ts'
import type { Hdf5File } from '../file.ts'
import type { ChunkedDataset, ChunkScanOptions } from './index.ts'

export interface ChunkRequest {
  readonly file: Hdf5File
  readonly dataset: ChunkedDataset
  /** Chunks along each axis of the current shape. */
  readonly grid: readonly number[]
  readonly strides: readonly number[]
  /** Bytes of a chunk without filters. */
  readonly chunkBytes: number
  /** First chunk number. */
  readonly from: number
  /** The chunk number to stop before; above `from`. */
  readonly to: number
  readonly signal: AbortSignal | undefined
}

/** The request that a dataset and options make, or undefined where it holds no chunk. */
export function planRequest(
  file: Hdf5File,
  dataset: ChunkedDataset,
  options: ChunkScanOptions,
): ChunkRequest | undefined {
  const { chunkShape, elementSize } = dataset.layout
  if (chunkShape.length !== dataset.shape.length || dataset.maxShape.length !== dataset.shape.length) {
    throw datasetError(
      file,
      dataset,
      `chunks of ${chunkShape.length} axes, a shape of ${dataset.shape.length}`,
    )
  }
  const chunkBytes = chunkShape.reduce((bytes, extent) => bytes * extent, elementSize)
  if (!(chunkBytes >= 1 && chunkBytes <= Number.MAX_SAFE_INTEGER)) {
    throw datasetError(file, dataset, `chunks of ${chunkBytes} bytes`)
  }
  const grid = gridShape(dataset.shape, chunkShape)
  const count = chunkCount(grid)
  const from = Math.max(0, options.from ?? 0)
  const to = Math.min(count, options.to ?? count)
  if (dataset.layout.index.address === undefined || !(from < to)) return undefined
  if (count > Number.MAX_SAFE_INTEGER) {
    throw new UnsupportedError('a chunk grid above 2^53', { url: file.source.url, array: dataset.path })
  }
  return { file, dataset, grid, strides: gridStrides(grid), chunkBytes, from, to, signal: options.signal }
}

/** An error of the dataset's messages rather than of its index; throw it. */
export function datasetError(file: Hdf5File, dataset: ChunkedDataset, problem: string): FormatError {
  const offset = file.base + (dataset.layout.index.address ?? 0)
  return new FormatError(
    { url: file.source.url, structure: `chunk index of ${dataset.path}`, offset },
    problem,
  )
}

/** Whether every chunk of the grid is asked for. */
export function isWhole(request: ChunkRequest): boolean {
  return request.from === 0 && request.to === chunkCount(request.grid)
}
