/** HDF5's fletcher32 filter (id 3), numcodecs `fletcher32`: a checksum in the last four bytes, little-endian. */
import { DecodeProblem } from './decoder.ts'

/** Words that may be summed before the 32-bit sums could overflow. */
const BLOCK = 360

/** The Fletcher-32 checksum over big-endian 16-bit words, as HDF5 computes it; an odd last byte is a high byte. */
export function fletcher32(bytes: Uint8Array): number {
  const even = bytes.length - (bytes.length % 2)
  let sum1 = 0
  let sum2 = 0
  const fold = () => {
    sum1 = (sum1 & 0xffff) + (sum1 >>> 16)
    sum2 = (sum2 & 0xffff) + (sum2 >>> 16)
  }
  for (let at = 0; at < even; fold()) {
    for (const end = Math.min(even, at + 2 * BLOCK); at < end; at += 2) {
      sum1 += (bytes[at] << 8) | bytes[at + 1]
      sum2 += sum1
    }
  }
  if (even < bytes.length) {
    sum1 += bytes[even] << 8
    sum2 += sum1
    fold()
  }
  fold()
  return ((sum2 << 16) | sum1) >>> 0
}

/** Checks the checksum and takes it off. HDF5 before 1.6.3 wrote each half with its bytes swapped: read as well. */
export function decodeFletcher32(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new DecodeProblem(`${bytes.length} bytes cannot end with a checksum`)
  const data = bytes.subarray(0, bytes.length - 4)
  const stored = new DataView(bytes.buffer, bytes.byteOffset + data.length, 4).getUint32(0, true)
  const computed = fletcher32(data)
  const swapped = (((computed & 0x00ff00ff) << 8) | ((computed & 0xff00ff00) >>> 8)) >>> 0
  if (stored !== computed && stored !== swapped) {
    throw new DecodeProblem(
      `the checksum is 0x${stored.toString(16)}, the data give 0x${computed.toString(16)}`,
    )
  }
  return data
}

/** Adds the checksum. */
export function encodeFletcher32(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 4)
  out.set(bytes)
  new DataView(out.buffer).setUint32(bytes.length, fletcher32(bytes), true)
  return out
}
