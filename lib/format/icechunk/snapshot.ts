/** Snapshot files: all groups and arrays of a commit, and which manifests have their chunks ("Snapshot Files" of the specification). */

import type { FlatBuffer, Table } from './flatbuffer.ts'
import { checkName, flatBufferOf, type IcechunkFile } from './icechunk-file.ts'
import { objectName } from './object-id.ts'

/** Nodes of a snapshot, and manifests of all its arrays together. */
const MOST_NODES = 1_000_000
const MOST_MANIFESTS = 1_000_000
/** Bytes of a node's path. */
const MOST_PATH = 1 << 16
/** Axes that NumPy allows. */
const MOST_RANK = 64
const OBJECT_ID = 12
const NODE_ID = 8
/** Of a range of chunk coordinates: two of 4 bytes. */
const RANGE = 8
/** Of a manifest's description in version 1; how many references it has is at byte 24. */
const MANIFEST_INFO = 32
const REFERENCES_AT = 24
/** The kinds of `node_data`. */
const ARRAY = 1
const GROUP = 2

/** A manifest, and which part of an array's chunk grid it has. */
export interface ManifestRef {
  /** The file's name. */
  readonly name: string
  /** First coordinate along each axis; empty where the manifest may have any chunk. */
  readonly from: readonly number[]
  /** The coordinates to stop before. */
  readonly to: readonly number[]
}

/** One group or array. */
export interface SnapshotNode {
  /** '' for the root, else 'a/b'. */
  readonly path: string
  /** In hexadecimal digits. */
  readonly id: string
  /** The text of its `zarr.json`. */
  readonly metadata: string
  /** Undefined for a group. */
  readonly manifests: readonly ManifestRef[] | undefined
}

export interface Snapshot {
  readonly nodes: readonly SnapshotNode[]
  /** In all manifests, as the snapshot has it. */
  readonly references: number
}

/** An id in hexadecimal digits. */
export function hexOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
}

/**
 * Parses a snapshot; `name` is that of its file.
 * @throws FormatError where it is damaged, or that of another name.
 */
export function parseSnapshot(file: IcechunkFile, name: string): Snapshot {
  const of = flatBufferOf(file)
  const root = of.root('snapshot')
  checkName(file, name, objectName(root.required(root.struct(0, OBJECT_ID), 'id')))
  const list = root.required(root.tables(2, 'node'), 'nodes')
  if (list.length > MOST_NODES) root.refuse(`has ${list.length} nodes, more than ${MOST_NODES}`)
  const nodes: SnapshotNode[] = []
  const seen = new Set<string>()
  let room = MOST_MANIFESTS
  for (let i = 0; i < list.length; i++) {
    const node = parseNode(of, list.at(i), room)
    if (seen.has(node.path)) root.refuse(`has the node ${JSON.stringify(node.path)} twice`)
    seen.add(node.path)
    nodes.push(node)
    room -= node.manifests?.length ?? 0
  }
  return { nodes, references: countReferences(of, root) }
}

/** `room`: manifests that the node may have. */
function parseNode(of: FlatBuffer, node: Table, room: number): SnapshotNode {
  const id = hexOf(node.required(node.struct(0, NODE_ID), 'id'))
  const path = node.required(node.string(1, MOST_PATH), 'path')
  if (!path.startsWith('/')) node.refuse(`has the path ${JSON.stringify(path)}, which is not absolute`)
  const text = node.required(node.bytes(2), 'metadata')
  const metadata = Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8')
  const kind = node.uint8(3, 0)
  if (kind !== ARRAY && kind !== GROUP) node.refuse(`is of kind ${kind}, neither an array nor a group`)
  const data = node.required(node.table(4, 'array'), 'data')
  const manifests = kind === ARRAY ? parseManifestRefs(of, data, room) : undefined
  return { path: path.slice(1), id, metadata, manifests }
}

function parseManifestRefs(of: FlatBuffer, data: Table, room: number): ManifestRef[] {
  const list = data.required(data.tables(2, 'manifest reference'), 'manifests')
  if (list.length > room) data.refuse(`has manifests beyond ${MOST_MANIFESTS} in all`)
  return Array.from({ length: list.length }, (_, i) => {
    const table = list.at(i)
    const name = objectName(table.required(table.struct(0, OBJECT_ID), 'id'))
    const extents = table.required(table.structs(1, RANGE), 'extents')
    if (extents.length > MOST_RANK) table.refuse(`has ${extents.length} axes, more than ${MOST_RANK}`)
    const from: number[] = []
    const to: number[] = []
    for (let axis = 0; axis < extents.length; axis++) {
      from.push(of.view.getUint32(extents.at(axis), true))
      to.push(of.view.getUint32(extents.at(axis) + 4, true))
    }
    return { name, from, to }
  })
}

function countReferences({ view }: FlatBuffer, root: Table): number {
  const first = root.required(root.structs(6, MANIFEST_INFO), 'manifest files')
  const second = root.tables(7, 'manifest file')
  let count = 0
  for (let i = 0; i < first.length; i++) count += view.getUint32(first.at(i) + REFERENCES_AT, true)
  for (let i = 0; i < (second?.length ?? 0); i++) count += second?.at(i).uint32(2) ?? 0
  return count
}
