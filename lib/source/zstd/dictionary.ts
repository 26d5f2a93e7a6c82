/** Zstandard frames that need a dictionary, which numcodecs cannot decode (RFC 8878, 3 and 5); made for short ones. */
import { BlockDecoder, type Preset } from './block.ts'
import { type Damaged, PADDING, padded, readFseTable, readHuffmanTable } from './entropy.ts'
import { BLOCK_HEAD, FRAME_MAGIC, frameFields, parseBlockHead } from './frame-head.ts'

const DICTIONARY = 0xec30a437

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}

/** Parses a dictionary; bytes that are none are content alone. `damaged` is told what is wrong. */
export function parseZstdDictionary(dictionary: Uint8Array, damaged: Damaged): Preset {
  if (dictionary.length < 8 || uint32(dictionary, 0) !== DICTIONARY)
    return { content: dictionary, offsets: [1, 4, 8], huffman: undefined, tables: {} }
  const end = dictionary.length
  const bytes = padded(dictionary)
  const codes = readHuffmanTable(bytes, 8, end, damaged)
  const offsets = readFseTable(bytes, codes.end, { end, mostAccuracy: 8, mostSymbols: 32 }, damaged)
  const matches = readFseTable(bytes, offsets.end, { end, mostAccuracy: 9, mostSymbols: 53 }, damaged)
  const lengths = readFseTable(bytes, matches.end, { end, mostAccuracy: 9, mostSymbols: 36 }, damaged)
  const at = lengths.end
  if (at + 12 > end) damaged('a dictionary that is cut short')
  const tables = { offsets: offsets.table, matchLengths: matches.table, literalLengths: lengths.table }
  const repeated = [uint32(bytes, at), uint32(bytes, at + 4), uint32(bytes, at + 8)] as const
  return { content: bytes.subarray(at + 12, end), offsets: repeated, huffman: codes.table, tables }
}

/** Where the frame's blocks begin. */
function blocksAt(frame: Uint8Array, damaged: Damaged): number {
  if (uint32(frame, 0) !== FRAME_MAGIC) damaged('no Zstandard frame')
  return 5 + frameFields(frame[4]).length
}

/** Decodes one frame to at most `limit` bytes; a checksum is not compared. `damaged` is told what is wrong. */
export function decodeWithDictionary(
  frame: Uint8Array,
  dictionary: Preset,
  limit: number,
  damaged: Damaged,
): Uint8Array {
  const bytes = padded(frame)
  const decoder = new BlockDecoder(dictionary.content.length + limit, limit, damaged, dictionary)
  const decoded = new Uint8Array(limit)
  let length = 0
  for (let at = blocksAt(bytes, damaged), last = false; !last; ) {
    const head = parseBlockHead(bytes, at)
    const start = at + BLOCK_HEAD
    last = head.last
    at = start + head.stored
    if (at > frame.length) damaged('a frame that is cut short')
    const block = decoder.decode(head.type, bytes.subarray(start, at + PADDING), head.size)
    if (length + block.length > limit) damaged('more bytes than it may have')
    decoded.set(block, length)
    length += block.length
  }
  return decoded.subarray(0, length)
}
