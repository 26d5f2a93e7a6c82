/** Literals of a Zstandard block (RFC 8878, 3.1.1.3.1). */
import {
  type Damaged,
  decodeHuffman,
  type HuffmanTable,
  readHuffmanTable,
} from '../../source/zstd-entropy.ts'

const RAW = 0
const REPEATED = 1
const CODED = 2

/** Where a block lies; its bytes go on behind it. */
export interface BlockRange {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

interface Literals {
  readonly literals: Uint8Array
  /** Where what follows them begins. */
  readonly end: number
  /** The code for the next block. */
  readonly code: HuffmanTable | undefined
}

interface LiteralsHeader {
  readonly type: number
  readonly size: number
  /** Bytes of the section, its header included. */
  readonly stored: number
  readonly used: number
  readonly single: boolean
}

function readHeader({ bytes, start }: BlockRange): LiteralsHeader {
  const first = bytes[start]
  const [type, format] = [first & 3, (first >> 2) & 3]
  let packed = 0
  for (let byte = 4; byte >= 0; byte--) packed = packed * 256 + bytes[start + byte]
  if (type === RAW || type === REPEATED) {
    const used = format === 1 ? 2 : format === 3 ? 3 : 1
    const size = used === 1 ? first >> 3 : Math.floor(packed / 16) % 2 ** (8 * used - 4)
    return { type, size, stored: used + (type === RAW ? size : 1), used, single: true }
  }
  const width = [10, 10, 14, 18][format]
  const used = [3, 3, 4, 5][format]
  const size = Math.floor(packed / 16) % 2 ** width
  const coded = Math.floor(packed / 2 ** (4 + width)) % 2 ** width
  return { type, size, stored: used + coded, used, single: format === 0 }
}

/** The literals of a block, at most `limit` bytes; `before` is the code of the block before, or of the dictionary. */
export function readLiterals(
  block: BlockRange,
  before: HuffmanTable | undefined,
  limit: number,
  damaged: Damaged,
): Literals {
  const { type, size, stored, used, single } = readHeader(block)
  const { bytes, start } = block
  const end = start + stored
  if (size > limit || end > block.end) damaged('literals beyond its end')
  const at = start + used
  if (type === RAW) return { literals: bytes.subarray(at, end), end, code: before }
  if (type === REPEATED) return { literals: new Uint8Array(size).fill(bytes[at]), end, code: before }
  const found = type === CODED ? readHuffmanTable(bytes, at, end, damaged) : { table: before, end: at }
  const code = found.table ?? damaged('literals without codes')
  const literals = new Uint8Array(size)
  if (single) decodeHuffman(literals, code, bytes, found.end, end, damaged)
  else decodeStreams(literals, code, { bytes, start: found.end, end }, damaged)
  return { literals, end, code }
}

/** Four streams after the sizes of three; each but the last has a quarter of the literals, rounded up. */
function decodeStreams(
  literals: Uint8Array,
  code: HuffmanTable,
  { bytes, start, end }: BlockRange,
  damaged: Damaged,
): void {
  const quarter = (literals.length + 3) >> 2
  if (literals.length < 6 || start + 6 > end) damaged('literals that are cut short')
  let from = start + 6
  for (let stream = 0; stream < 4; stream++) {
    const jump = bytes[start + 2 * stream] | (bytes[start + 2 * stream + 1] << 8)
    const to = stream < 3 ? from + jump : end
    if (to > end) damaged('literals that are cut short')
    const part = literals.subarray(stream * quarter, stream < 3 ? (stream + 1) * quarter : literals.length)
    decodeHuffman(part, code, bytes, from, to, damaged)
    from = to
  }
}
