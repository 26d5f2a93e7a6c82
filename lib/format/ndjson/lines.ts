/** The lines of a file on their way from its bytes: runs of whole lines, never the file as a whole. */
import { FormatError } from '../../errors.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { type PieceOptions, scanPieces } from '../../source/pieces.ts'

export const NEWLINE = 0x0a
/** Bytes of a line: headers of many arrays, and chunks whose bytes are in the file. */
const LONGEST = 1 << 27

/** Whole lines, one after the other; only the last of the file may lack its end. */
export interface LineBlock {
  readonly bytes: Uint8Array
  /** Where the lines begin in `bytes`. */
  readonly start: number
  readonly end: number
  /** Bytes of the file, decompressed, before them. */
  readonly offset: number
}

/** The beginning of a line whose end has not come yet. */
class Unfinished {
  #parts: Uint8Array[] = []
  length = 0

  /** Copies the bytes. */
  add(part: Uint8Array): void {
    this.#parts.push(Uint8Array.from(part))
    this.length += part.length
  }

  take(): Uint8Array {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts, this.length)
    this.#parts = []
    this.length = 0
    return bytes
  }
}

/**
 * All lines in their order; a block is the caller's until the next is asked for.
 * @throws FormatError for a line that is too long to be one, and as `scanPieces` does.
 */
export async function* scanLines(source: ByteSource, options: PieceOptions = {}): AsyncGenerator<LineBlock> {
  const unfinished = new Unfinished()
  let offset = 0
  for await (const piece of scanPieces(source, options)) {
    let start = 0
    if (unfinished.length > 0) {
      start = piece.indexOf(NEWLINE) + 1
      unfinished.add(start > 0 ? piece.subarray(0, start) : piece)
      checkLength(unfinished.length, source.url, offset)
      if (start === 0) continue
      const bytes = unfinished.take()
      yield { bytes, start: 0, end: bytes.length, offset }
      offset += bytes.length
    }
    const end = piece.lastIndexOf(NEWLINE) + 1
    if (end > start) {
      yield { bytes: piece, start, end, offset }
      offset += end - start
    }
    const rest = piece.subarray(Math.max(start, end))
    if (rest.length > 0) unfinished.add(rest)
  }
  const bytes = unfinished.take()
  if (bytes.length > 0) yield { bytes, start: 0, end: bytes.length, offset }
}

function checkLength(length: number, url: string, offset: number): void {
  if (length <= LONGEST) return
  throw new FormatError({ url, offset, structure: 'NDJSON line' }, `is longer than ${LONGEST} bytes`)
}

/** Where the line that begins at `start` ends, its newline not counted. */
export function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  const newline = bytes.indexOf(NEWLINE, start)
  return newline < 0 || newline > end ? end : newline
}
