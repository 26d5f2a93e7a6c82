/** Scans the chunk index of a dataset, whichever of the six structures it is. */
import { chunkCoordinates, gridShape } from '../../../model/chunk-grid.ts'
import { scanBtreeV1 } from './btree-v1.ts'
import { scanBtreeV2Index } from './btree-v2.ts'
import { scanExtensibleArray } from './extensible-array.ts'
import { scanFixedArray } from './fixed-array.ts'
import { scanImplicit } from './implicit.ts'
import type { ChunkColumns, ScanChunks } from './index.ts'
import { type ChunkRequest, planRequest } from './request.ts'
import { scanSingleChunk } from './single-chunk.ts'

/** The filter mask of a chunk that skips every filter. */
const ALL_FILTERS = 0xffffffff

/**
 * The chunks of a dataset that exist, by ascending number; nothing is read before the first pull.
 * @throws FormatError where the index is damaged or points outside the file.
 */
export const scanChunks: ScanChunks = async function* (file, dataset, options = {}) {
  const request = planRequest(file, dataset, options)
  if (request === undefined) return
  options.signal?.throwIfAborted()
  if (!dataset.filtered || !dataset.layout.unfilteredEdges) {
    yield* scanIndex(request)
    return
  }
  for await (const columns of scanIndex(request)) yield maskEdges(request, columns)
}

function scanIndex(request: ChunkRequest): AsyncIterable<ChunkColumns> {
  const { index } = request.dataset.layout
  const address = index.address ?? 0
  switch (index.kind) {
    case 'btree-v1':
      return scanBtreeV1(request, address)
    case 'single-chunk':
      return scanSingleChunk(request, address)
    case 'implicit':
      return scanImplicit(request, address)
    case 'fixed-array':
      return scanFixedArray(request, address)
    case 'extensible-array':
      return scanExtensibleArray(request, address)
    case 'btree-v2':
      return scanBtreeV2Index(request, address)
  }
}

/** Chunks that reach over the shape's end were stored without filters, though their own masks do not say so. */
function maskEdges(request: ChunkRequest, columns: ChunkColumns): ChunkColumns {
  const { shape, layout, edgeShape = shape } = request.dataset
  const partial = edgeShape.map((extent, axis) => extent % layout.chunkShape[axis] !== 0)
  if (!partial.includes(true)) return columns
  const last = gridShape(edgeShape, layout.chunkShape).map((chunks) => chunks - 1)
  const filterMask = columns.filterMask?.slice() ?? new Uint32Array(columns.chunk.length)
  for (let row = 0; row < columns.rows; row++) {
    const at = chunkCoordinates(columns.chunk[row], request.grid)
    if (partial.some((cut, axis) => cut && at[axis] === last[axis])) filterMask[row] = ALL_FILTERS
  }
  return { ...columns, filterMask }
}
