/** Dense storage: links or attributes in a fractal heap, found through a B-tree v2 (HDF5 File Format 3.0, III.A.2). */
import { scanBtreeV2 } from './btree-v2.ts'
import { Cursor } from './cursor.ts'
import type { Hdf5File } from './file.ts'
import { type FractalHeap, readFractalHeap } from './fractal-heap.ts'
import type { DenseStorage } from './message/link-info.ts'

/** What an index by name holds of one message. */
export interface DenseRecord {
  /** Of the message in the fractal heap. */
  readonly heapId: Uint8Array
  /** The flags of the message; bit 1: it lies in the file's shared message heap. */
  readonly flags: number
  readonly creationOrder: number
}

/** One kind of index by name. */
interface NameIndex {
  /** Its record type in a B-tree v2. */
  readonly type: number
  readonly parse: (record: Cursor) => DenseRecord
}

/** Record type 5: the hash of a link's name, then its heap ID. */
export const LINK_INDEX: NameIndex = {
  type: 5,
  parse(record) {
    record.skip(4)
    return { heapId: record.take(7), flags: 0, creationOrder: 0 }
  },
}

/** Record type 8: an attribute's heap ID, flags and creation order, then the hash of its name. */
export const ATTRIBUTE_INDEX: NameIndex = {
  type: 8,
  parse: (record) => ({ heapId: record.take(8), flags: record.u8(), creationOrder: record.u32() }),
}

/** The heap and all records of an index, or undefined where nothing is stored densely. */
export async function readDense(
  file: Hdf5File,
  { heapAddress, nameIndexAddress }: DenseStorage,
  index: NameIndex,
  signal?: AbortSignal,
): Promise<{ heap: FractalHeap; records: readonly DenseRecord[] } | undefined> {
  if (heapAddress === undefined || nameIndexAddress === undefined) return undefined
  const [heap, records] = await Promise.all([
    readFractalHeap(file, heapAddress, signal),
    readRecords(file, nameIndexAddress, index, signal),
  ])
  return { heap, records }
}

async function readRecords(
  file: Hdf5File,
  address: number,
  index: NameIndex,
  signal?: AbortSignal,
): Promise<DenseRecord[]> {
  const records: DenseRecord[] = []
  const at = { url: file.source.url, structure: `record of type ${index.type}`, offset: file.base + address }
  for await (const { bytes, count, recordSize } of scanBtreeV2(file, address, [index.type], { signal })) {
    for (let i = 0; i < count; i++) {
      const record = bytes.subarray(i * recordSize, (i + 1) * recordSize)
      records.push(index.parse(new Cursor(record, at)))
    }
  }
  return records
}
