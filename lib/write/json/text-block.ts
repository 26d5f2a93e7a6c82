/** ASCII text in blocks of bytes, made without a string for each number. */

/** Bytes of a block, unless one entry takes more. */
const BLOCK = 1 << 20
/** Bytes that are copied one by one, as a call takes longer. */
const SHORT = 24
const COMMA = 0x2c
const SPACE = 0x20
/** What `#digits` takes is less: its arithmetic is that of 32 bits. */
const BILLION = 1e9
/** Bytes that become base64 at a time: a multiple of 3, so that the texts of all pieces are one. */
const BASE64_PIECE = 3 << 16

/** The text that is being made; there must be room for what is added. */
export class TextBlock {
  #bytes = Buffer.allocUnsafe(BLOCK)
  #length = 0

  /** Makes room for so many bytes by growing where nothing was added yet; false where the block must be taken before. */
  makeRoom(bytes: number): boolean {
    if (this.#length + bytes <= this.#bytes.length) return true
    if (this.#length > 0) return false
    this.#bytes = Buffer.allocUnsafe(bytes)
    return true
  }

  /** What was added; the next block is empty. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.allocUnsafe(BLOCK)
    this.#length = 0
    return taken
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value
  }

  bytes(values: Uint8Array): void {
    const { length } = values
    if (length > SHORT) this.#bytes.set(values, this.#length)
    else for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = values[i]
    this.#length += length
  }

  /** What divides the members of a list. */
  comma(): void {
    this.#bytes[this.#length++] = COMMA
    this.#bytes[this.#length++] = SPACE
  }

  text(ascii: string): void {
    this.#length += this.#bytes.write(ascii, this.#length, 'latin1')
  }

  base64(values: Uint8Array): void {
    for (let from = 0; from < values.length; from += BASE64_PIECE) {
      const piece = values.subarray(from, from + BASE64_PIECE)
      this.text(Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64'))
    }
  }

  /** A whole number from 0 to 2^53: at most 16 digits. */
  number(value: number): void {
    if (value < BILLION) this.#digits(value, digitsOf(value))
    else {
      const high = Math.floor(value / BILLION)
      this.#digits(high, digitsOf(high))
      this.#digits(value - high * BILLION, 9)
    }
  }

  #digits(value: number, count: number): void {
    let rest = value | 0
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const tenth = (rest / 10) | 0
      this.#bytes[at] = 48 + rest - tenth * 10
      rest = tenth
    }
    this.#length += count
  }
}

/** Of a number below a billion. */
function digitsOf(value: number): number {
  if (value < 1000) return value < 10 ? 1 : value < 100 ? 2 : 3
  if (value < 1e6) return value < 1e4 ? 4 : value < 1e5 ? 5 : 6
  return value < 1e7 ? 7 : value < 1e8 ? 8 : 9
}
