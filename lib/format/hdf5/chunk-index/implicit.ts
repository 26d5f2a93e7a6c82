/** The implicit index (HDF5 File Format 3.0, VII.B): all chunks of the maximum shape lie one after another. */
import { BATCH_ROWS, ColumnsBuilder } from './columns.ts'
import { limitedOrder } from './element-order.ts'
import type { ChunkColumns } from './index.ts'
import { type ChunkRequest, datasetError } from './request.ts'

/** Every chunk of the grid: they were all allocated when the dataset was made. */
export async function* scanImplicit(request: ChunkRequest, address: number): AsyncGenerator<ChunkColumns> {
  const { file, dataset, chunkBytes } = request
  const order = limitedOrder(request)
  const end = order.elementOf(request.to - 1) + 1
  // Checked before the first row, so that a declared grid costs no more time than the file has bytes.
  if (file.base + address + end * chunkBytes > file.source.size) {
    throw datasetError(
      file,
      dataset,
      `${end} chunks of ${chunkBytes} bytes do not fit into the file (truncated?)`,
    )
  }
  const columns = new ColumnsBuilder(request)
  let element = order.seek(order.elementOf(request.from))
  while (element < end) {
    const stop = Math.min(end, order.runEnd, element + BATCH_ROWS)
    for (let chunk = order.chunk; element < stop; element++, chunk += order.step) {
      columns.push(chunk, address + element * chunkBytes, chunkBytes, 0)
    }
    if (columns.ready) yield* columns.drain()
    element = order.seek(element)
  }
  yield* columns.finish()
}
