/** How many bytes Zstandard frames can decode to at most, told by their block headers alone (RFC 8878, 3.1.1). */

/** Bytes of a block at most, decoded. */
const MOST_BLOCK = 1 << 17
const FRAME = 0xfd2fb528
/** Sixteen magic numbers, of frames that decoders skip. */
const SKIPPABLE = 0x184d2a5

/** Where the blocks of the frame at `at` begin. */
function blocksAt(view: DataView, at: number): number {
  const descriptor = view.getUint8(at + 4)
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]
  return at + 5 + (singleSegment ? 0 : 1) + dictionary + contentSize
}

/**
 * An upper bound for what `bytes` decode to, close where blocks are full, as all but the last of a frame are; undefined
 * where they are no whole frames.
 */
export function zstdBound(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let bound = 0
  try {
    while (at < bytes.length) {
      const magic = view.getUint32(at, true)
      if (magic >>> 4 === SKIPPABLE) at += 8 + view.getUint32(at + 4, true)
      else if (magic !== FRAME) return undefined
      else {
        const hasChecksum = (view.getUint8(at + 4) & 4) !== 0
        at = blocksAt(view, at)
        for (let last = false; !last; ) {
          const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
          const isRepeated = ((header >> 1) & 3) === 1
          last = (header & 1) !== 0
          bound += MOST_BLOCK
          at += 3 + (isRepeated ? 1 : header >> 3)
        }
        if (hasChecksum) at += 4
      }
    }
  } catch {
    return undefined
  }
  return at === bytes.length ? bound : undefined
}
