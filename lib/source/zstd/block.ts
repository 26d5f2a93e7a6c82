/** The blocks of one zstd frame (RFC 8878, 3.1.1.2) as the bytes that they stand for. */
import { type Damaged, decodeHuffman, type HuffmanTable, PADDING, readHuffmanTable } from './entropy.ts'
import { COMPRESSED, RAW, REPEATED } from './frame-head.ts'
import { readSequences, Sequences, type SequenceTables } from './sequences.ts'

/** What is held beyond the window at most and at least. */
const MOST_BEYOND = 1 << 25
const LEAST_BEYOND = 1 << 20

/** Types of literals; RAW and REPEATED are two of them. */
const TREELESS = 3
/** Literals of which fewer are copied one by one: a call costs more than they do. */
const MANY = 64

/** What a frame begins with: nothing, or a dictionary. */
export interface Preset {
  /** Bytes before the first of the frame. */
  readonly content: Uint8Array
  /** The last three distances. */
  readonly offsets: readonly [number, number, number]
  readonly huffman: HuffmanTable | undefined
  readonly tables: Readonly<SequenceTables>
}

const NOTHING: Preset = { content: new Uint8Array(0), offsets: [1, 4, 8], huffman: undefined, tables: {} }

/** Decodes block after block of a frame, whose window it keeps. */
export class BlockDecoder {
  readonly #damaged: Damaged
  readonly #window: number
  readonly #mostBlock: number
  /** The window, and what was decoded since it was moved to the front. */
  #out: Uint8Array
  #end: number
  #blockStart = 0
  readonly #literalRoom: Uint8Array
  #literals: Uint8Array = new Uint8Array(0)
  #huffman: HuffmanTable | undefined
  readonly #sequences = new Sequences()
  readonly #tables: SequenceTables
  /** The last three distances. */
  #first: number
  #second: number
  #third: number

  /**
   * @param window bytes that matches may reach back, those of the preset included.
   * @param mostBlock bytes that a block may stand for.
   */
  constructor(window: number, mostBlock: number, damaged: Damaged, preset = NOTHING) {
    this.#window = window
    this.#mostBlock = mostBlock
    this.#literalRoom = new Uint8Array(mostBlock)
    this.#damaged = damaged
    this.#out = preset.content
    this.#end = preset.content.length
    this.#huffman = preset.huffman
    this.#tables = { ...preset.tables }
    ;[this.#first, this.#second, this.#third] = preset.offsets
  }

  /**
   * The bytes of a block of the type, until the next is decoded; `size` of them where they are one repeated. `body` ends
   * in PADDING.
   */
  decode(type: number, body: Uint8Array, size: number): Uint8Array {
    this.#makeRoom()
    this.#blockStart = this.#end
    if (type === RAW) this.#append(body.subarray(0, size))
    else if (type === COMPRESSED) this.#decodeCompressed(body, body.length - PADDING)
    else if (type === REPEATED && size <= this.#mostBlock) {
      this.#out.fill(body[0], this.#end, this.#end + size)
      this.#end += size
    } else this.#damaged('no such block')
    return this.#out.subarray(this.#blockStart, this.#end)
  }

  /** Room for a block, within what the frame has told and what has come. */
  #makeRoom(): void {
    const needed = this.#end + this.#mostBlock
    if (needed <= this.#out.length) return
    const most = this.#window + Math.min(MOST_BEYOND, Math.max(LEAST_BEYOND, this.#window))
    if (needed <= most) {
      const longer = new Uint8Array(Math.min(most, 2 * needed))
      longer.set(this.#out.subarray(0, this.#end))
      this.#out = longer
    } else {
      this.#out.copyWithin(0, this.#end - this.#window, this.#end)
      this.#end = this.#window
    }
  }

  #append(bytes: Uint8Array): void {
    if (this.#end - this.#blockStart + bytes.length > this.#mostBlock)
      this.#damaged('a block that is too large')
    this.#out.set(bytes, this.#end)
    this.#end += bytes.length
  }

  #decodeCompressed(body: Uint8Array, end: number): void {
    const at = this.#readLiterals(body, end)
    readSequences(this.#sequences, this.#tables, { bytes: body, at, end }, this.#damaged)
    this.#append(this.#literals.subarray(this.#execute(this.#sequences)))
  }

  /** 3.1.1.3.1; returns where they end. */
  #readLiterals(body: Uint8Array, end: number): number {
    const type = body[0] & 3
    const format = (body[0] >> 2) & 3
    if (type === RAW || type === REPEATED) {
      const head = format === 1 ? 2 : format === 3 ? 3 : 1
      const value = body[0] | (body[1] << 8) | (body[2] << 16)
      const size = head === 1 ? body[0] >> 3 : (value & (2 ** (8 * head) - 1)) >> 4
      const stored = type === RAW ? size : 1
      if (size > this.#mostBlock || head + stored > end) this.#damaged('literals that are cut off')
      this.#literals =
        type === RAW ? body.subarray(head, head + size) : this.#literalRoom.subarray(0, size).fill(body[head])
      return head + stored
    }
    const bits = [10, 10, 14, 18][format]
    const head = [3, 3, 4, 5][format]
    let value = 0
    for (let byte = head - 1; byte >= 0; byte--) value = value * 256 + body[byte]
    const size = Math.floor(value / 16) % 2 ** bits
    const literalsEnd = head + Math.floor(value / 2 ** (4 + bits))
    if (size > this.#mostBlock || literalsEnd > end) this.#damaged('literals that are cut off')
    this.#decodeLiterals(body, head, literalsEnd, { type, size, single: format === 0 })
    return literalsEnd
  }

  #decodeLiterals(
    body: Uint8Array,
    at: number,
    end: number,
    { type, size, single }: { readonly type: number; readonly size: number; readonly single: boolean },
  ): void {
    const damaged = this.#damaged
    if (type !== TREELESS) {
      const read = readHuffmanTable(body, at, end, damaged)
      this.#huffman = read.table
      at = read.end
    }
    const table = this.#huffman ?? damaged('literals without codes')
    const literals = this.#literalRoom.subarray(0, size)
    this.#literals = literals
    if (single) {
      decodeHuffman(literals, table, body, at, end, damaged)
      return
    }
    const part = (size + 3) >> 2
    if (size < 6 || at + 6 > end) damaged('literals that are cut off')
    let from = at + 6
    for (let stream = 0; stream < 4; stream++) {
      const jump = body[at + 2 * stream] | (body[at + 2 * stream + 1] << 8)
      const to = stream < 3 ? from + jump : end
      if (to > end) damaged('literals that are cut off')
      decodeHuffman(
        literals.subarray(stream * part, stream < 3 ? (stream + 1) * part : size),
        table,
        body,
        from,
        to,
        damaged,
      )
      from = to
    }
  }

  /** 3.1.1.4; returns how many literals are taken. */
  #execute({ count, literals, offsetValues, matchLengths }: Sequences): number {
    const from = this.#literals
    const out = this.#out
    const most = this.#blockStart + this.#mostBlock
    let taken = 0
    let end = this.#end
    for (let row = 0; row < count; row++) {
      const length = literals[row]
      const matchLength = matchLengths[row]
      if (taken + length > from.length) this.#damaged('more literals than there are')
      if (end + length + matchLength > most) this.#damaged('a block that is too large')
      if (length > MANY) out.set(from.subarray(taken, taken + length), end)
      else for (let i = 0; i < length; i++) out[end + i] = from[taken + i]
      taken += length
      end += length
      const offset = this.#offset(offsetValues[row], length)
      if (offset > end || offset > this.#window || offset < 1) this.#damaged('a match before the beginning')
      const match = end - offset
      if (offset >= matchLength && matchLength > 32) out.copyWithin(end, match, match + matchLength)
      else for (let i = 0; i < matchLength; i++) out[end + i] = out[match + i]
      end += matchLength
    }
    this.#end = end
    return taken
  }

  /** 3.1.1.5: the distance, which may be one of the last three. */
  #offset(value: number, literals: number): number {
    const which = value > 3 ? 3 : value - 1 + (literals === 0 ? 1 : 0)
    if (which === 0) return this.#first
    let offset = value > 3 ? value - 3 : this.#first - 1
    if (which === 1) offset = this.#second
    else {
      if (which === 2) offset = this.#third
      this.#third = this.#second
    }
    this.#second = this.#first
    this.#first = offset
    return offset
  }
}
