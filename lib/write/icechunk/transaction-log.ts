/** A transaction log: which nodes and chunks a commit brought (Icechunk's transaction_log.fbs, version 1). */
import { gridStrides } from '../../model/chunk-grid.ts'
import { addBytes, Builder, bytesVector, finished, type Offset, offsetVector } from './flatbuffers.ts'
import { indexVector } from './manifest.ts'

const LOG = { id: 0, newGroups: 1, newArrays: 2, others: [3, 4, 5, 6], chunks: 7 }
const NODE_BYTES = 8
/** Bytes of a chunk without its coordinates, for the first allocation. */
const CHUNK_BYTES = 16

/** Chunks of one array that a commit brought, in C order. */
export interface CommittedChunks {
  readonly node: Uint8Array
  /** May be Infinity along the first axis. */
  readonly grid: readonly number[]
  /** Numbers of chunks, as runs of them came. */
  readonly chunks: readonly Float64Array[]
}

/** What a commit brought. */
export interface CommitContent {
  /** That of its snapshot. */
  readonly id: Uint8Array
  readonly newGroups: readonly Uint8Array[]
  readonly newArrays: readonly Uint8Array[]
  readonly chunks: readonly CommittedChunks[]
}

/** Encodes a log: lists of nodes are in the order of their ids. */
export function encodeTransactionLog({ id, newGroups, newArrays, chunks }: CommitContent): Uint8Array {
  const bytes = chunks.reduce(
    (sum, { chunks: runs, grid }) => sum + countChunks(runs) * (CHUNK_BYTES + 4 * grid.length),
    0,
  )
  const builder = new Builder(1024 + bytes)
  const ordered = [...chunks].sort((a, b) => Buffer.compare(a.node, b.node))
  const updated = offsetVector(
    builder,
    ordered.map((each) => arrayChunks(builder, each)),
  )
  const groups = nodeVector(builder, newGroups)
  const arrays = nodeVector(builder, newArrays)
  const others = LOG.others.map(() => nodeVector(builder, []))
  builder.startObject(8)
  builder.addFieldOffset(LOG.chunks, updated, 0)
  for (const [at, field] of LOG.others.entries()) builder.addFieldOffset(field, others[at], 0)
  builder.addFieldOffset(LOG.newArrays, arrays, 0)
  builder.addFieldOffset(LOG.newGroups, groups, 0)
  builder.addFieldStruct(LOG.id, addBytes(builder, id), 0)
  return finished(builder, builder.endObject())
}

function countChunks(runs: readonly Float64Array[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0)
}

function nodeVector(builder: Builder, ids: readonly Uint8Array[]): Offset {
  const ordered = [...ids].sort((a, b) => Buffer.compare(a, b))
  return bytesVector(builder, ordered, NODE_BYTES)
}

function arrayChunks(builder: Builder, { node, grid, chunks }: CommittedChunks): Offset {
  const strides = gridStrides(grid)
  const tables = new Uint32Array(countChunks(chunks))
  let at = tables.length
  for (const run of [...chunks].reverse()) {
    for (let row = run.length - 1; row >= 0; row--) {
      const coordinates = indexVector(builder, run[row], grid, strides)
      builder.startObject(1)
      builder.addFieldOffset(0, coordinates, 0)
      tables[--at] = builder.endObject()
    }
  }
  const vector = offsetVector(builder, tables)
  builder.startObject(2)
  builder.addFieldOffset(1, vector, 0)
  builder.addFieldStruct(0, addBytes(builder, node), 0)
  return builder.endObject()
}
