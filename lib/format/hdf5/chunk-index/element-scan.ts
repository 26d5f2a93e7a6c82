/** Reads the blocks of fixed and extensible arrays, checks them, and decodes their elements into columns. */
import { lookup3 } from '../checksum.ts'
import { CHECKSUM_SIZE, inFlightGroups, type MetadataReader } from '../metadata-reader.ts'
import { ColumnsBuilder } from './columns.ts'
import type { ElementBlock, ElementOwner } from './element-block.ts'
import type { ElementOrder } from './element-order.ts'
import type { ChunkColumns } from './index.ts'
import { addressAt, UNDEFINED_ADDRESS, uintAt } from './integer.ts'
import type { ChunkRequest } from './request.ts'
import { sortedColumns, UnorderedRows } from './unordered-rows.ts'

interface Scan {
  readonly request: ChunkRequest
  readonly reader: MetadataReader
  readonly owner: ElementOwner
  readonly order: ElementOrder
  readonly rows: ColumnsBuilder | UnorderedRows
}

/** Reads blocks in order, many in flight, and yields the chunks that their elements hold. */
export async function* scanElements(
  request: ChunkRequest,
  reader: MetadataReader,
  owner: ElementOwner,
  order: ElementOrder,
  blocks: readonly ElementBlock[],
): AsyncGenerator<ChunkColumns> {
  const columns = new ColumnsBuilder(request)
  const rows = order.ascending ? columns : new UnorderedRows()
  const scan = { request, reader, owner, order, rows }
  const longest = blocks.reduce((most, { length }) => Math.max(most, length), 1)
  for (const group of inFlightGroups(blocks, longest)) {
    const read = await Promise.all(
      group.map((block) => block.bytes ?? reader.readBytes(owner.structure, block.address, block.length)),
    )
    for (let i = 0; i < group.length; i++) scanBlock(scan, group[i], read[i])
    if (columns.ready) yield* columns.drain()
  }
  if (rows instanceof UnorderedRows) yield* sortedColumns(rows, columns)
  else yield* columns.finish()
}

function scanBlock(scan: Scan, block: ElementBlock, bytes: Uint8Array): void {
  const { format } = scan.owner
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (block.bytes === undefined) {
    checkChecksums(scan, block, bytes, view)
    if (block.prefix > 0) checkPrefix(scan, block, view)
  }
  const perPage = block.pageElements === 0 ? block.count : block.pageElements
  const end = block.first + block.count
  let at = block.prefix
  for (let first = block.first; first < end; first += perPage) {
    decodeRun(scan, view, at, first, Math.min(end, first + perPage))
    at += perPage * format.size + CHECKSUM_SIZE
  }
}

/** A checksum ends the block, or each of its pages. */
function checkChecksums(scan: Scan, block: ElementBlock, bytes: Uint8Array, view: DataView): void {
  const { length, pageElements } = block
  const step = pageElements === 0 ? length : pageElements * scan.owner.format.size + CHECKSUM_SIZE
  for (let from = 0; from < length; from += step) {
    const end = Math.min(length, from + step) - CHECKSUM_SIZE
    const stored = view.getUint32(end, true)
    const computed = lookup3(bytes.subarray(from, end))
    if (stored !== computed) {
      const problem = `checksum ${stored.toString(16)} stored, ${computed.toString(16)} computed`
      throw scan.reader.error(scan.owner.structure, block.address + end, problem)
    }
  }
}

/** Signature, version, class and owner; and the number of the first element, so that blocks can't be swapped. */
function checkPrefix(scan: Scan, block: ElementBlock, view: DataView): void {
  const { structure, signature, clientId, address, format, offsetWidth } = scan.owner
  const fail = (problem: string) => scan.reader.error(structure, block.address, problem)
  if (view.getUint32(0, true) !== signature) throw fail('its signature is missing')
  if (view.getUint8(4) !== 0) throw fail(`version 0 expected, ${view.getUint8(4)} found`)
  if (view.getUint8(5) !== clientId) throw fail(`client ${clientId} expected, ${view.getUint8(5)} found`)
  if (uintAt(view, 6, format.offsetSize) !== address) throw fail('belongs to another array')
  if (offsetWidth === 0) return
  const offset = uintAt(view, 6 + format.offsetSize, offsetWidth)
  if (offset !== block.offset && offset !== block.quirk) {
    throw fail(`block of element ${offset} where ${block.offset} is due`)
  }
}

/** Decodes the elements `first` to `end`, which lie closely from byte `from`. */
function decodeRun(scan: Scan, view: DataView, from: number, first: number, end: number): void {
  const { request, order, rows } = scan
  const { size, offsetSize, sizeWidth, chunkBytes } = scan.owner.format
  let element = order.seek(first)
  while (element < end) {
    const stop = Math.min(end, order.runEnd)
    let at = from + (element - first) * size
    for (let chunk = order.chunk; element < stop; element++, chunk += order.step, at += size) {
      if (chunk < request.from || chunk >= request.to) continue
      const address = addressAt(view, at, offsetSize)
      if (address === UNDEFINED_ADDRESS) continue
      if (sizeWidth === 0) rows.push(chunk, address, chunkBytes, 0)
      else {
        const length = uintAt(view, at + offsetSize, sizeWidth)
        rows.push(chunk, address, length, view.getUint32(at + offsetSize + sizeWidth, true))
      }
    }
    element = order.seek(element)
  }
}
