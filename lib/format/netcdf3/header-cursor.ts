/** Reads the big-endian fields of a netCDF classic header; every step is checked against the end of the file. */
import { FormatError } from '../../errors.ts'

/** CDF-1 (classic), CDF-2 (64-bit offset), CDF-5 (64-bit data). */
export type ClassicVersion = 1 | 2 | 5

/** What lists, names and values are padded to. */
const ALIGNMENT = 4
const TWO_32 = 2 ** 32

/** A position in the header, and what can be read there. */
export class HeaderCursor {
  readonly bytes: Uint8Array
  readonly url: string
  readonly fileSize: number
  /** Decides the width of counts and of offsets. */
  version: ClassicVersion = 1
  /** What is being read, for errors. */
  structure = 'header'
  position = 0
  /** How many bytes from the start of the file are needed, where an error came of having too few of them. */
  wanted: number | undefined
  readonly #view: DataView

  /** @param bytes the first bytes of the file, or all of it. */
  constructor(bytes: Uint8Array, file: { url: string; size: number }) {
    this.bytes = bytes
    this.url = file.url
    this.fileSize = file.size
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** An error that names the structure and the byte of the file; throw it. */
  error(problem: string, offset: number = this.position): FormatError {
    return new FormatError({ url: this.url, structure: this.structure, offset }, problem)
  }

  /** Moves on by `length` and returns where that began. */
  #advance(length: number): number {
    const from = this.position
    const end = from + length
    if (end > this.fileSize)
      throw this.error(`${length} bytes wanted, ${this.fileSize - from} left in the file`)
    if (end > this.bytes.length) {
      this.wanted = end
      throw this.error(`${length} bytes wanted, ${this.bytes.length - from} read so far`)
    }
    this.position = end
    return from
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** A 64-bit integer; an error above 2^53 - 1, which no file is as long as. */
  u64(): number {
    const from = this.#advance(8)
    const value = this.#view.getUint32(from) * TWO_32 + this.#view.getUint32(from + 4)
    if (value > Number.MAX_SAFE_INTEGER) throw this.error('an integer above 2^53', from)
    return value
  }

  /** NON_NEG: 64 bits in CDF-5, else 32. */
  nonNegative(): number {
    return this.version === 5 ? this.u64() : this.u32()
  }

  /** OFFSET: 32 bits in CDF-1, else 64. */
  offset(): number {
    return this.version === 1 ? this.u32() : this.u64()
  }

  /** The number of records; undefined where it is STREAMING, all bits set. */
  recordCount(): number | undefined {
    const width = this.version === 5 ? 8 : 4
    const from = this.#advance(width)
    if (this.bytes.subarray(from, from + width).every((byte) => byte === 0xff)) return undefined
    this.position = from
    return this.nonNegative()
  }

  /** How many elements follow, each of at least `least` bytes: no more than the rest of the file has room for. */
  count(least: number): number {
    const from = this.position
    const count = this.nonNegative()
    if (count * least > this.fileSize - this.position) {
      throw this.error(`${count} elements in the last ${this.fileSize - this.position} bytes`, from)
    }
    return count
  }

  /** A view, not a copy, of the next `length` bytes; the padding behind them is stepped over. */
  padded(length: number): Uint8Array {
    const from = this.#advance(length + ((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT))
    return this.bytes.subarray(from, from + length)
  }
}
