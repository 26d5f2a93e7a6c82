/** Building FlatBuffers: the few structures that Icechunk's files have in common (its common.fbs). */
import { Builder, type Offset } from 'flatbuffers'

export { Builder, type Offset }

/** What Icechunk's files are marked with, at byte 4 of the buffer. */
const IDENTIFIER = 'Ichk'

/** Writes the bytes of a struct (ids, whose alignment is 1); it must be added to its table at once. */
export function addBytes(builder: Builder, bytes: Uint8Array): Offset {
  builder.prep(1, bytes.length)
  for (let at = bytes.length - 1; at >= 0; at--) builder.writeInt8(bytes[at])
  return builder.offset()
}

/** A vector of tables or strings. */
export function offsetVector(builder: Builder, offsets: readonly Offset[] | Uint32Array): Offset {
  builder.startVector(4, offsets.length, 4)
  for (let at = offsets.length - 1; at >= 0; at--) builder.addOffset(offsets[at])
  return builder.endVector()
}

/** A vector of structs of bytes, all of `size`. */
export function bytesVector(builder: Builder, items: readonly Uint8Array[], size: number): Offset {
  builder.startVector(size, items.length, 1)
  for (let at = items.length - 1; at >= 0; at--) addBytes(builder, items[at])
  return builder.endVector()
}

/** The finished buffer. */
export function finished(builder: Builder, root: Offset): Uint8Array {
  builder.finish(root, IDENTIFIER)
  return builder.asUint8Array()
}

/** Where field 0 of the root table lies: the id of every one of Icechunk's files. */
export function idPlace(buffer: Uint8Array): number {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const root = view.getUint32(0, true)
  const vtable = root - view.getInt32(root, true)
  return root + view.getUint16(vtable + 4, true)
}
