/** The extensible array index (HDF5 File Format 3.0, VII.D): index block, super blocks, data blocks and their pages. */
import type { Address, Cursor } from '../cursor.ts'
import { CHECKSUM_SIZE, inFlightGroups, MetadataReader } from '../metadata-reader.ts'
import { type ElementBlock, type ElementOwner, elementFormat, planPages } from './element-block.ts'
import { type ElementOrder, extensibleOrder } from './element-order.ts'
import { scanElements } from './element-scan.ts'
import {
  type ArrayShape,
  type ExtensibleArray,
  planSuperBlocks,
  type SuperBlock,
} from './extensible-array-shape.ts'
import type { ChunkColumns } from './index.ts'
import type { ChunkRequest } from './request.ts'

/** One walk: what is read, and which elements matter. */
interface Walk {
  readonly reader: MetadataReader
  readonly array: ExtensibleArray
  /** Whether some element from `first` up to `end` may be a chunk that was asked for. */
  readonly wanted: (first: number, end: number) => boolean
}

/** A data block that exists. */
interface DataBlock {
  readonly address: number
  readonly first: number
  readonly superBlock: SuperBlock
  /** Of a paged one: the super block's bitmap of initialised pages, and where this block's bits begin in it. */
  readonly bitmap: Uint8Array
  readonly firstBit: number
}

interface SuperBlockPointer {
  readonly address: number
  readonly superBlock: SuperBlock
}

const DATA_BLOCK = 'extensible array data block'
/** 'EADB' as a little-endian word. */
const SIGNATURE = 0x42444145

/** Chunks of a dataset that has one unlimited axis, whichever it is. */
export async function* scanExtensibleArray(
  request: ChunkRequest,
  address: number,
): AsyncGenerator<ChunkColumns> {
  const reader = new MetadataReader(request.file, request.signal)
  const order = extensibleOrder(request)
  const { array, blockAddress } = await readHeader(request, reader, address)
  if (blockAddress === undefined) return
  const walk = { reader, array, wanted: wantedElements(request, order) }
  const index = await readIndexBlock(walk, blockAddress)
  const dataBlocks = [...index.dataBlocks, ...(await readSuperBlocks(walk, index.superBlocks))]
  const blocks = [index.elements]
  for (const block of dataBlocks) planDataBlock(walk, block, blocks)
  yield* scanElements(request, reader, array.owner, order, blocks)
}

function wantedElements(request: ChunkRequest, order: ElementOrder): Walk['wanted'] {
  const from = order.ascending ? order.elementOf(request.from) : 0
  const to = order.ascending ? order.elementOf(request.to - 1) + 1 : Number.POSITIVE_INFINITY
  return (first, end) => end > from && first < to && order.seek(first) < end
}

async function readHeader(
  request: ChunkRequest,
  reader: MetadataReader,
  address: number,
): Promise<{ array: ExtensibleArray; blockAddress: Address }> {
  const { offsetSize, lengthSize } = request.file
  const length = 12 + 6 * lengthSize + offsetSize + CHECKSUM_SIZE
  const cursor = await reader.readChecked('extensible array header', address, length)
  cursor.signature('EAHD')
  cursor.version(0)
  const clientId = cursor.version(0, 1)
  const format = elementFormat(request, cursor, clientId === 1, cursor.u8())
  const maxBits = cursor.u8()
  const indexElements = cursor.u8()
  const minElements = cursor.u8()
  const minPointers = cursor.u8()
  const shape: ArrayShape = { maxBits, indexElements, minElements, minPointers, pageBits: cursor.u8() }
  const offsetWidth = Math.ceil(maxBits / 8)
  const owner = { structure: DATA_BLOCK, signature: SIGNATURE, address, clientId, format, offsetWidth }
  const array = { owner, shape, ...planSuperBlocks(cursor, shape) }
  cursor.skip(6 * lengthSize)
  return { array, blockAddress: cursor.address(offsetSize) }
}

/** Checks the fields with which every block of the array begins. */
function checkPrefix(cursor: Cursor, { address, clientId, format }: ElementOwner, signature: string): void {
  cursor.signature(signature)
  cursor.version(0)
  cursor.version(clientId)
  if (cursor.address(format.offsetSize) !== address)
    throw cursor.error('belongs to another extensible array', 6)
}

async function readIndexBlock(
  walk: Walk,
  address: number,
): Promise<{ elements: ElementBlock; dataBlocks: DataBlock[]; superBlocks: SuperBlockPointer[] }> {
  const { array, reader } = walk
  const { owner, shape, direct, superBlocks } = array
  const { format } = owner
  const count = shape.indexElements
  const pointers = direct.reduce((sum, { blocks }) => sum + blocks, superBlocks.length)
  const prefix = 6 + format.offsetSize
  const length = prefix + count * format.size + pointers * format.offsetSize + CHECKSUM_SIZE
  const structure = 'extensible array index block'
  const cursor = await reader.readChecked(structure, address, length)
  checkPrefix(cursor, owner, 'EAIB')
  cursor.skip(count * format.size)
  const dataBlocks = direct.flatMap((superBlock) =>
    takeDataBlocks(walk, cursor, superBlock, new Uint8Array(0)),
  )
  const others = superBlocks.flatMap((superBlock) => {
    const at = cursor.address(format.offsetSize)
    const end = superBlock.first + superBlock.blocks * superBlock.elements
    return at !== undefined && walk.wanted(superBlock.first, end) ? [{ superBlock, address: at }] : []
  })
  const at = { address, length, first: 0, count, pageElements: 0, prefix, offset: 0, quirk: 0 }
  const elements = { ...at, bytes: cursor.bytes }
  return { elements, dataBlocks, superBlocks: others }
}

/** The data blocks of a super block that exist and matter, from the addresses at the cursor. */
function takeDataBlocks(walk: Walk, cursor: Cursor, superBlock: SuperBlock, bitmap: Uint8Array): DataBlock[] {
  const found: DataBlock[] = []
  for (let i = 0; i < superBlock.blocks; i++) {
    const address = cursor.address(walk.array.owner.format.offsetSize)
    const first = superBlock.first + i * superBlock.elements
    if (address === undefined || !walk.wanted(first, first + superBlock.elements)) continue
    found.push({ address, first, superBlock, bitmap, firstBit: i * superBlock.pages })
  }
  return found
}

async function readSuperBlocks(walk: Walk, pointers: readonly SuperBlockPointer[]): Promise<DataBlock[]> {
  const found: DataBlock[] = []
  for (const group of inFlightGroups(pointers, 1)) {
    const blocks = await Promise.all(group.map((pointer) => readSuperBlock(walk, pointer)))
    found.push(...blocks.flat())
  }
  return found
}

async function readSuperBlock(walk: Walk, { address, superBlock }: SuperBlockPointer): Promise<DataBlock[]> {
  const { owner, shape } = walk.array
  const { offsetSize } = owner.format
  const bitmapBytes = superBlock.blocks * Math.ceil(superBlock.pages / 8)
  const prefix = 6 + offsetSize + owner.offsetWidth
  const length = prefix + bitmapBytes + superBlock.blocks * offsetSize + CHECKSUM_SIZE
  const cursor = await walk.reader.readChecked('extensible array super block', address, length)
  checkPrefix(cursor, owner, 'EASB')
  // The elements in the index block come before all blocks, and are not counted.
  const offset = cursor.uint(owner.offsetWidth)
  if (offset !== superBlock.first - shape.indexElements) throw cursor.error(`block of element ${offset}`)
  const bitmap = cursor.take(bitmapBytes)
  return takeDataBlocks(walk, cursor, superBlock, bitmap)
}

/** Adds what to read of a data block: all of it, or of a paged one its prefix and the initialised pages. */
function planDataBlock(walk: Walk, block: DataBlock, blocks: ElementBlock[]): void {
  const { owner, shape } = walk.array
  const { address, first, superBlock, bitmap, firstBit } = block
  const { size, offsetSize } = owner.format
  const paged = superBlock.pages > 0
  const count = paged ? 0 : superBlock.elements
  const prefix = 6 + offsetSize + owner.offsetWidth
  const length = prefix + count * size + CHECKSUM_SIZE
  const offset = first - shape.indexElements
  // The library counts a block that the index block points to from its super block's first element, but by the
  // block's number in the whole index block.
  const quirk = offset + superBlock.blocksBefore * superBlock.elements
  blocks.push({ address, length, first, count, pageElements: 0, prefix, offset, quirk, bytes: undefined })
  if (!paged) return
  const pageElements = superBlock.elements / superBlock.pages
  const pages = { address: address + length, first, count: superBlock.elements, pageElements }
  // The bits of all the blocks of a super block follow one another without a gap.
  const initialised = (bit: number) => (bitmap[bit >> 3] & (0x80 >> (bit & 7))) !== 0
  const wanted = (page: number, from: number, to: number) =>
    initialised(firstBit + page) && walk.wanted(from, to)
  blocks.push(...planPages(pages, size, wanted))
}
