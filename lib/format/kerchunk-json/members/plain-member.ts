/** Members of a reference document in the shape that every producer writes, `"temp/0.1": ["url", 123, 456],`, taken straight from its bytes. */
import { type Entry, MOST_KEY, MOST_URL } from './entry.ts'

/** Bytes of a plain member with the white space in it: what is longer is read as any JSON. */
const MOST_MEMBER = 1 << 16
/** Digits of a plain number: no such number is rounded. */
const MOST_DIGITS = 15

const QUOTE = 0x22
const COMMA = 0x2c
const SLASH = 0x2f
const ZERO = 0x30
const COLON = 0x3a
const OPEN = 0x5b
const BACKSLASH = 0x5c
const CLOSE = 0x5d
const SPACE = 0x20

/** The member goes on beyond the bytes that are there. */
export const CUT = -1
/** It is not plain. */
export const OTHER = -2

/** 1 for printable ASCII that stands for itself in a string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

/** The first byte from `at` on that is no JSON white space. */
export function skipWhite(bytes: Uint8Array, at: number): number {
  let byte = bytes[at]
  while (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at]
  return at
}

/** The place after this byte, white space before it skipped; the complement of the place where another is. */
function pass(bytes: Uint8Array, at: number, byte: number): number {
  if (bytes[at] === byte) return at + 1
  at = skipWhite(bytes, at)
  return bytes[at] === byte ? at + 1 : ~at
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10
}

/**
 * One member at a time. The bytes must have a zero after their end, which no plain member has: it ends every loop.
 * Functions give the place after what they read, or the complement of the place where it is something else.
 */
export class PlainMember {
  /** What holds the key, from `keyStart` to before `keyEnd`. Its slashes may be escaped in the document and are not here. */
  keyBytes: Buffer = Buffer.alloc(0)
  keyStart = 0
  keyEnd = 0
  /** Whether it stands for the whole file; else offset and length are in `range`. */
  whole = false
  readonly range = new Float64Array(2)
  /** Another number wherever the URL is not the same as that of the member before. */
  urlNumber = 0
  readonly #key = Buffer.alloc(MOST_KEY + 1)
  /** The URL as it is spelled. */
  readonly #url = Buffer.alloc(2 * MOST_URL)
  readonly #urlView = new DataView(this.#url.buffer, this.#url.byteOffset, this.#url.length)
  /** What `#view` is of. */
  #viewed: Buffer = this.#url
  #view: DataView = this.#urlView
  #urlLength = -1

  /** The URL, spelled as in the document. */
  get spelledUrl(): string {
    return this.#url.toString('latin1', 0, this.#urlLength)
  }

  /** The URL. */
  get url(): string {
    return this.spelledUrl.replaceAll('\\/', '/')
  }

  get key(): string {
    return this.keyBytes.toString('latin1', this.keyStart, this.keyEnd)
  }

  /** The member as any other is told. */
  get entry(): Entry {
    const range = this.whole ? undefined : ([this.range[0], this.range[1]] as const)
    return { kind: 'reference', key: this.key, url: this.url, range }
  }

  /**
   * Reads the member whose key's quote is at `from`; gives the place of the next key's quote, CUT or OTHER.
   * Only what is followed by a comma and a quote is plain, and keys that end in a digit.
   */
  read(bytes: Buffer, from: number, end: number): number {
    let at = this.#readKey(bytes, from)
    if (at > 0) at = pass(bytes, at, COLON)
    if (at > 0) at = pass(bytes, at, OPEN)
    if (at > 0) at = this.#readUrl(bytes, pass(bytes, at, QUOTE))
    if (at > 0) at = this.#readRange(bytes, at)
    if (at > 0) at = pass(bytes, at, COMMA)
    if (at > 0) at = pass(bytes, at, QUOTE)
    if (at > 0) return at - from <= MOST_MEMBER ? at - 1 : OTHER
    return ~at >= end && end - from <= MOST_MEMBER ? CUT : OTHER
  }

  #readKey(bytes: Buffer, from: number): number {
    if (bytes[from] !== QUOTE) return ~from
    let at = from + 1
    while (PLAIN[bytes[at]] === 1) at++
    if (bytes[at] === BACKSLASH) return this.#readEscapedKey(bytes, from + 1)
    if (bytes[at] !== QUOTE) return ~at
    this.keyBytes = bytes
    this.keyStart = from + 1
    this.keyEnd = at
    return isDigit(bytes[at - 1]) && at - from <= MOST_KEY + 1 ? at + 1 : ~from
  }

  /** A key with `\/`, as Python's ujson spells a slash. */
  #readEscapedKey(bytes: Buffer, from: number): number {
    const key = this.#key
    let length = 0
    let at = from
    for (; bytes[at] !== QUOTE; at++) {
      if (bytes[at] === BACKSLASH && bytes[++at] !== SLASH) return ~at
      if (PLAIN[bytes[at]] === 0) return ~at
      if (length === MOST_KEY) return ~from
      key[length++] = bytes[at]
    }
    key[length] = 0
    this.keyBytes = key
    this.keyStart = 0
    this.keyEnd = length
    return isDigit(bytes[at - 1]) ? at + 1 : ~from
  }

  /** `from` is after the quote, or the complement of where there is none. */
  #readUrl(bytes: Buffer, from: number): number {
    if (from < 0) return from
    return this.#isSameUrl(bytes, from) ? from + this.#urlLength + 1 : this.#readOtherUrl(bytes, from)
  }

  /** Whether the last URL is here again: four bytes at a time, since it is most of a member. */
  #isSameUrl(bytes: Buffer, from: number): boolean {
    const length = this.#urlLength
    // The last byte of all is the zero after the end.
    if (length < 0 || from + length >= bytes.length || bytes[from + length] !== QUOTE) return false
    if (bytes !== this.#viewed) this.#look(bytes)
    const view = this.#view
    const urlView = this.#urlView
    let at = 0
    for (; at + 4 <= length; at += 4)
      if (view.getUint32(from + at, true) !== urlView.getUint32(at, true)) return false
    for (; at < length; at++) if (bytes[from + at] !== this.#url[at]) return false
    return true
  }

  #look(bytes: Buffer): void {
    this.#viewed = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  #readOtherUrl(bytes: Buffer, from: number): number {
    let at = from
    let escapes = 0
    for (; bytes[at] !== QUOTE; at++) {
      if (bytes[at] === BACKSLASH) {
        if (bytes[++at] !== SLASH) return ~at
        escapes++
      } else if (PLAIN[bytes[at]] === 0) return ~at
    }
    if (at - from - escapes > MOST_URL) return ~from
    bytes.copy(this.#url, 0, from, at)
    this.#urlLength = at - from
    this.urlNumber++
    return at + 1
  }

  /** From after the URL to after the bracket. */
  #readRange(bytes: Buffer, from: number): number {
    let at = skipWhite(bytes, from)
    this.whole = bytes[at] === CLOSE
    if (this.whole) return at + 1
    at = pass(bytes, at, COMMA)
    if (at > 0) at = this.#readNumber(bytes, skipWhite(bytes, at), 0)
    if (at > 0) at = pass(bytes, at, COMMA)
    if (at > 0) at = this.#readNumber(bytes, skipWhite(bytes, at), 1)
    return at > 0 ? pass(bytes, at, CLOSE) : at
  }

  /** A whole number into `range`; what follows its digits is not looked at. */
  #readNumber(bytes: Buffer, from: number, member: 0 | 1): number {
    let number = bytes[from] - ZERO
    if (!(number >= 0 && number < 10)) return ~from
    let at = from + 1
    if (number > 0) {
      for (let byte = bytes[at]; isDigit(byte); byte = bytes[++at]) number = 10 * number + (byte - ZERO)
    }
    this.range[member] = number
    return at - from <= MOST_DIGITS ? at : ~from
  }
}
