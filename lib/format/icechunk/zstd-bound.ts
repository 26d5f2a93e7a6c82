/** How many bytes Zstandard frames can decode to at most, told by their block headers alone (RFC 8878, 3.1.1). */

import {
  BLOCK_HEAD,
  FRAME_MAGIC,
  frameFields,
  MOST_BLOCK,
  parseBlockHead,
  SKIPPABLE_MAGIC,
} from '../../source/zstd/frame-head.ts'

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
      if ((magic & ~0xf) === SKIPPABLE_MAGIC) at += 8 + view.getUint32(at + 4, true)
      else if (magic !== FRAME_MAGIC) return undefined
      else {
        const { length, hasChecksum } = frameFields(view.getUint8(at + 4))
        at += 5 + length
        for (let last = false; !last; ) {
          if (at + BLOCK_HEAD > bytes.length) return undefined
          const head = parseBlockHead(bytes, at)
          last = head.last
          bound += MOST_BLOCK
          at += BLOCK_HEAD + head.stored
        }
        if (hasChecksum) at += 4
      }
    }
  } catch {
    return undefined
  }
  return at === bytes.length ? bound : undefined
}
