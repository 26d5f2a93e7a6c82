/** What a scan of a chunk index yields, gathered for comparisons. */
import type { ChunkedDataset, ChunkScanOptions } from '../../../../lib/format/hdf5/chunk-index/index.ts'
import { scanChunks } from '../../../../lib/format/hdf5/chunk-index/scan.ts'
import type { Hdf5File } from '../../../../lib/format/hdf5/file.ts'

export interface Row {
  readonly chunk: number
  readonly offset: number
  readonly length: number
  readonly mask: number
}

/** All rows of a scan; more than `most` are an error. */
export async function scanRows(
  file: Hdf5File,
  dataset: ChunkedDataset,
  options?: ChunkScanOptions,
  most = Number.POSITIVE_INFINITY,
): Promise<Row[]> {
  const found: Row[] = []
  for await (const { rows, chunk, offset, length, filterMask } of scanChunks(file, dataset, options)) {
    for (let row = 0; row < rows; row++) {
      const mask = filterMask?.[row] ?? 0
      found.push({ chunk: chunk[row], offset: offset[row], length: length[row], mask })
    }
    if (found.length > most) throw new RangeError(`${found.length} rows`)
  }
  return found
}
