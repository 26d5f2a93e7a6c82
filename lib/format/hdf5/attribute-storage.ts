/** The attribute messages of an object, compact and dense (HDF5 File Format 3.0, IV.A.2.m and IV.A.2.v). */
import type { Cursor } from './cursor.ts'
import { type Damage, damageOrThrow } from './damage.ts'
import { ATTRIBUTE_INDEX, type DenseRecord, readDense } from './dense-storage.ts'
import type { Hdf5File } from './file.ts'
import type { FractalHeap } from './fractal-heap.ts'
import { mapInFlight } from './in-flight.ts'
import { parseAttributeInfo } from './message/attribute-info.ts'
import {
  findMessage,
  type HeaderMessage,
  MESSAGE,
  type ObjectHeader,
  resolveMessage,
} from './object-header.ts'
import { readSharedHeap } from './shared-message-table.ts'

/** The body of one attribute message, or why it cannot be had. */
type StoredAttribute = { readonly body: Cursor } | { readonly error: Damage }

/**
 * All attribute messages of an object: by creation order where the object tracks it, else as the file stores them.
 * Damage to one is told in its place; damage to the index or heap of all dense ones, once.
 */
export async function readAttributeMessages(
  file: Hdf5File,
  header: ObjectHeader,
  signal?: AbortSignal,
): Promise<readonly StoredAttribute[]> {
  const compact = header.messages.filter(({ type }) => type === MESSAGE.attribute)
  const [inHeader, dense] = await Promise.all([
    mapInFlight(compact, (message) => readCompact(file, message, signal)),
    readDenseAttributes(file, header, signal),
  ])
  const all = [...inHeader, ...dense.attributes]
  if (dense.tracked) all.sort((a, b) => a.order - b.order)
  return all.map(({ message }) => message)
}

interface Ordered {
  readonly order: number
  readonly message: StoredAttribute
}

async function caught(order: number, body: Promise<Cursor>): Promise<Ordered> {
  try {
    return { order, message: { body: await body } }
  } catch (error) {
    return { order, message: { error: damageOrThrow(error) } }
  }
}

function readCompact(file: Hdf5File, message: HeaderMessage, signal?: AbortSignal): Promise<Ordered> {
  return caught(message.creationOrder ?? 0, resolveMessage(file, message, signal))
}

async function readDenseAttributes(
  file: Hdf5File,
  header: ObjectHeader,
  signal?: AbortSignal,
): Promise<{ tracked: boolean; attributes: readonly Ordered[] }> {
  const info = findMessage(header, MESSAGE.attributeInfo)
  if (info === undefined) return { tracked: false, attributes: [] }
  let tracked = false
  try {
    const storage = parseAttributeInfo(file, await resolveMessage(file, info, signal))
    tracked = storage.creationOrderTracked
    const dense = await readDense(file, storage, ATTRIBUTE_INDEX, signal)
    if (dense === undefined) return { tracked, attributes: [] }
    const read = (record: DenseRecord) =>
      caught(record.creationOrder, readDenseAttribute(file, dense.heap, record, signal))
    return { tracked, attributes: await mapInFlight(dense.records, read) }
  } catch (error) {
    return { tracked, attributes: [{ order: 0, message: { error: damageOrThrow(error) } }] }
  }
}

async function readDenseAttribute(
  file: Hdf5File,
  heap: FractalHeap,
  { heapId, flags }: DenseRecord,
  signal?: AbortSignal,
): Promise<Cursor> {
  if ((flags & 2) === 0) return heap.object(heapId)
  return (await readSharedHeap(file, MESSAGE.attribute, signal)).object(heapId)
}
