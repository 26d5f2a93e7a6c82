/** Symbol table nodes: the links of an old-style group (HDF5 File Format 3.0, III.B and III.C). */
import type { Cursor } from './cursor.ts'
import type { Hdf5File } from './file.ts'
import { heapString, type LocalHeap } from './local-heap.ts'
import { decodeName, type Link } from './message/link.ts'
import { readGuess } from './speculative-read.ts'

const SCRATCH_PAD = 16
/** The cache type of a soft link, whose target's offset in the heap stands in the scratch pad. */
const SOFT_LINK = 2

/** Reads the node at `address`; its entries wait for `parseSymbolNode`. */
export function readSymbolNode(file: Hdf5File, address: number, signal?: AbortSignal): Promise<Cursor> {
  const guess = 8 + 2 * file.btreeK.groupLeaf * (file.lengthSize + file.offsetSize + 8 + SCRATCH_PAD)
  return readGuess(file, 'symbol table node', address, { least: 8, guess }, signal)
}

/** The links of a node, in its order. */
export function parseSymbolNode(file: Hdf5File, cursor: Cursor, heap: LocalHeap): Link[] {
  cursor.signature('SNOD')
  cursor.version(1)
  cursor.skip(1)
  const symbols = cursor.u16()
  if (symbols > 2 * file.btreeK.groupLeaf) throw cursor.error(`${symbols} symbols`, 6)
  return Array.from({ length: symbols }, () => parseEntry(file, cursor, heap))
}

function parseEntry(file: Hdf5File, cursor: Cursor, heap: LocalHeap): Link {
  // libhdf5 writes the name's offset as wide as a length, where the specification says an address.
  const name = decodeName(heapString(heap, cursor.uint(file.lengthSize)))
  const address = cursor.address(file.offsetSize)
  const cacheType = cursor.u32()
  cursor.skip(4)
  const target = cursor.u32()
  cursor.skip(SCRATCH_PAD - 4)
  if (cacheType === SOFT_LINK) return { name, kind: 'soft', target: decodeName(heapString(heap, target)) }
  if (address === undefined) throw cursor.error(`${JSON.stringify(name)} has no address`)
  return { name, kind: 'hard', address }
}
