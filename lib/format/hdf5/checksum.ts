/** The checksum of HDF5 metadata: Bob Jenkins' lookup3, `hashlittle` (HDF5 File Format 3.0, I.A and throughout). */
import type { Cursor } from './cursor.ts'

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** The hash of all of `bytes`, unsigned 32 bits. HDF5 starts from `initial` 0. */
export function lookup3(bytes: Uint8Array, initial = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let a = (0xdeadbeef + bytes.length + initial) | 0
  let b = a
  let c = a
  let at = 0
  for (; bytes.length - at > 12; at += 12) {
    a = (a + view.getInt32(at, true)) | 0
    b = (b + view.getInt32(at + 4, true)) | 0
    c = (c + view.getInt32(at + 8, true)) | 0
    a = ((a - c) | 0) ^ rotate(c, 4)
    c = (c + b) | 0
    b = ((b - a) | 0) ^ rotate(a, 6)
    a = (a + c) | 0
    c = ((c - b) | 0) ^ rotate(b, 8)
    b = (b + a) | 0
    a = ((a - c) | 0) ^ rotate(c, 16)
    c = (c + b) | 0
    b = ((b - a) | 0) ^ rotate(a, 19)
    a = (a + c) | 0
    c = ((c - b) | 0) ^ rotate(b, 4)
    b = (b + a) | 0
  }
  // Without a tail (empty input only) the last mix is left out.
  if (at === bytes.length) return c >>> 0
  const tail = [0, 0, 0]
  for (let i = at; i < bytes.length; i++) tail[(i - at) >> 2] |= bytes[i] << (8 * ((i - at) & 3))
  return lastMix((a + tail[0]) | 0, (b + tail[1]) | 0, (c + tail[2]) | 0)
}

function lastMix(a: number, b: number, c: number): number {
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  return ((c ^ b) - rotate(b, 24)) >>> 0
}

/**
 * Reads the four-byte checksum at the cursor and compares it with that of the bytes from `from` to there.
 * @throws FormatError where they differ.
 */
export function checkChecksum(cursor: Cursor, from = 0): void {
  const at = cursor.position
  const computed = lookup3(cursor.bytes.subarray(from, at))
  const stored = cursor.u32()
  if (stored !== computed) {
    throw cursor.error(`checksum ${stored.toString(16)} stored, ${computed.toString(16)} computed`, at)
  }
}
