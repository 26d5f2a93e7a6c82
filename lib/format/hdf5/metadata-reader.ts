/** Reads the blocks of one index: checksums verified, many in flight, and never more bytes than the file has. */
import { FormatError } from '../../errors.ts'
import type { ReadOptions } from '../../source/byte-source.ts'
import { checkChecksum } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import { type Hdf5File, readBlock } from './file.ts'

/** Blocks of one level that are asked for at once. */
const IN_FLIGHT = 256
/** Bytes of one level that are asked for at once, where blocks are large. */
const IN_FLIGHT_BYTES = 1 << 24

/** Bytes of the checksum at the end of a block. */
export const CHECKSUM_SIZE = 4

/**
 * The blocks of one walk over one index. No honest index stores a byte twice, so a walk that has asked for more
 * than the file holds goes in circles, or meets the same node by many ways.
 */
export class MetadataReader {
  readonly file: Hdf5File
  readonly signal: AbortSignal | undefined
  readonly #options: ReadOptions
  #budget: number

  constructor(file: Hdf5File, signal?: AbortSignal) {
    this.file = file
    this.signal = signal
    this.#options = { signal }
    this.#budget = file.source.size
  }

  /** An error about the structure at `address`; throw it. */
  error(structure: string, address: number, problem: string): FormatError {
    return new FormatError(
      { url: this.file.source.url, structure, offset: this.file.base + address },
      problem,
    )
  }

  /** `length` bytes at `address`; whoever asks checks what they hold. */
  async read(structure: string, address: number, length: number): Promise<Cursor> {
    this.#claim(structure, address, length)
    return readBlock(this.file, structure, address, length, this.signal)
  }

  /** The same without a cursor, where nodes are many and small; `into` as in ReadOptions. */
  readBytes(structure: string, address: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const { source, base } = this.file
    try {
      this.#claim(structure, address, length)
      if (base + address + length > source.size) {
        throw this.error(structure, address, `ends past the file's ${source.size} bytes (truncated?)`)
      }
    } catch (error) {
      // Thrown at once it would leave the reads before it, which are in flight already, without anyone to wait.
      return Promise.reject(error)
    }
    return source.read(base + address, length, into ? { signal: this.signal, into } : this.#options)
  }

  /** `length` bytes at `address` of which the last four are the lookup3 checksum of the others. */
  async readChecked(structure: string, address: number, length: number): Promise<Cursor> {
    const cursor = await this.read(structure, address, length)
    verifyChecksum(cursor, 0, length)
    return cursor
  }

  /** Counts bytes that are about to be read against the size of the file. */
  #claim(structure: string, address: number, length: number): void {
    this.#budget -= length
    if (this.#budget < 0) {
      throw this.error(structure, address, 'the index holds more bytes than the file: nodes repeat')
    }
  }
}

/** Checks bytes `from` to `to` of a block, of which the last four are the lookup3 checksum of the others. */
function verifyChecksum(cursor: Cursor, from: number, to: number): void {
  const { position } = cursor
  cursor.position = Math.max(from, to - CHECKSUM_SIZE)
  checkChecksum(cursor, from)
  cursor.position = position
}

/** Cuts a list of blocks of at most `length` bytes each into groups that may be in flight together. */
export function* inFlightGroups<T>(blocks: readonly T[], length: number): Generator<readonly T[]> {
  const size = Math.max(1, Math.min(IN_FLIGHT, Math.floor(IN_FLIGHT_BYTES / length)))
  if (blocks.length <= size) {
    if (blocks.length > 0) yield blocks
    return
  }
  for (let from = 0; from < blocks.length; from += size) yield blocks.slice(from, from + size)
}
