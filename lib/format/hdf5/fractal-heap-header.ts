/** The header of a fractal heap and its doubling table (HDF5 File Format 3.0, III.G). */
import { checkChecksum } from './checksum.ts'
import type { Address, Cursor } from './cursor.ts'
import { type Hdf5File, LIMITS } from './file.ts'
import { type Filter, parseFilterPipeline } from './message/filter-pipeline.ts'
import { cut, readGuess, readWhole } from './speculative-read.ts'

/** How the heap's managed space is cut into blocks: rows of `width`, of one size each, doubling from the third on. */
interface DoublingTable {
  readonly width: number
  readonly startSize: number
  readonly maxDirectSize: number
  /** Rows of an indirect block from which on its children are indirect too. */
  readonly directRows: number
}

export interface FractalHeapHeader {
  readonly address: number
  readonly cursor: Cursor
  readonly idLength: number
  /** Bytes of an offset and of a length in a heap ID. */
  readonly offsetBytes: number
  readonly lengthBytes: number
  readonly checksums: boolean
  readonly table: DoublingTable
  readonly rootAddress: Address
  /** Rows of the root indirect block; 0: the root is a direct block. */
  readonly rootRows: number
  /** The B-tree v2 of the huge objects. */
  readonly hugeAddress: Address
  /** Of direct blocks and huge objects; none: they are stored as they are. */
  readonly filters: readonly Filter[]
  /** Where the root is a filtered direct block: its bytes as stored, and which filters it skips. */
  readonly filteredRoot?: { readonly size: number; readonly mask: number }
}

const STRUCTURE = 'fractal heap header'
const GUESS = 512

/** Reads the header at `address`. */
export async function readFractalHeapHeader(
  file: Hdf5File,
  address: number,
  signal?: AbortSignal,
): Promise<FractalHeapHeader> {
  const plain = 26 + 12 * file.lengthSize + 3 * file.offsetSize
  const guess = await readGuess(file, STRUCTURE, address, { least: plain, guess: GUESS }, signal)
  guess.skip(7)
  const filterBytes = guess.u16()
  const length = plain + (filterBytes > 0 ? file.lengthSize + 4 + filterBytes : 0)
  const cursor = await readWhole(file, guess, length, signal)
  return parseHeader(file, address, cursor, filterBytes)
}

function parseHeader(
  file: Hdf5File,
  address: number,
  cursor: Cursor,
  filterBytes: number,
): FractalHeapHeader {
  const { lengthSize, offsetSize } = file
  cursor.signature('FRHP')
  cursor.version(0)
  const idLength = cursor.u16()
  cursor.skip(2)
  const checksums = (cursor.u8() & 2) !== 0
  const maxManaged = cursor.u32()
  cursor.skip(lengthSize)
  const hugeAddress = cursor.address(offsetSize)
  cursor.skip(lengthSize + offsetSize + 8 * lengthSize)
  const { table, maxBits } = parseTable(cursor, lengthSize)
  cursor.skip(2)
  const rootAddress = cursor.address(offsetSize)
  const rootRows = cursor.u16()
  const filtered = filterBytes > 0 && { size: cursor.uint(lengthSize), mask: cursor.u32() }
  const filters = filtered ? parseFilterPipeline(cut(cursor, cursor.position, filterBytes)) : []
  cursor.skip(filterBytes)
  checkChecksum(cursor)
  if (idLength < 2 || rootRows > maxBits + 1)
    throw cursor.error(`IDs of ${idLength} bytes, ${rootRows} rows`, 0)
  const lengthBytes = Math.min(Math.ceil(Math.log2(table.maxDirectSize) / 8), bytesFor(maxManaged))
  const sizes = { idLength, offsetBytes: Math.ceil(maxBits / 8), lengthBytes }
  const root = { rootAddress, rootRows, ...(filtered && { filteredRoot: filtered }) }
  return { address, cursor, ...sizes, checksums, table, ...root, hugeAddress, filters }
}

function parseTable(cursor: Cursor, lengthSize: number): { table: DoublingTable; maxBits: number } {
  const from = cursor.position
  const width = cursor.u16()
  const startSize = cursor.uint(lengthSize)
  const maxDirectSize = cursor.uint(lengthSize)
  const maxBits = cursor.u16()
  const powers = [width, startSize, maxDirectSize].every((n) => n > 0 && Number.isInteger(Math.log2(n)))
  if (!powers || maxDirectSize < startSize || maxDirectSize > LIMITS.blockBytes || maxBits > 64) {
    throw cursor.error(`a doubling table of ${width} x ${startSize} to ${maxDirectSize} bytes`, from)
  }
  const directRows = Math.log2(maxDirectSize / startSize) + 2
  return { table: { width, startSize, maxDirectSize, directRows }, maxBits }
}

/** Bytes that hold every integer up to `limit`. */
function bytesFor(limit: number): number {
  return Math.floor(Math.log2(Math.max(limit, 1)) / 8) + 1
}

/** Bytes of each block in a row. */
export function rowBlockSize({ startSize }: DoublingTable, row: number): number {
  return row === 0 ? startSize : startSize * 2 ** (row - 1)
}

/** A block of an indirect block's children. */
interface TablePlace {
  readonly row: number
  /** Number of the child. */
  readonly entry: number
  /** Where the block begins, in the space of the indirect block. */
  readonly from: number
}

/** The child that holds the byte at `offset` of an indirect block's space. */
export function locate(table: DoublingTable, offset: number): TablePlace {
  const rowStart = (row: number) => (row === 0 ? 0 : table.width * rowBlockSize(table, row))
  let row = 0
  while (rowStart(row + 1) <= offset) row++
  const size = rowBlockSize(table, row)
  const column = Math.floor((offset - rowStart(row)) / size)
  return { row, entry: row * table.width + column, from: rowStart(row) + column * size }
}

/** Rows of the indirect block that is a child in that row. */
export function childRows(table: DoublingTable, row: number): number {
  return row - Math.log2(table.width)
}
