/** Batches of references as a record store keeps them: the columns cut to their rows, the list of paths once for many. */
import type { ReferenceBatch } from '../../model/reference-batch.ts'
import type { StoredValue } from './record-store.ts'

/** The key of a part's batch. */
export function batchKey(part: number, index: number): string {
  return `${part} ${index}`
}

/** What is stored of a batch; null stands behind the last one of a part. */
export function storedBatch(batch: ReferenceBatch | null): StoredValue {
  if (!batch) return { own: null, shared: [] }
  const { paths, ...rest } = batch
  const { rows } = rest
  const own = {
    ...rest,
    chunk: rest.chunk.subarray(0, rows),
    path: rest.path.subarray(0, rows),
    offset: rest.offset.subarray(0, rows),
    length: rest.length.subarray(0, rows),
  }
  return { own, shared: [paths] }
}

/** The batch that was stored. */
export function restoredBatch({ own, shared }: StoredValue): ReferenceBatch | null {
  return own === null
    ? null
    : ({ ...(own as Omit<ReferenceBatch, 'paths'>), paths: shared[0] } as ReferenceBatch)
}
