/** The single chunk index (HDF5 File Format 3.0, VII.A): the layout message holds all of it. */
import { ColumnsBuilder } from './columns.ts'
import type { ChunkColumns } from './index.ts'
import type { ChunkRequest } from './request.ts'
import { datasetError } from './request.ts'

/** The one chunk of a dataset whose chunk covers its maximum shape. */
export async function* scanSingleChunk(request: ChunkRequest, address: number): AsyncGenerator<ChunkColumns> {
  const { file, dataset, strides, grid } = request
  const { index } = dataset.layout
  const filtered = index.kind === 'single-chunk' ? index.filtered : undefined
  if (strides.some((stride, axis) => stride * grid[axis] > 1)) {
    throw datasetError(file, dataset, 'a single chunk that does not cover the shape')
  }
  const columns = new ColumnsBuilder(request)
  columns.push(0, address, filtered?.size ?? request.chunkBytes, filtered?.filterMask ?? 0)
  yield* columns.finish()
}
