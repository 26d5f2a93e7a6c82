/** Reads the little-endian fields of an HDF5 structure from its bytes; every step is checked against their end. */
import { FormatError } from '../../errors.ts'

/** What an address of all ones means: the structure does not exist (HDF5 File Format 3.0, II). */
export type Address = number | undefined

const MAX_SAFE_HIGH = 0x1fffff

export class Cursor {
  readonly bytes: Uint8Array
  readonly url: string
  readonly structure: string
  /** Where `bytes` begin in the file. */
  readonly start: number
  position = 0

  constructor(bytes: Uint8Array, at: { url: string; structure: string; offset: number }) {
    this.bytes = bytes
    this.url = at.url
    this.structure = at.structure
    this.start = at.offset
  }

  get remaining(): number {
    return this.bytes.length - this.position
  }

  /** An error that names the structure and the byte of the file; throw it. */
  error(problem: string, position: number = this.position): FormatError {
    return new FormatError(
      { url: this.url, structure: this.structure, offset: this.start + position },
      problem,
    )
  }

  /** Moves on by `length` and returns where that began. */
  #advance(length: number): number {
    const from = this.position
    if (!(length >= 0) || length > this.bytes.length - from) {
      throw this.error(`${length} bytes wanted, ${this.bytes.length - from} left`)
    }
    this.position = from + length
    return from
  }

  skip(length: number): void {
    this.#advance(length)
  }

  /** Moves to the next multiple of `alignment`, counted from the start of the bytes. */
  align(alignment: number): void {
    this.#advance((alignment - (this.position % alignment)) % alignment)
  }

  u8(): number {
    return this.bytes[this.#advance(1)]
  }

  u16(): number {
    const from = this.#advance(2)
    return this.bytes[from] | (this.bytes[from + 1] << 8)
  }

  u32(): number {
    const from = this.#advance(4)
    const { bytes } = this
    return (bytes[from] | (bytes[from + 1] << 8) | (bytes[from + 2] << 16) | (bytes[from + 3] << 24)) >>> 0
  }

  /** A 64-bit count; an error above 2^53 - 1, which no real file needs. */
  u64(): number {
    return this.uint(8)
  }

  /** An unsigned integer of 1 to 8 bytes; an error above 2^53 - 1. */
  uint(size: number): number {
    const from = this.#advance(size)
    let value = 0
    for (let i = size - 1; i >= 0; i--) {
      if (value > MAX_SAFE_HIGH * 2 ** 24) throw this.error('an integer above 2^53', from)
      value = value * 256 + this.bytes[from + i]
    }
    if (value > Number.MAX_SAFE_INTEGER) throw this.error('an integer above 2^53', from)
    return value
  }

  /** An unsigned integer of `size` bytes, or undefined where all its bits are set. */
  address(size: number): Address {
    const from = this.position
    this.#advance(size)
    let undefinedAddress = true
    for (let i = 0; i < size; i++) if (this.bytes[from + i] !== 0xff) undefinedAddress = false
    if (undefinedAddress) return undefined
    this.position = from
    return this.uint(size)
  }

  /** A view, not a copy, of the next `length` bytes. */
  take(length: number): Uint8Array {
    const from = this.#advance(length)
    return this.bytes.subarray(from, from + length)
  }

  /** The bytes up to the next NUL, which is stepped over. */
  takeToNul(): Uint8Array {
    const end = this.bytes.indexOf(0, this.position)
    if (end < 0) throw this.error('a string without its NUL')
    const bytes = this.take(end - this.position)
    this.position = end + 1
    return bytes
  }

  /** Checks a four-character signature. */
  signature(expected: string): void {
    const from = this.position
    const found = String.fromCharCode(...this.take(4))
    if (found !== expected) {
      throw this.error(`signature ${JSON.stringify(expected)} expected, ${JSON.stringify(found)} found`, from)
    }
  }

  /** Checks a version byte. */
  version(...allowed: readonly number[]): number {
    const from = this.position
    const found = this.u8()
    if (!allowed.includes(found)) {
      throw this.error(`version ${allowed.join(' or ')} expected, ${found} found`, from)
    }
    return found
  }
}
