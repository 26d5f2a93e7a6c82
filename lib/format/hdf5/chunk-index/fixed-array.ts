/** The fixed array index (HDF5 File Format 3.0, VII.C), paged or not. */
import type { Address } from '../cursor.ts'
import { CHECKSUM_SIZE, MetadataReader } from '../metadata-reader.ts'
import { type ElementBlock, type ElementOwner, elementFormat, planPages } from './element-block.ts'
import { limitedOrder } from './element-order.ts'
import { scanElements } from './element-scan.ts'
import type { ChunkColumns } from './index.ts'
import type { ChunkRequest } from './request.ts'

interface FixedArray {
  readonly owner: ElementOwner
  readonly blockAddress: Address
  readonly count: number
  /** More elements than this are cut into pages of so many. */
  readonly pageElements: number
}

const BLOCK = 'fixed array data block'
/** 'FADB' as a little-endian word. */
const SIGNATURE = 0x42444146

/** Chunks of a dataset that has no unlimited axis. */
export async function* scanFixedArray(request: ChunkRequest, address: number): AsyncGenerator<ChunkColumns> {
  const reader = new MetadataReader(request.file, request.signal)
  const array = await readHeader(request, reader, address)
  if (array.blockAddress === undefined) return
  const order = limitedOrder(request)
  const from = order.elementOf(request.from)
  const to = order.elementOf(request.to - 1) + 1
  if (to > array.count) {
    throw reader.error('fixed array header', address, `${array.count} elements, ${to} needed`)
  }
  const wanted = (first: number, end: number) => end > from && first < to && order.seek(first) < end
  const blocks = await planBlocks(reader, array, array.blockAddress, wanted)
  yield* scanElements(request, reader, array.owner, order, blocks)
}

async function readHeader(
  request: ChunkRequest,
  reader: MetadataReader,
  address: number,
): Promise<FixedArray> {
  const { offsetSize, lengthSize } = request.file
  const length = 8 + lengthSize + offsetSize + CHECKSUM_SIZE
  const cursor = await reader.readChecked('fixed array header', address, length)
  cursor.signature('FAHD')
  cursor.version(0)
  const clientId = cursor.version(0, 1)
  const format = elementFormat(request, cursor, clientId === 1, cursor.u8())
  const owner = { structure: BLOCK, signature: SIGNATURE, address, clientId, format, offsetWidth: 0 }
  const pageElements = 2 ** cursor.u8()
  const count = cursor.uint(lengthSize)
  return { owner, pageElements, count, blockAddress: cursor.address(offsetSize) }
}

async function planBlocks(
  reader: MetadataReader,
  array: FixedArray,
  address: number,
  wanted: (first: number, end: number) => boolean,
): Promise<readonly ElementBlock[]> {
  const { owner, count, pageElements } = array
  const { size, offsetSize } = owner.format
  const prefix = 6 + offsetSize
  if (count <= pageElements) {
    const length = prefix + count * size + CHECKSUM_SIZE
    const block = { address, length, first: 0, count, pageElements: 0, prefix, offset: 0, quirk: 0 }
    return [{ ...block, bytes: undefined }]
  }
  const bitmapBytes = Math.ceil(Math.ceil(count / pageElements) / 8)
  const cursor = await reader.readChecked(BLOCK, address, prefix + bitmapBytes + CHECKSUM_SIZE)
  cursor.signature('FADB')
  cursor.version(0)
  cursor.version(owner.clientId)
  if (cursor.address(offsetSize) !== owner.address) throw cursor.error('belongs to another fixed array', 6)
  const bitmap = cursor.take(bitmapBytes)
  const pages = { address: address + prefix + bitmapBytes + CHECKSUM_SIZE, first: 0, count, pageElements }
  const initialised = (page: number) => (bitmap[page >> 3] & (0x80 >> (page & 7))) !== 0
  return planPages(pages, size, (page, first, end) => initialised(page) && wanted(first, end))
}
