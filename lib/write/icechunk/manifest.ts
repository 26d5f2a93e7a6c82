/** A chunk manifest of one array (Icechunk's manifest.fbs). */
import { gridStrides } from '../../model/chunk-grid.ts'
import { addBytes, Builder, finished, idPlace, type Offset, offsetVector } from './flatbuffers.ts'
import { objectId } from './object-id.ts'
import { OWN, type ReferenceRows } from './reference-rows.ts'

/** Fields of the tables, by their place in the schema. */
const CHUNK_REF = { index: 0, inline: 1, offset: 2, length: 3, chunkId: 4, location: 5, etag: 6, modified: 7 }
const CHUNK_REF_FIELDS = 8
const ARRAY_MANIFEST = { nodeId: 0, refs: 1 }
const MANIFEST = { id: 0, arrays: 1 }
const ID = new Uint8Array(12)
/** Bytes of a reference without its location, for the first allocation. */
const ROW_BYTES = 72

/** A manifest that is ready to be stored. */
export interface EncodedManifest {
  readonly id: Uint8Array
  readonly buffer: Uint8Array
}

/** Encodes the references of one array; `grid` may be Infinity along the first axis. */
export function encodeManifest(
  node: Uint8Array,
  rows: ReferenceRows,
  grid: readonly number[],
): EncodedManifest {
  const builder = new Builder(1024 + rows.rows * (ROW_BYTES + 4 * grid.length))
  const refs = chunkRefs(builder, rows, grid)
  const refsVector = offsetVector(builder, refs)
  builder.startObject(2)
  builder.addFieldOffset(ARRAY_MANIFEST.refs, refsVector, 0)
  builder.addFieldStruct(ARRAY_MANIFEST.nodeId, addBytes(builder, node), 0)
  const arrays = offsetVector(builder, [builder.endObject()])
  builder.startObject(2)
  builder.addFieldOffset(MANIFEST.arrays, arrays, 0)
  builder.addFieldStruct(MANIFEST.id, addBytes(builder, ID), 0)
  const buffer = finished(builder, builder.endObject())
  const id = objectId('manifest', buffer)
  buffer.set(id, idPlace(buffer))
  return { id, buffer }
}

/** The tables lie back to front, as FlatBuffers are built, so the last reference comes first. */
function chunkRefs(builder: Builder, rows: ReferenceRows, grid: readonly number[]): Uint32Array {
  const strings = rows.locations.map(({ url, etag }) => [
    builder.createSharedString(url),
    etag === undefined ? 0 : builder.createSharedString(etag),
  ])
  const strides = gridStrides(grid)
  const refs = new Uint32Array(rows.rows)
  for (let row = rows.rows - 1; row >= 0; row--) {
    const index = indexVector(builder, rows.chunk[row], grid, strides)
    const location = rows.location[row]
    if (location === OWN) refs[row] = ownRef(builder, rows, row, index)
    else {
      const [url, etag] = strings[location]
      builder.startObject(CHUNK_REF_FIELDS)
      addRange(builder, rows.offset[row], rows.length[row])
      builder.addFieldInt32(CHUNK_REF.modified, rows.locations[location].lastModified, 0)
      builder.addFieldOffset(CHUNK_REF.etag, etag, 0)
      builder.addFieldOffset(CHUNK_REF.location, url, 0)
      builder.addFieldOffset(CHUNK_REF.index, index, 0)
      refs[row] = builder.endObject()
    }
  }
  return refs
}

function ownRef(builder: Builder, rows: ReferenceRows, row: number, index: Offset): Offset {
  const own = rows.own.get(row) ?? { inline: ID.subarray(0, 0) }
  const inline = 'inline' in own ? builder.createByteVector(own.inline) : 0
  builder.startObject(CHUNK_REF_FIELDS)
  if ('file' in own) {
    addRange(builder, own.offset, own.length)
    builder.addFieldStruct(CHUNK_REF.chunkId, addBytes(builder, own.file.id ?? ID), 0)
  } else builder.addFieldOffset(CHUNK_REF.inline, inline, 0)
  builder.addFieldOffset(CHUNK_REF.index, index, 0)
  return builder.endObject()
}

function addRange(builder: Builder, offset: number, length: number): void {
  builder.addFieldInt64(CHUNK_REF.offset, BigInt(offset), 0n)
  builder.addFieldInt64(CHUNK_REF.length, BigInt(length), 0n)
}

/** The coordinates of a chunk. */
export function indexVector(
  builder: Builder,
  chunk: number,
  grid: readonly number[],
  strides: readonly number[],
): Offset {
  builder.startVector(4, grid.length, 4)
  for (let axis = grid.length - 1; axis >= 0; axis--) {
    builder.addInt32(Math.floor(chunk / strides[axis]) % grid[axis])
  }
  return builder.endVector()
}
