/** Little-endian integers of any width, read in place. */

const HIGH = 2 ** 32

/** Stands for an address of which all bits are set: there is no such structure. */
export const UNDEFINED_ADDRESS = -1

/** An unsigned integer of 1 to 8 bytes; above 2^53 it is rounded, and past any file's end. */
export function uintAt(view: DataView, at: number, size: number): number {
  if (size === 8) return view.getUint32(at, true) + view.getUint32(at + 4, true) * HIGH
  if (size === 4) return view.getUint32(at, true)
  let value = 0
  for (let i = size - 1; i >= 0; i--) value = value * 256 + view.getUint8(at + i)
  return value
}

/** An address of 2, 4 or 8 bytes, or UNDEFINED_ADDRESS. */
export function addressAt(view: DataView, at: number, size: number): number {
  const value = uintAt(view, at, size)
  // 2^64 - 1 rounds to 2^64; no address that a file can back comes near.
  return value >= (size === 8 ? 2 ** 63 : 256 ** size - 1) ? UNDEFINED_ADDRESS : value
}
