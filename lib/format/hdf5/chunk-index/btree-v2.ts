/** The version 2 B-tree index (HDF5 File Format 3.0, VII.E): chunks of a dataset with several unlimited axes. */
import { type BtreeV2Records, scanBtreeV2 } from '../btree-v2.ts'
import { ColumnsBuilder } from './columns.ts'
import { CoordinateReader } from './coordinates.ts'
import type { ChunkColumns } from './index.ts'
import { addressAt, UNDEFINED_ADDRESS, uintAt } from './integer.ts'
import { type ChunkRequest, datasetError, isWhole } from './request.ts'

/** Record types: chunks without filters, and filtered ones. */
const PLAIN = 10
const FILTERED = 11

/** Chunks in the order of their coordinates, which is C order whatever the maximum shape. */
export async function* scanBtreeV2Index(
  request: ChunkRequest,
  address: number,
): AsyncGenerator<ChunkColumns> {
  const { file, dataset, signal } = request
  const columns = new ColumnsBuilder(request)
  const units = dataset.shape.map(() => 1)
  const coordinates = new CoordinateReader(request, units)
  const locate = isWhole(request) ? undefined : (record: Uint8Array) => place(request, coordinates, record)
  const types = [dataset.filtered ? FILTERED : PLAIN]
  for await (const records of scanBtreeV2(file, address, types, { signal, locate })) {
    decode(request, coordinates, records, columns)
    if (columns.ready) yield* columns.drain()
  }
  yield* columns.finish()
}

/** Whether a record lies before (below 0), within or behind (above 0) the chunks asked for. */
function place(request: ChunkRequest, coordinates: CoordinateReader, record: Uint8Array): number {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const at = record.length - 8 * request.grid.length
  if (at < 0) return 0
  const before = coordinates.chunksBefore(view, at)
  if (before < request.from) return -1
  return before >= request.to ? 1 : 0
}

/** A record: address, in a filtered one size and mask, then the coordinates in chunks. */
function decode(
  request: ChunkRequest,
  coordinates: CoordinateReader,
  records: BtreeV2Records,
  columns: ColumnsBuilder,
): void {
  const { file, dataset, from, to } = request
  const { bytes, recordSize, type, count } = records
  const { offsetSize } = file
  const coordinatesAt = recordSize - 8 * request.grid.length
  const sizeWidth = type === FILTERED ? coordinatesAt - offsetSize - 4 : 0
  if (type === FILTERED ? sizeWidth < 1 || sizeWidth > 8 : coordinatesAt !== offsetSize) {
    throw datasetError(file, dataset, `records of ${recordSize} bytes`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0, at = 0; i < count; i++, at += recordSize) {
    const chunk = coordinates.chunkAt(view, at + coordinatesAt)
    if (chunk < from || chunk >= to) continue
    const address = addressAt(view, at, offsetSize)
    if (address === UNDEFINED_ADDRESS) continue
    if (sizeWidth === 0) columns.push(chunk, address, request.chunkBytes, 0)
    else {
      const length = uintAt(view, at + offsetSize, sizeWidth)
      columns.push(chunk, address, length, view.getUint32(at + offsetSize + sizeWidth, true))
    }
  }
}
