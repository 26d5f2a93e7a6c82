/** Parses the data layout message, 0x0008, versions 1 to 5 (HDF5 File Format 3.0, IV.A.2.i; version 5: HDF5 2.0). */
import type { Cursor } from '../cursor.ts'
import { LIMITS } from '../file.ts'
import type { ChunkIndex, DataLayout } from './data-layout.ts'

const CLASS = { compact: 0, contiguous: 1, chunked: 2, virtual: 3 } as const
const UNFILTERED_EDGES = 1
const SINGLE_CHUNK_FILTERED = 2

/** The widths of fields that the superblock sets. */
export interface FieldSizes {
  /** Bytes of an address. */
  readonly offsetSize: number
  /** Bytes of a length. */
  readonly lengthSize: number
}

/**
 * The data layout at the cursor. The size of contiguous data of versions 1 and 2 can't be trusted: its extents are
 * cut to 32 bits there.
 * @throws FormatError where the message breaks the specification.
 */
export function parseDataLayout(cursor: Cursor, sizes: FieldSizes): DataLayout {
  const version = cursor.version(1, 2, 3, 4, 5)
  if (version < 3) return parseOldLayout(cursor, sizes, version)
  const layoutClass = cursor.u8()
  switch (layoutClass) {
    case CLASS.compact:
      return { kind: 'compact', version, data: new Uint8Array(cursor.take(cursor.u16())) }
    case CLASS.contiguous: {
      const address = cursor.address(sizes.offsetSize)
      return { kind: 'contiguous', version, address, size: cursor.uint(sizes.lengthSize) }
    }
    case CLASS.chunked:
      return version === 3 ? parseBtreeChunks(cursor, sizes) : parseIndexedChunks(cursor, sizes, version)
    case CLASS.virtual: {
      const heapAddress = cursor.address(sizes.offsetSize)
      return { kind: 'virtual', version, heapAddress, heapIndex: cursor.u32() }
    }
    default:
      throw cursor.error(`unknown layout class ${layoutClass}`)
  }
}

function parseOldLayout(cursor: Cursor, sizes: FieldSizes, version: number): DataLayout {
  const rank = chunkRank(cursor, 1)
  const layoutClass = cursor.u8()
  cursor.skip(5)
  if (layoutClass > CLASS.chunked) throw cursor.error(`unknown layout class ${layoutClass}`)
  const address = layoutClass === CLASS.compact ? undefined : cursor.address(sizes.offsetSize)
  const extents = Array.from({ length: rank }, () => cursor.u32())
  if (layoutClass === CLASS.compact)
    return { kind: 'compact', version, data: new Uint8Array(cursor.take(cursor.u32())) }
  if (layoutClass === CLASS.contiguous) {
    return { kind: 'contiguous', version, address, size: extents.reduce((a, b) => a * b, 1) }
  }
  const index: ChunkIndex = { kind: 'btree-v1', address }
  return { kind: 'chunked', version, ...chunkOf(cursor, extents), unfilteredEdges: false, index }
}

function parseBtreeChunks(cursor: Cursor, sizes: FieldSizes): DataLayout {
  const rank = chunkRank(cursor, 2)
  const index: ChunkIndex = { kind: 'btree-v1', address: cursor.address(sizes.offsetSize) }
  const extents = Array.from({ length: rank }, () => cursor.u32())
  return { kind: 'chunked', version: 3, ...chunkOf(cursor, extents), unfilteredEdges: false, index }
}

function parseIndexedChunks(cursor: Cursor, sizes: FieldSizes, version: number): DataLayout {
  const flags = cursor.u8()
  if (flags & ~(UNFILTERED_EDGES | SINGLE_CHUNK_FILTERED)) throw cursor.error(`reserved chunk flags ${flags}`)
  const rank = chunkRank(cursor, 2)
  const width = cursor.u8()
  if (width < 1 || width > 8) throw cursor.error(`chunk extents of ${width} bytes`)
  const chunk = chunkOf(
    cursor,
    Array.from({ length: rank }, () => cursor.uint(width)),
  )
  const parameters = parseIndexParameters(cursor, sizes, flags)
  const index: ChunkIndex = { ...parameters, address: cursor.address(sizes.offsetSize) }
  return { kind: 'chunked', version, ...chunk, unfilteredEdges: (flags & UNFILTERED_EDGES) !== 0, index }
}

type WithoutAddress<T> = T extends unknown ? Omit<T, 'address'> : never

function parseIndexParameters(cursor: Cursor, sizes: FieldSizes, flags: number): WithoutAddress<ChunkIndex> {
  const kind = cursor.u8()
  switch (kind) {
    case 1:
      if (!(flags & SINGLE_CHUNK_FILTERED)) return { kind: 'single-chunk' }
      return {
        kind: 'single-chunk',
        filtered: { size: cursor.uint(sizes.lengthSize), filterMask: cursor.u32() },
      }
    case 2:
      return { kind: 'implicit' }
    case 3:
      return { kind: 'fixed-array', pageBits: positive(cursor) }
    case 4:
      return {
        kind: 'extensible-array',
        maxBits: positive(cursor),
        indexElements: positive(cursor),
        minPointers: positive(cursor),
        minElements: positive(cursor),
        pageBits: positive(cursor),
      }
    case 5:
      return {
        kind: 'btree-v2',
        nodeSize: cursor.u32(),
        splitPercent: cursor.u8(),
        mergePercent: cursor.u8(),
      }
    default:
      throw cursor.error(`unknown chunk index type ${kind}`)
  }
}

function positive(cursor: Cursor): number {
  const value = cursor.u8()
  if (value === 0) throw cursor.error('a chunk index parameter of 0')
  return value
}

/** A chunked layout counts the element size as one more axis. */
function chunkRank(cursor: Cursor, least: number): number {
  const rank = cursor.u8()
  if (rank < least || rank > LIMITS.rank + 1) throw cursor.error(`a chunk of rank ${rank}`)
  return rank
}

function chunkOf(cursor: Cursor, extents: readonly number[]) {
  if (extents.length < 2 || extents.includes(0))
    throw cursor.error(`a chunk of ${extents.join(' x ')} elements`)
  return { chunkShape: extents.slice(0, -1), elementSize: extents[extents.length - 1] }
}
