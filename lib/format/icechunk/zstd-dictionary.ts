/** Zstandard frames that need a dictionary, which numcodecs cannot decode (RFC 8878, 3 and 5); made for short ones. */
import { type Damaged, type HuffmanTable, readFseTable, readHuffmanTable } from '../../source/zstd-entropy.ts'
import { readSequences, type SequenceTables } from '../../source/zstd-sequences.ts'
import { type BlockRange, readLiterals } from './zstd-literals.ts'

const FRAME = 0xfd2fb528
const DICTIONARY = 0xec30a437
const RAW = 0
const REPEATED = 1
const COMPRESSED = 2
/** Zeros behind what is decoded, so that words may be read from its end. */
const PADDING = 8

/** What frames begin with. */
export interface ZstdDictionary {
  /** Bytes before the first of a frame. */
  readonly content: Uint8Array
  readonly offsets: readonly [number, number, number]
  readonly code: HuffmanTable | undefined
  readonly tables: Readonly<SequenceTables>
}

function padded(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + PADDING)
  copy.set(bytes)
  return copy
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}

/** Parses a dictionary; bytes that are none are content alone. `damaged` is told what is wrong. */
export function parseZstdDictionary(dictionary: Uint8Array, damaged: Damaged): ZstdDictionary {
  if (dictionary.length < 8 || uint32(dictionary, 0) !== DICTIONARY)
    return { content: dictionary, offsets: [1, 4, 8], code: undefined, tables: {} }
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
  return { content: bytes.subarray(at + 12, end), offsets: repeated, code: codes.table, tables }
}

/** The bytes of a frame so far, behind those of the dictionary. */
class Output {
  readonly #bytes: Uint8Array
  readonly #start: number
  #end: number
  #offsets: readonly [number, number, number]

  readonly #damaged: Damaged

  constructor({ content, offsets }: ZstdDictionary, limit: number, damaged: Damaged) {
    this.#damaged = damaged
    this.#bytes = new Uint8Array(content.length + limit)
    this.#bytes.set(content)
    this.#start = content.length
    this.#end = content.length
    this.#offsets = offsets
  }

  get room(): number {
    return this.#bytes.length - this.#end
  }

  get written(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end)
  }

  append(bytes: Uint8Array): void {
    if (bytes.length > this.room) this.#damaged('more bytes than it may have')
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** `literals` came before. */
  copy(coded: number, literals: number, match: number): void {
    const offset = this.#offset(coded, literals)
    if (offset < 1 || offset > this.#end) this.#damaged('a match before its beginning')
    if (match > this.room) this.#damaged('more bytes than it may have')
    for (let i = 0; i < match; i++) this.#bytes[this.#end + i] = this.#bytes[this.#end + i - offset]
    this.#end += match
  }

  /** 1 to 3 are the last offsets, one further where no literals come before. */
  #offset(coded: number, literals: number): number {
    const [first, second, third] = this.#offsets
    if (coded > 3) {
      this.#offsets = [coded - 3, first, second]
      return coded - 3
    }
    const which = coded - 1 + (literals === 0 ? 1 : 0)
    if (which === 0) return first
    const offset = which === 3 ? first - 1 : this.#offsets[which]
    this.#offsets = which === 1 ? [offset, first, third] : [offset, first, second]
    return offset
  }
}

/** Where the frame's blocks begin. */
function blocksAt(frame: Uint8Array, damaged: Damaged): number {
  if (uint32(frame, 0) !== FRAME) damaged('no Zstandard frame')
  const descriptor = frame[4]
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]
  return 5 + (singleSegment ? 0 : 1) + dictionary + contentSize
}

/** Decodes one frame to at most `limit` bytes; a checksum is not compared. `damaged` is told what is wrong. */
export function decodeWithDictionary(
  frame: Uint8Array,
  dictionary: ZstdDictionary,
  limit: number,
  damaged: Damaged,
): Uint8Array {
  const bytes = padded(frame)
  const output = new Output(dictionary, limit, damaged)
  const blocks = new BlockReader(dictionary, output, damaged)
  for (let at = blocksAt(bytes, damaged), last = false; !last; ) {
    if (at + 3 > frame.length) damaged('a frame that is cut short')
    const header = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)
    last = (header & 1) !== 0
    const [type, size, start] = [(header >> 1) & 3, header >> 3, at + 3]
    at = start + (type === REPEATED ? 1 : size)
    if (at > frame.length) damaged('a frame that is cut short')
    if (type === RAW) output.append(bytes.subarray(start, at))
    else if (type === REPEATED)
      output.append(new Uint8Array(Math.min(size, output.room + 1)).fill(bytes[start]))
    else if (type === COMPRESSED) blocks.read({ bytes, start, end: at })
    else damaged('a block of no known type')
  }
  return output.written
}

/** Reads compressed blocks, of which each may use the codes and tables of the one before. */
class BlockReader {
  readonly #output: Output
  readonly #damaged: Damaged
  readonly #tables: SequenceTables
  #code: HuffmanTable | undefined

  constructor({ code, tables }: ZstdDictionary, output: Output, damaged: Damaged) {
    this.#output = output
    this.#damaged = damaged
    this.#tables = { ...tables }
    this.#code = code
  }

  read(block: BlockRange): void {
    const [output, damaged] = [this.#output, this.#damaged]
    const { literals, end, code } = readLiterals(block, this.#code, output.room, damaged)
    this.#code = code
    let at = 0
    const take = (count: number, offset: number, match: number): void => {
      if (at + count > literals.length) damaged('more literals than there are')
      output.append(literals.subarray(at, at + count))
      output.copy(offset, count, match)
      at += count
    }
    readSequences(block.bytes, end, block.end, { tables: this.#tables, take, damaged })
    output.append(literals.subarray(at))
  }
}
