/** A snapshot: all nodes of a repository with their metadata and manifests (Icechunk's snapshot.fbs, version 1). */
import { addBytes, Builder, finished, type Offset, offsetVector } from './flatbuffers.ts'
import { INITIAL_SNAPSHOT } from './object-id.ts'

/** A stored manifest. */
export interface ManifestFile {
  readonly id: Uint8Array
  /** Of the file. */
  readonly bytes: number
  readonly references: number
}

/** A manifest of an array, and the box of the chunk grid that it is for. */
export interface ManifestOfArray extends ManifestFile {
  readonly box: readonly (readonly [from: number, to: number])[]
}

/** A group, or an array with what it has beside its document. */
export interface SnapshotNode {
  readonly id: Uint8Array
  /** '' for the root. */
  readonly path: string
  /** `zarr.json`. */
  readonly document: string
  readonly array?: {
    readonly shape: readonly number[]
    readonly chunkShape: readonly number[]
    readonly dims: readonly string[]
    readonly manifests: readonly ManifestOfArray[]
  }
}

/** What a snapshot says. */
export interface SnapshotContent {
  readonly id: Uint8Array
  readonly parent: Uint8Array | undefined
  /** In any order. */
  readonly nodes: readonly SnapshotNode[]
  readonly message: string
  /** Microseconds since 1970. */
  readonly time: bigint
}

const SNAPSHOT = { id: 0, parent: 1, nodes: 2, time: 3, message: 4, metadata: 5, manifests: 6 }
const NODE = { id: 0, path: 1, document: 2, type: 3, data: 4 }
const ARRAY = { shape: 0, dims: 1, manifests: 2 }
const ARRAY_NODE = 1
const GROUP_NODE = 2
const MSGPACK_TRUE = 0xc3

/** Encodes a snapshot. */
export function encodeSnapshot(content: SnapshotContent): Uint8Array {
  const builder = new Builder(1 << 16)
  const manifests = manifestFiles(builder, content.nodes)
  const nodes = sortedNodes(content.nodes).map((node) => nodeTable(builder, node))
  const metadata = offsetVector(builder, content.parent ? [] : [rootMark(builder)])
  const message = builder.createString(content.message)
  const nodesVector = offsetVector(builder, nodes)
  builder.startObject(7)
  builder.addFieldInt64(SNAPSHOT.time, content.time, 0n)
  builder.addFieldOffset(SNAPSHOT.manifests, manifests, 0)
  builder.addFieldOffset(SNAPSHOT.metadata, metadata, 0)
  builder.addFieldOffset(SNAPSHOT.message, message, 0)
  builder.addFieldOffset(SNAPSHOT.nodes, nodesVector, 0)
  if (content.parent) builder.addFieldStruct(SNAPSHOT.parent, addBytes(builder, content.parent), 0)
  builder.addFieldStruct(SNAPSHOT.id, addBytes(builder, content.id), 0)
  return finished(builder, builder.endObject())
}

/** The snapshot that every repository begins with: it has no nodes, and a mark. */
export function encodeInitialSnapshot(time: bigint): Uint8Array {
  const message = 'Repository initialized'
  return encodeSnapshot({ id: INITIAL_SNAPSHOT, parent: undefined, nodes: [], message, time })
}

/** Icechunk searches nodes by the bytes of their paths. */
function sortedNodes(nodes: readonly SnapshotNode[]): SnapshotNode[] {
  const keyed = nodes.map((node) => ({ node, key: Buffer.from(`/${node.path}`) }))
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ node }) => node)
}

function rootMark(builder: Builder): Offset {
  const value = builder.createByteVector(Uint8Array.of(MSGPACK_TRUE))
  const name = builder.createString('__root')
  builder.startObject(2)
  builder.addFieldOffset(0, name, 0)
  builder.addFieldOffset(1, value, 0)
  return builder.endObject()
}

/** A vector of structs {id, size, references}, by id: 32 bytes each. */
function manifestFiles(builder: Builder, nodes: readonly SnapshotNode[]): Offset {
  const files = nodes.flatMap(({ array }) => array?.manifests ?? [])
  files.sort((a, b) => Buffer.compare(a.id, b.id))
  builder.startVector(32, files.length, 8)
  for (const { id, bytes, references } of files.reverse()) {
    builder.prep(8, 32)
    builder.pad(4)
    builder.writeInt32(references)
    builder.writeInt64(BigInt(bytes))
    builder.pad(4)
    for (let at = id.length - 1; at >= 0; at--) builder.writeInt8(id[at])
  }
  return builder.endVector()
}

function nodeTable(builder: Builder, node: SnapshotNode): Offset {
  const data = node.array ? arrayTable(builder, node.array) : groupTable(builder)
  const document = builder.createByteVector(Buffer.from(node.document))
  const path = builder.createString(`/${node.path}`)
  builder.startObject(5)
  builder.addFieldOffset(NODE.data, data, 0)
  builder.addFieldOffset(NODE.document, document, 0)
  builder.addFieldOffset(NODE.path, path, 0)
  builder.addFieldStruct(NODE.id, addBytes(builder, node.id), 0)
  builder.addFieldInt8(NODE.type, node.array ? ARRAY_NODE : GROUP_NODE, 0)
  return builder.endObject()
}

function groupTable(builder: Builder): Offset {
  builder.startObject(0)
  return builder.endObject()
}

function arrayTable(builder: Builder, array: NonNullable<SnapshotNode['array']>): Offset {
  const manifests = offsetVector(
    builder,
    array.manifests.map((manifest) => manifestTable(builder, manifest)),
  )
  const names = array.dims.map((name) => dimensionName(builder, name))
  const dims = offsetVector(builder, names)
  builder.startVector(16, array.shape.length, 8)
  for (let axis = array.shape.length - 1; axis >= 0; axis--) {
    builder.prep(8, 16)
    builder.writeInt64(BigInt(array.chunkShape[axis]))
    builder.writeInt64(BigInt(array.shape[axis]))
  }
  const shape = builder.endVector()
  builder.startObject(3)
  builder.addFieldOffset(ARRAY.manifests, manifests, 0)
  builder.addFieldOffset(ARRAY.dims, dims, 0)
  builder.addFieldOffset(ARRAY.shape, shape, 0)
  return builder.endObject()
}

function dimensionName(builder: Builder, name: string): Offset {
  const text = builder.createSharedString(name)
  builder.startObject(1)
  builder.addFieldOffset(0, text, 0)
  return builder.endObject()
}

/** The id, and the box as a vector of structs {from, to}. */
function manifestTable(builder: Builder, { id, box }: ManifestOfArray): Offset {
  builder.startVector(8, box.length, 4)
  for (let axis = box.length - 1; axis >= 0; axis--) {
    builder.prep(4, 8)
    builder.writeInt32(box[axis][1])
    builder.writeInt32(box[axis][0])
  }
  const extents = builder.endVector()
  builder.startObject(2)
  builder.addFieldOffset(1, extents, 0)
  builder.addFieldStruct(0, addBytes(builder, id), 0)
  return builder.endObject()
}
