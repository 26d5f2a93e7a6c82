/** The version 1 B-tree index (HDF5 File Format 3.0, III.A.1, node type 1): what netCDF-4 files have. */
import { LIMITS } from '../file.ts'
import { inFlightGroups, MetadataReader } from '../metadata-reader.ts'
import { BlockBuffer } from './block-buffer.ts'
import { ColumnsBuilder } from './columns.ts'
import { CoordinateReader, NOT_A_CHUNK } from './coordinates.ts'
import type { ChunkColumns } from './index.ts'
import { addressAt, UNDEFINED_ADDRESS } from './integer.ts'
import { type ChunkRequest, isWhole } from './request.ts'

/** Signature and node type of a node, as little-endian words. */
const TREE = 0x45455254
const CHUNKS = 1
const STRUCTURE = 'B-tree v1 chunk node'

interface Walk {
  readonly request: ChunkRequest
  readonly reader: MetadataReader
  /** The nodes that are being looked at: their children's addresses are taken before the next ones are read. */
  readonly buffer: BlockBuffer
  readonly coordinates: CoordinateReader
  readonly whole: boolean
  /** Bytes before the first key. */
  readonly header: number
  /** Bytes of a key: size, mask, and a coordinate for each axis and for the bytes of an element. */
  readonly keySize: number
  /** Bytes from one key to the next, past the child's address. */
  readonly entrySize: number
  readonly maxEntries: number
  /** Bytes of a node. */
  readonly nodeSize: number
}

interface Node {
  readonly address: number
  readonly view: DataView
  readonly entries: number
  /** 0: a leaf. */
  readonly level: number
  /** Address of the right sibling. */
  readonly right: number
}

/** Chunks in the order of their coordinates; a node is one read of its size, a level many reads in flight. */
export async function* scanBtreeV1(request: ChunkRequest, address: number): AsyncGenerator<ChunkColumns> {
  const walk = planWalk(request)
  const columns = new ColumnsBuilder(request)
  const root = parseNode(walk, address, await walk.reader.readBytes(STRUCTURE, address, walk.nodeSize))
  if (root.level > LIMITS.depth) throw walk.reader.error(STRUCTURE, address, `level ${root.level}`)
  yield* scanNodes(walk, [root], root.level, columns)
  // Not where the walk fails: other reads of its group may still be writing into the buffer.
  walk.buffer.release()
  yield* columns.finish()
}

function planWalk(request: ChunkRequest): Walk {
  const { file, dataset, signal } = request
  const { offsetSize, btreeK } = file
  const header = 8 + 2 * offsetSize
  const keySize = 8 + 8 * (dataset.shape.length + 1)
  const entrySize = keySize + offsetSize
  const maxEntries = 2 * btreeK.chunk
  return {
    request,
    reader: new MetadataReader(file, signal),
    buffer: new BlockBuffer(),
    coordinates: new CoordinateReader(request, dataset.layout.chunkShape),
    whole: isWhole(request),
    header,
    keySize,
    entrySize,
    maxEntries,
    nodeSize: header + maxEntries * entrySize + keySize,
  }
}

async function* scanNodes(
  walk: Walk,
  nodes: readonly Node[],
  level: number,
  columns: ColumnsBuilder,
): AsyncGenerator<ChunkColumns> {
  if (level === 0) {
    for (const node of nodes) decodeLeaf(walk, node, columns)
    if (columns.ready) yield* columns.drain()
    return
  }
  const children: number[] = []
  for (const node of nodes) addChildren(walk, node, children)
  for (const group of inFlightGroups(children, walk.nodeSize)) {
    yield* scanNodes(walk, await readNodes(walk, group, level - 1), level - 1, columns)
  }
}

async function readNodes(walk: Walk, addresses: readonly number[], level: number): Promise<readonly Node[]> {
  const { reader, nodeSize } = walk
  const parts = walk.buffer.parts(addresses.length, nodeSize)
  const blocks = await Promise.all(
    addresses.map((address, i) => reader.readBytes(STRUCTURE, address, nodeSize, parts[i])),
  )
  const nodes = blocks.map((bytes, i) => parseNode(walk, addresses[i], bytes))
  for (let i = 0; i < nodes.length; i++) {
    const { address, right } = nodes[i]
    // Levels that only ever fall are what ends a walk over a damaged tree.
    if (nodes[i].level !== level) {
      throw reader.error(STRUCTURE, address, `level ${level} expected, ${nodes[i].level} found`)
    }
    const beside = walk.whole && i + 1 < nodes.length && right !== UNDEFINED_ADDRESS
    if (beside && right !== addresses[i + 1]) {
      throw reader.error(STRUCTURE, address, `its right sibling is not the node at ${addresses[i + 1]}`)
    }
  }
  return nodes
}

function parseNode(walk: Walk, address: number, bytes: Uint8Array): Node {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = view.getUint16(6, true)
  const { offsetSize } = walk.request.file
  if (view.getUint32(0, true) !== TREE || view.getUint8(4) !== CHUNKS) {
    throw walk.reader.error(STRUCTURE, address, 'signature "TREE" with node type 1 expected')
  }
  if (entries > walk.maxEntries) {
    throw walk.reader.error(STRUCTURE, address, `${entries} entries, at most ${walk.maxEntries} fit`)
  }
  return {
    address,
    view,
    entries,
    level: view.getUint8(5),
    right: addressAt(view, 8 + offsetSize, offsetSize),
  }
}

/** Adds the addresses of the children that hold chunks asked for. */
function addChildren(walk: Walk, node: Node, children: number[]): void {
  const { request, coordinates, header, keySize, entrySize } = walk
  const { from, to } = request
  for (let i = 0, at = header; i < node.entries; i++, at += entrySize) {
    if (!walk.whole) {
      // A child holds chunks from its own key up to the next one's; the last key of a node bounds nothing.
      const isLast = i + 1 === node.entries
      if (coordinates.chunksBefore(node.view, at + 8) >= to) break
      if (!isLast && coordinates.chunksBefore(node.view, at + entrySize + 8) <= from) continue
    }
    const child = addressAt(node.view, at + keySize, request.file.offsetSize)
    if (child === UNDEFINED_ADDRESS)
      throw walk.reader.error(STRUCTURE, node.address, 'a child without an address')
    children.push(child)
  }
}

function decodeLeaf(walk: Walk, node: Node, columns: ColumnsBuilder): void {
  const { coordinates, header, keySize, entrySize } = walk
  const { from, to, file } = walk.request
  const { view, entries } = node
  for (let i = 0, at = header; i < entries; i++, at += entrySize) {
    const chunk = coordinates.chunkAt(view, at + 8)
    if (chunk < from || chunk >= to) {
      if (chunk === NOT_A_CHUNK) {
        throw walk.reader.error(
          STRUCTURE,
          node.address + at,
          'coordinates that are no multiple of the chunk shape',
        )
      }
      continue
    }
    const address = addressAt(view, at + keySize, file.offsetSize)
    if (address === UNDEFINED_ADDRESS) continue
    columns.push(chunk, address, view.getUint32(at, true), view.getUint32(at + 4, true))
  }
}
