/** Version 2 B-trees (HDF5 File Format 3.0, III.A.2): all records in order, read level by level. */
import type { Address } from './cursor.ts'
import { type Hdf5File, LIMITS } from './file.ts'
import { CHECKSUM_SIZE, inFlightGroups, MetadataReader } from './metadata-reader.ts'

/** Records that follow one another in the tree. */
export interface BtreeV2Records {
  /** The tree's record type: 5 link names, 8 attribute names, 10 and 11 chunks, ... */
  readonly type: number
  /** Bytes of one record. */
  readonly recordSize: number
  /** How many records `bytes` holds. */
  readonly count: number
  /** `count * recordSize` bytes. */
  readonly bytes: Uint8Array
}

interface BtreeV2Options {
  readonly signal?: AbortSignal | undefined
  /**
   * Where a record lies: below 0 before all that is wanted, above 0 behind it, else 0.
   * Nodes that hold nothing wanted are not read; records next to wanted ones may still come.
   */
  readonly locate?: ((record: Uint8Array) => number) | undefined
}

interface Tree {
  readonly reader: MetadataReader
  readonly type: number
  readonly recordSize: number
  readonly nodeSize: number
  readonly depth: number
  readonly total: number
  /** Bytes of a node pointer's record count. */
  readonly countSize: number
  /** By depth of the node that is pointed to: the most records of it alone. */
  readonly maxRecords: readonly number[]
  /** By depth of the node that is pointed to: bytes of a pointer's count of all records below it. */
  readonly totalSize: readonly number[]
  readonly locate: BtreeV2Options['locate']
}

/** A node, and the one record that follows all of its own in the tree's order. */
interface Node {
  readonly address: number
  readonly count: number
  readonly after: Uint8Array | undefined
}

/** Signature, version and type. */
const PREFIX = 6

/**
 * All records of the tree at `address`, in order.
 * @throws FormatError where the tree is damaged or its record type is not among `expectedTypes`.
 */
export async function* scanBtreeV2(
  file: Hdf5File,
  address: number,
  expectedTypes: readonly number[],
  options: BtreeV2Options = {},
): AsyncGenerator<BtreeV2Records> {
  const reader = new MetadataReader(file, options.signal)
  const { tree, root } = await readHeader(reader, address, expectedTypes, options.locate)
  let count = 0
  if (root !== undefined) {
    for await (const records of scanNodes(tree, [root], tree.depth)) {
      count += records.count
      yield records
    }
  }
  if (count > tree.total || (options.locate === undefined && count < tree.total)) {
    throw reader.error('B-tree v2 header', address, `${tree.total} records declared, ${count} found`)
  }
}

async function readHeader(
  reader: MetadataReader,
  address: number,
  expectedTypes: readonly number[],
  locate: BtreeV2Options['locate'],
): Promise<{ tree: Tree; root: Node | undefined }> {
  const { offsetSize, lengthSize } = reader.file
  const structure = 'B-tree v2 header'
  const cursor = await reader.readChecked(structure, address, 22 + offsetSize + lengthSize)
  cursor.signature('BTHD')
  cursor.version(0)
  const type = cursor.u8()
  if (!expectedTypes.includes(type)) {
    throw cursor.error(`record type ${expectedTypes.join(' or ')} expected, ${type} found`)
  }
  const nodeSize = cursor.u32()
  const recordSize = cursor.u16()
  const depth = cursor.u16()
  cursor.skip(2)
  const rootAddress: Address = cursor.address(offsetSize)
  const rootCount = cursor.u16()
  const total = cursor.uint(lengthSize)
  if (depth > LIMITS.depth) throw cursor.error(`${depth} levels`)
  if (recordSize === 0) throw cursor.error('records of 0 bytes')
  const sizes = pointerSizes(nodeSize, recordSize, depth, offsetSize)
  if (Math.min(...sizes.maxRecords) < 1) throw cursor.error(`nodes of ${nodeSize} bytes hold no record`)
  if (rootCount > sizes.maxRecords[depth]) throw cursor.error(`${rootCount} records in the root node`)
  const tree = { reader, type, recordSize, nodeSize, depth, total, locate, ...sizes }
  if (rootAddress === undefined) return { tree, root: undefined }
  return { tree, root: { address: rootAddress, count: rootCount, after: undefined } }
}

/** Widths of the counts in node pointers follow from the most records that a node of each depth could hold. */
function pointerSizes(nodeSize: number, recordSize: number, depth: number, offsetSize: number) {
  const overhead = PREFIX + CHECKSUM_SIZE
  const maxRecords = [Math.floor((nodeSize - overhead) / recordSize)]
  const countSize = byteWidth(maxRecords[0])
  const totalSize = [0]
  let below = maxRecords[0]
  for (let level = 1; level <= depth; level++) {
    const pointer = offsetSize + countSize + totalSize[level - 1]
    const most = Math.floor((nodeSize - overhead - pointer) / (recordSize + pointer))
    below = (most + 1) * below + most
    maxRecords.push(most)
    totalSize.push(Math.min(8, byteWidth(below)))
  }
  return { maxRecords, countSize, totalSize }
}

/** The bytes that an unsigned integer up to `most` needs. */
function byteWidth(most: number): number {
  let width = 1
  for (let rest = most; rest >= 256; rest = Math.floor(rest / 256)) width++
  return width
}

async function* scanNodes(tree: Tree, nodes: readonly Node[], depth: number): AsyncGenerator<BtreeV2Records> {
  for (const group of inFlightGroups(nodes, tree.nodeSize)) {
    if (depth === 0) {
      const leaves = await Promise.all(group.map((node) => readLeaf(tree, node)))
      for (let i = 0; i < group.length; i++) {
        const { after } = group[i]
        if (leaves[i].length > 0) yield records(tree, leaves[i])
        if (after !== undefined) yield records(tree, after)
      }
    } else {
      const children = await Promise.all(group.map((node) => readInternal(tree, node, depth)))
      yield* scanNodes(tree, children.flat(), depth - 1)
    }
  }
}

function records(tree: Tree, bytes: Uint8Array): BtreeV2Records {
  return { type: tree.type, recordSize: tree.recordSize, count: bytes.length / tree.recordSize, bytes }
}

async function readLeaf(tree: Tree, node: Node): Promise<Uint8Array> {
  const length = node.count * tree.recordSize
  const structure = 'B-tree v2 leaf node'
  const cursor = await tree.reader.readChecked(structure, node.address, PREFIX + length + CHECKSUM_SIZE)
  cursor.signature('BTLF')
  cursor.version(0)
  if (cursor.u8() !== tree.type) throw cursor.error('record type differs from the header', 5)
  return cursor.take(length)
}

/** The children of an internal node that hold wanted records, in order. */
async function readInternal(tree: Tree, node: Node, depth: number): Promise<Node[]> {
  const { recordSize, countSize, locate } = tree
  const { offsetSize } = tree.reader.file
  const pointer = offsetSize + countSize + tree.totalSize[depth - 1]
  const length = PREFIX + node.count * recordSize + (node.count + 1) * pointer + CHECKSUM_SIZE
  const cursor = await tree.reader.readChecked('B-tree v2 internal node', node.address, length)
  cursor.signature('BTIN')
  cursor.version(0)
  if (cursor.u8() !== tree.type) throw cursor.error('record type differs from the header', 5)
  const separators = cursor.take(node.count * recordSize)
  const children: Node[] = []
  for (let i = 0; i <= node.count; i++) {
    const address = cursor.address(offsetSize)
    const count = cursor.uint(countSize)
    cursor.skip(tree.totalSize[depth - 1])
    if (address === undefined) throw cursor.error('a child without an address')
    if (count > tree.maxRecords[depth - 1]) throw cursor.error(`${count} records in a child node`)
    // A child lies between two separators: one before wanted records makes it unwanted, one behind them ends them.
    const separator = i < node.count ? separators.subarray(i * recordSize, (i + 1) * recordSize) : undefined
    const place = separator !== undefined && locate !== undefined ? locate(separator) : 0
    if (place >= 0) children.push({ address, count, after: separator ?? node.after })
    if (place > 0) break
  }
  return children
}
