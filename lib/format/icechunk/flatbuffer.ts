/** Flatbuffers from files that nobody vouches for: every position, length and offset is checked before it is followed. */

/** Raises what is wrong with which structure, at which byte of the buffer. */
export type RefuseAt = (offset: number, structure: string, problem: string) => never

/** A field is so many slots into the vtable, behind its own and the table's size. */
const VTABLE_HEAD = 4
/**
 * What is read of a buffer through its offsets is at most so many times its size: an honest one says each thing once,
 * and a crafted one could say the same megabyte a million times.
 */
const MOST_READ = 4
const LEAST_ROOM = 1 << 16

/** One buffer; its root is a table. */
export class FlatBuffer {
  readonly view: DataView
  readonly all: Uint8Array
  readonly size: number
  readonly refuse: RefuseAt
  #room: number

  constructor(bytes: Uint8Array, refuse: RefuseAt) {
    this.all = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.size = bytes.length
    this.refuse = refuse
    this.#room = MOST_READ * bytes.length + LEAST_ROOM
  }

  /** The root table. */
  root(structure: string): Table {
    return new Table(this, this.indirect(0, structure), structure)
  }

  /** Makes sure that `bytes` bytes at `at` are there. */
  check(at: number, bytes: number, structure: string): void {
    if (at < 0 || at + bytes > this.size) this.refuse(at, structure, `leads out of the ${this.size} bytes`)
  }

  /** Where the offset at `at` leads. */
  indirect(at: number, structure: string): number {
    this.check(at, 4, structure)
    const offset = this.view.getUint32(at, true)
    if (offset === 0) this.refuse(at, structure, 'has an offset of 0')
    this.check(at + offset, 4, structure)
    return at + offset
  }

  /** The vector that the offset at `at` leads to: where its elements begin, and how many there are. */
  vector(at: number, elementBytes: number, structure: string): { start: number; length: number } {
    const start = this.indirect(at, structure) + 4
    const length = this.view.getUint32(start - 4, true)
    if (start + length * elementBytes > this.size)
      this.refuse(
        start - 4,
        structure,
        `declares ${length} elements of ${elementBytes} bytes, more than there are`,
      )
    return { start, length }
  }

  /** The bytes at `start`, not copied. */
  bytes(start: number, length: number, structure: string): Uint8Array {
    this.#room -= length
    if (this.#room < 0) this.refuse(start, structure, 'says the same bytes over and over')
    return this.all.subarray(start, start + length)
  }

  /** A whole number of 8 bytes, exact. */
  uint64(at: number, structure: string): number {
    const value = this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32
    return Number.isSafeInteger(value) ? value : this.refuse(at, structure, `is ${value}, beyond 2^53`)
  }
}

/** Elements of one size, not copied. */
export interface StructVector {
  readonly length: number
  /** Where element `i` is in the buffer. */
  at(i: number): number
}

/** Tables, made as they are asked for. */
export interface TableVector {
  readonly length: number
  at(i: number): Table
}

/** One table; fields are numbered as the schema lists them, and absent ones are undefined. */
export class Table {
  readonly position: number
  readonly #of: FlatBuffer
  readonly #structure: string
  readonly #vtable: number
  readonly #vtableSize: number
  readonly #size: number

  constructor(of: FlatBuffer, position: number, structure: string) {
    this.#of = of
    this.#structure = structure
    this.position = position
    of.check(position, 4, structure)
    this.#vtable = position - of.view.getInt32(position, true)
    of.check(this.#vtable, VTABLE_HEAD, structure)
    this.#vtableSize = of.view.getUint16(this.#vtable, true)
    of.check(this.#vtable, Math.max(VTABLE_HEAD, this.#vtableSize), structure)
    this.#size = of.view.getUint16(this.#vtable + 2, true)
    of.check(position, Math.max(4, this.#size), structure)
  }

  /** What is wrong with this table. */
  refuse(problem: string): never {
    return this.#of.refuse(this.position, this.#structure, problem)
  }

  /** The value, or what is wrong where there is none. */
  required<T>(value: T | undefined, name: string): T {
    return value === undefined ? this.refuse(`has no ${name}`) : value
  }

  /** Where the field of `bytes` bytes is; 0 where it is absent. */
  #field(field: number, bytes: number): number {
    const slot = VTABLE_HEAD + 2 * field
    if (slot + 2 > this.#vtableSize) return 0
    const offset = this.#of.view.getUint16(this.#vtable + slot, true)
    if (offset === 0) return 0
    if (offset < 4 || offset + bytes > this.#size) this.refuse(`has field ${field} outside of itself`)
    return this.position + offset
  }

  uint8(field: number, absent: number): number {
    const at = this.#field(field, 1)
    return at === 0 ? absent : this.#of.view.getUint8(at)
  }

  uint32(field: number): number {
    const at = this.#field(field, 4)
    return at === 0 ? 0 : this.#of.view.getUint32(at, true)
  }

  uint64(field: number): number {
    const at = this.#field(field, 8)
    return at === 0 ? 0 : this.#of.uint64(at, `${this.#structure} field ${field}`)
  }

  /** The bytes of a structure that lies in the table itself. */
  struct(field: number, bytes: number): Uint8Array | undefined {
    const at = this.#field(field, bytes)
    return at === 0 ? undefined : this.#of.all.subarray(at, at + bytes)
  }

  bytes(field: number): Uint8Array | undefined {
    const structure = `${this.#structure} field ${field}`
    const at = this.#field(field, 4)
    if (at === 0) return undefined
    const { start, length } = this.#of.vector(at, 1, structure)
    return this.#of.bytes(start, length, structure)
  }

  /** A string of at most `most` bytes of UTF-8. */
  string(field: number, most: number): string | undefined {
    const bytes = this.bytes(field)
    if (bytes === undefined) return undefined
    if (bytes.length > most) this.refuse(`has a text of ${bytes.length} bytes, more than ${most}`)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  }

  table(field: number, structure: string): Table | undefined {
    const at = this.#field(field, 4)
    return at === 0 ? undefined : new Table(this.#of, this.#of.indirect(at, structure), structure)
  }

  structs(field: number, elementBytes: number): StructVector | undefined {
    const at = this.#field(field, 4)
    if (at === 0) return undefined
    const { start, length } = this.#of.vector(at, elementBytes, `${this.#structure} field ${field}`)
    return { length, at: (i) => start + i * elementBytes }
  }

  tables(field: number, structure: string): TableVector | undefined {
    const of = this.#of
    const vector = this.structs(field, 4)
    return (
      vector && {
        length: vector.length,
        at: (i) => new Table(of, of.indirect(vector.at(i), structure), structure),
      }
    )
  }
}
