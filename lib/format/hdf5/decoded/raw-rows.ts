/** Batches some of whose rows become bytes of the set itself: cut so that none carries too many. */
import { INLINE, type ReferenceBatch } from '../../../model/reference-batch.ts'
import { IN_FLIGHT, mapInFlight } from '../in-flight.ts'

/** Bytes of chunks that are in flight together. */
export const GROUP_BYTES = 1 << 22
/** Bytes that a batch is handed on with, once it has as many. */
const BATCH_BYTES = 1 << 22

/** Gives the bytes of a row; null where it stays as it is. */
type ReadRow = (row: number) => Promise<Uint8Array | null>

/**
 * The rows of `batch`, with the bytes that `read` gives in place of references.
 * @param chunkBytes bytes of a chunk in memory: decides how many are read at a time.
 */
export async function* withRawRows(
  batch: ReferenceBatch,
  read: ReadRow,
  chunkBytes: number,
): AsyncGenerator<ReferenceBatch> {
  const group = Math.max(1, Math.min(IN_FLIGHT, Math.floor(GROUP_BYTES / chunkBytes)))
  let from = 0
  let raw: (Uint8Array | null)[] = []
  let bytes = 0
  for (let at = 0; at < batch.rows; at += group) {
    const rows = Array.from({ length: Math.min(group, batch.rows - at) }, (_, i) => at + i)
    for (const chunk of await mapInFlight(rows, async (row) => batch.raw?.[row] ?? read(row))) {
      raw.push(chunk)
      bytes += chunk?.length ?? 0
    }
    if (bytes < BATCH_BYTES) continue
    yield withRaw(batch, from, raw)
    from += raw.length
    raw = []
    bytes = 0
  }
  if (raw.length > 0) yield withRaw(batch, from, raw)
}

/** The rows from `from` on, with these bytes where there are any. */
function withRaw(
  { kind, array, paths, ...batch }: ReferenceBatch,
  from: number,
  raw: readonly (Uint8Array | null)[],
): ReferenceBatch {
  const to = from + raw.length
  const path = batch.path.slice(from, to)
  const offset = batch.offset.slice(from, to)
  const length = batch.length.slice(from, to)
  for (const [row, bytes] of raw.entries()) {
    if (!bytes) continue
    path[row] = INLINE
    offset[row] = 0
    length[row] = bytes.length
  }
  const chunk = batch.chunk.slice(from, to)
  const cut = { kind, array, rows: raw.length, chunk, path, paths, offset, length }
  return path.includes(INLINE) ? { ...cut, raw } : cut
}
