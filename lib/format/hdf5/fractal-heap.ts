/** Objects of a fractal heap: managed, huge and tiny (HDF5 File Format 3.0, III.G). */
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { FormatError, UnsupportedError } from '../../errors.ts'
import { scanBtreeV2 } from './btree-v2.ts'
import { checkChecksum, lookup3 } from './checksum.ts'
import { Cursor } from './cursor.ts'
import { type Hdf5File, readBlock } from './file.ts'
import {
  childRows,
  type FractalHeapHeader,
  locate,
  readFractalHeapHeader,
  rowBlockSize,
} from './fractal-heap-header.ts'
import { cut } from './speculative-read.ts'

/** A block or object as the heap stores it. */
interface Stored {
  readonly address: number
  /** Bytes in the file. */
  readonly stored: number
  /** Bytes once the filters are undone. */
  readonly size: number
  /** Bits of the filters that were skipped. */
  readonly mask: number
}

const MANAGED = 0
const HUGE = 1
const TINY = 2

/** Opens the heap at `address`. The signal holds for every read from it later. */
export async function readFractalHeap(
  file: Hdf5File,
  address: number,
  signal?: AbortSignal,
): Promise<FractalHeap> {
  return new FractalHeap(file, await readFractalHeapHeader(file, address, signal), signal)
}

/** Reads each block once, however many objects lie in it; ask for many objects at once. */
export class FractalHeap {
  readonly #file: Hdf5File
  readonly #header: FractalHeapHeader
  readonly #signal: AbortSignal | undefined
  readonly #blocks = new Map<number, Promise<Cursor>>()
  #huge: Promise<ReadonlyMap<number, Stored>> | undefined
  #bytes = 0

  constructor(file: Hdf5File, header: FractalHeapHeader, signal?: AbortSignal) {
    this.#file = file
    this.#header = header
    this.#signal = signal
  }

  /**
   * The object with that ID, as a cursor of its own.
   * @throws FormatError where the ID or a block on the way is damaged.
   */
  async object(id: Uint8Array): Promise<Cursor> {
    const { cursor, idLength, offsetBytes, lengthBytes } = this.#header
    const key = new Cursor(id, { url: cursor.url, structure: 'fractal heap ID', offset: cursor.start })
    if (id.length < idLength) throw key.error(`${id.length} bytes, not ${idLength}`, 0)
    const first = key.u8()
    const kind = (first >> 4) & 3
    if (first >> 6 !== 0) throw key.error(`version ${first >> 6}`, 0)
    if (kind === TINY) return this.#tiny(key, first & 15)
    if (kind === HUGE) return this.#hugeObject(await this.#hugePlace(key))
    if (kind !== MANAGED) throw key.error(`type ${kind}`, 0)
    return this.#managed(key, key.uint(offsetBytes), key.uint(lengthBytes))
  }

  #tiny(key: Cursor, low: number): Cursor {
    const length = this.#header.idLength > 17 ? low * 256 + key.u8() + 1 : low + 1
    return cut(key, key.position, length, 'tiny object')
  }

  async #managed(key: Cursor, offset: number, length: number): Promise<Cursor> {
    const { table, rootAddress, rootRows, filteredRoot } = this.#header
    if (rootAddress === undefined) throw key.error('the heap has no blocks')
    let address = rootAddress
    let from = 0
    for (let rows = rootRows; rows > 0; ) {
      const block = await this.#block(address, () => this.#readIndirect(address, rows, from))
      const place = locate(table, offset - from)
      if (place.row >= rows) throw key.error(`byte ${offset} is beyond the heap's ${rows} rows`)
      from += place.from
      const child = this.#child(block, place.entry, place.row)
      if (place.row < table.directRows) return this.#inDirect(child, from, offset, length)
      address = child.address
      rows = childRows(table, place.row)
    }
    const { size: stored, mask } = filteredRoot ?? { size: table.startSize, mask: 0 }
    if (from > 0) throw key.error('an indirect block without rows')
    return this.#inDirect({ address, stored, mask, size: table.startSize }, 0, offset, length)
  }

  async #inDirect(place: Stored, from: number, offset: number, length: number): Promise<Cursor> {
    const block = await this.#block(place.address, () => this.#readDirect(place, from))
    const at = offset - from
    // Offsets count from the block's start, its header included.
    if (length === 0 || at < block.position) throw block.error(`an object of ${length} bytes`, at)
    return cut(block, at, length, 'fractal heap object')
  }

  #block(address: number, read: () => Promise<Cursor>): Promise<Cursor> {
    const known = this.#blocks.get(address)
    if (known !== undefined) return known
    const block = read()
    this.#blocks.set(address, block)
    // A read that failed may be tried again; whoever waits for it sees the error.
    block.catch(() => this.#blocks.delete(address))
    return block
  }

  /** Blocks do not overlap, so that together they are no larger than the file. */
  #readBlock(structure: string, address: number, length: number): Promise<Cursor> {
    this.#bytes += length
    if (this.#bytes > this.#file.source.size) {
      throw this.#header.cursor.error('the blocks are larger than the file', 0)
    }
    return readBlock(this.#file, structure, address, length, this.#signal)
  }

  /** Bytes of a child's place in an indirect block. */
  #entryBytes(direct: boolean): number {
    const { offsetSize, lengthSize } = this.#file
    return offsetSize + (direct && this.#header.filters.length > 0 ? lengthSize + 4 : 0)
  }

  async #readIndirect(address: number, rows: number, from: number): Promise<Cursor> {
    const { table, offsetBytes } = this.#header
    const direct = Math.min(rows, table.directRows) * table.width
    const indirect = rows * table.width - direct
    const prefix = 5 + this.#file.offsetSize + offsetBytes
    const length = prefix + direct * this.#entryBytes(true) + indirect * this.#entryBytes(false)
    const block = await this.#readBlock('fractal heap indirect block', address, length + 4)
    block.skip(length)
    checkChecksum(block)
    this.#checkPrefix(block, 'FHIB', from)
    return block
  }

  /** Checks signature, version and back-pointers, and leaves the cursor behind them. */
  #checkPrefix(block: Cursor, signature: string, from: number): void {
    const { address, offsetBytes } = this.#header
    block.position = 0
    block.signature(signature)
    block.version(0)
    if (block.address(this.#file.offsetSize) !== address) throw block.error("another heap's block", 5)
    if (block.uint(offsetBytes) !== from) throw block.error(`not the block at ${from} of the heap`, 5)
  }

  #child(block: Cursor, entry: number, row: number): Stored {
    const { table, filters } = this.#header
    const direct = Math.min(entry, table.directRows * table.width)
    const skip = direct * this.#entryBytes(true) + (entry - direct) * this.#entryBytes(false)
    const from = block.position + skip
    const cursor = cut(block, from, this.#entryBytes(row < table.directRows))
    const address = cursor.address(this.#file.offsetSize)
    if (address === undefined) throw cursor.error(`child ${entry} was never written`, 0)
    const size = rowBlockSize(table, row)
    if (filters.length === 0 || row >= table.directRows) return { address, size, stored: size, mask: 0 }
    return { address, size, stored: cursor.uint(this.#file.lengthSize), mask: cursor.u32() }
  }

  async #readDirect(place: Stored, from: number): Promise<Cursor> {
    const block = await this.#unfiltered('fractal heap direct block', place)
    this.#checkPrefix(block, 'FHDB', from)
    if (!this.#header.checksums) return block
    const at = block.position
    const stored = block.u32()
    // The checksum is of the whole block, its own field taken as zero.
    const zeroed = block.bytes.slice().fill(0, at, at + 4)
    if (lookup3(zeroed) !== stored) throw block.error(`checksum ${stored.toString(16)} does not match`, at)
    return block
  }

  async #unfiltered(structure: string, place: Stored): Promise<Cursor> {
    const block = await this.#readBlock(structure, place.address, place.stored)
    const undone = this.#header.filters.filter((_, i) => (place.mask & (1 << i)) === 0)
    if (undone.length === 0) return block
    const other = undone.find(({ id }) => id !== 1)
    if (other !== undefined || undone.length > 1) {
      throw new UnsupportedError(`a fractal heap with filter ${other?.id ?? '1 twice'}`, { url: block.url })
    }
    try {
      const bytes = await promisify(inflate)(block.bytes, { maxOutputLength: place.size })
      const at = { url: block.url, structure, offset: block.start }
      if (bytes.length === place.size) return new Cursor(bytes, at)
      throw new FormatError(at, `${bytes.length} bytes inflated, not ${place.size}`)
    } catch (error) {
      if (error instanceof FormatError) throw error
      throw new FormatError({ url: block.url, structure, offset: block.start }, 'does not inflate', {
        cause: error,
      })
    }
  }

  async #hugeObject(place: Stored): Promise<Cursor> {
    const object = await this.#block(place.address, () => this.#unfiltered('huge object', place))
    return cut(object, 0, place.size)
  }

  async #hugePlace(key: Cursor): Promise<Stored> {
    const { idLength, filters } = this.#header
    const { offsetSize, lengthSize } = this.#file
    const direct = offsetSize + lengthSize + (filters.length > 0 ? 4 + lengthSize : 0)
    if (direct <= idLength - 1) return this.#parseHuge(key)
    this.#huge ??= this.#readHugeIndex()
    const id = key.uint(Math.min(idLength - 1, lengthSize))
    const place = (await this.#huge).get(id)
    if (place === undefined) throw key.error(`no huge object ${id}`)
    return place
  }

  #parseHuge(cursor: Cursor): Stored {
    const address = cursor.address(this.#file.offsetSize)
    const stored = cursor.uint(this.#file.lengthSize)
    if (address === undefined) throw cursor.error('a huge object without an address', 0)
    if (this.#header.filters.length === 0) return { address, stored, size: stored, mask: 0 }
    const mask = cursor.u32()
    return { address, stored, mask, size: cursor.uint(this.#file.lengthSize) }
  }

  /** Huge objects by their number: all of them, as they are few. */
  async #readHugeIndex(): Promise<ReadonlyMap<number, Stored>> {
    const { hugeAddress, cursor } = this.#header
    if (hugeAddress === undefined) throw cursor.error('the heap has no huge objects', 0)
    const places = new Map<number, Stored>()
    for await (const records of scanBtreeV2(this.#file, hugeAddress, [1, 2], { signal: this.#signal })) {
      for (let i = 0; i < records.count; i++) {
        const bytes = records.bytes.subarray(i * records.recordSize, (i + 1) * records.recordSize)
        const at = { url: cursor.url, structure: 'huge object record', offset: cursor.start }
        const record = new Cursor(bytes, at)
        const place = this.#parseHuge(record)
        places.set(record.uint(this.#file.lengthSize), place)
      }
    }
    return places
  }
}
