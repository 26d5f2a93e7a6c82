/** The local heap: the names of an old-style group (HDF5 File Format 3.0, III.D). */
import { Cursor } from './cursor.ts'
import type { Hdf5File } from './file.ts'
import { readGuess, readNear } from './speculative-read.ts'

const STRUCTURE = 'local heap'
/** Small heaps lie with their data right behind the header. */
const GUESS = 512

/** The heap's data segment, to take strings from with `heapString`. */
export interface LocalHeap {
  readonly data: Cursor
}

/** Reads the heap at `address` with its data. */
export async function readLocalHeap(
  file: Hdf5File,
  address: number,
  signal?: AbortSignal,
): Promise<LocalHeap> {
  const least = 8 + 2 * file.lengthSize + file.offsetSize
  const guess = await readGuess(file, STRUCTURE, address, { least, guess: GUESS }, signal)
  guess.signature('HEAP')
  guess.version(0)
  guess.skip(3)
  const length = guess.uint(file.lengthSize)
  guess.skip(file.lengthSize)
  const dataAddress = guess.address(file.offsetSize)
  if (dataAddress === undefined) throw guess.error('no data segment')
  return { data: await readNear(file, guess, `${STRUCTURE} data`, dataAddress, length, signal) }
}

/** The bytes of the NUL-terminated string at `offset` of the heap's data. */
export function heapString({ data }: LocalHeap, offset: number): Uint8Array {
  if (offset >= data.bytes.length) throw data.error(`no string ${offset} bytes into the heap`, 0)
  const at = { url: data.url, structure: data.structure, offset: data.start + offset }
  return new Cursor(data.bytes.subarray(offset), at).takeToNul()
}
