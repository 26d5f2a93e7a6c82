/** Shared object header messages: the master table and its heaps (HDF5 File Format 3.0, IV.A.2.p and III.H). */
import { checkChecksum } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import { type Hdf5File, readBlock } from './file.ts'
import { type FractalHeap, readFractalHeap } from './fractal-heap.ts'

/** The heap of each message type; kept, since almost every object of such a file needs one. */
const heaps = new WeakMap<Hdf5File, Promise<ReadonlyMap<number, FractalHeap>>>()

/**
 * The body of the shared message of that type with that heap ID.
 * @throws FormatError where the file has no such message.
 */
export async function readSharedHeapMessage(
  file: Hdf5File,
  type: number,
  id: Uint8Array,
  signal?: AbortSignal,
): Promise<Cursor> {
  const heap = await readSharedHeap(file, type, signal)
  return heap.object(id)
}

/**
 * The heap of the shared messages of that type.
 * @throws FormatError where the file has none.
 */
export async function readSharedHeap(
  file: Hdf5File,
  type: number,
  signal?: AbortSignal,
): Promise<FractalHeap> {
  signal?.throwIfAborted()
  let known = heaps.get(file)
  if (known === undefined) {
    // Without the signal, which is one caller's and not of all who come later.
    known = readHeaps(file)
    heaps.set(file, known)
    known.catch(() => heaps.delete(file))
  }
  const heap = (await known).get(type)
  if (heap !== undefined) return heap
  throw (await readTable(file)).error(`no heap for messages of type ${type}`, 0)
}

async function readTable(file: Hdf5File): Promise<Cursor> {
  const { address = 0, indexes = 0 } = file.sharedMessageTable ?? {}
  const length = 4 + indexes * (14 + 2 * file.offsetSize) + 4
  const table = await readBlock(file, 'shared message table', address, length)
  table.signature('SMTB')
  table.skip(length - 8)
  checkChecksum(table)
  return table
}

async function readHeaps(file: Hdf5File): Promise<ReadonlyMap<number, FractalHeap>> {
  const table = await readTable(file)
  table.position = 4
  const byType = new Map<number, FractalHeap>()
  for (let i = 0; i < (file.sharedMessageTable?.indexes ?? 0); i++) {
    table.version(0)
    table.skip(1)
    const types = table.u16()
    table.skip(10)
    table.skip(file.offsetSize)
    const address = table.address(file.offsetSize)
    if (address === undefined) continue
    const heap = await readFractalHeap(file, address)
    for (let type = 0; type < 16; type++) if (types & (1 << type)) byType.set(type, heap)
  }
  return byType
}
