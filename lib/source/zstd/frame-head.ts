/** What the bytes before a zstd frame's blocks, and before each of them, say of their lengths (RFC 8878, 3.1.1.1 and 3.1.1.2). */

export const FRAME_MAGIC = 0xfd2fb528
/** The first of sixteen, of frames that are skipped. */
export const SKIPPABLE_MAGIC = 0x184d2a50

/** Bytes of a block at most, decoded. */
export const MOST_BLOCK = 1 << 17
export const BLOCK_HEAD = 3

/** Types of blocks. */
export const RAW = 0
export const REPEATED = 1
export const COMPRESSED = 2

/** By a frame's descriptor, the byte behind its magic number: the bytes of what follows, in this order. */
interface FrameFields {
  /** 0 where the frame is one segment: its window is its content. */
  readonly window: number
  readonly dictionary: number
  readonly contentSize: number
  /** Of the three. */
  readonly length: number
  readonly hasChecksum: boolean
}

/** Parses a descriptor. */
export function frameFields(descriptor: number): FrameFields {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const window = isSingleSegment ? 0 : 1
  const dictionary = [0, 1, 2, 4][descriptor & 3]
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]
  const length = window + dictionary + contentSize
  return { window, dictionary, contentSize, length, hasChecksum: (descriptor & 4) !== 0 }
}

/** What the three bytes before a block say of it. */
export interface BlockHead {
  readonly last: boolean
  readonly type: number
  /** Bytes, or how often the one byte is repeated. */
  readonly size: number
  /** Bytes that follow. */
  readonly stored: number
}

/** Parses them; fewer read as zeros. */
export function parseBlockHead(bytes: Uint8Array, at = 0): BlockHead {
  const head = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)
  const [type, size] = [(head >> 1) & 3, head >> 3]
  return { last: (head & 1) !== 0, type, size, stored: type === REPEATED ? 1 : size }
}
