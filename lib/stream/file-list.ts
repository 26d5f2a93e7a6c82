/** A list of files as text, one a line: what `ls *.nc` or `find -print0` writes to a pipe. */
import { FormatError } from '../errors.ts'

export interface FileListOptions {
  /** What ends a name: a line feed (a carriage return before it is dropped) or NUL. */
  readonly separator?: '\n' | '\0'
  /** What messages call the list. */
  readonly name?: string
}

/** Bytes of a name; Linux allows 4,096 in a path, URLs with signatures are longer. */
const LONGEST_NAME = 1 << 16

const CARRIAGE_RETURN = 13

/** Puts the bytes of one line together, over the limits of chunks. */
class Line {
  number = 1
  /** Where the line begins in the list. */
  start = 0
  length = 0
  readonly #name: string
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #pieces: Uint8Array[] = []

  constructor(name: string) {
    this.#name = name
  }

  error(problem: string): FormatError {
    return new FormatError(
      { url: this.#name, offset: this.start, structure: `line ${this.number} of the file list` },
      problem,
    )
  }

  add(piece: Uint8Array): void {
    this.length += piece.length
    if (this.length > LONGEST_NAME) {
      throw this.error(`longer than ${LONGEST_NAME} bytes; this is a list of file names, is it binary data?`)
    }
    if (piece.length > 0) this.#pieces.push(piece)
  }

  /** The text of the line; the next one begins. */
  take(separator: '\n' | '\0'): string {
    let bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces)
    if (separator === '\n') {
      if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1)
      if (bytes.includes(0)) {
        throw this.error('holds a NUL: binary data, UTF-16, or a list separated by NUL (then say so: -0)')
      }
    }
    const text = this.#decode(bytes)
    this.start += this.length + 1
    this.number++
    this.length = 0
    this.#pieces = []
    return text
  }

  #decode(bytes: Uint8Array): string {
    try {
      const text = this.#decoder.decode(bytes)
      return this.number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text
    } catch {
      throw this.error('is not UTF-8 text; this is a list of file names, is it binary data?')
    }
  }
}

/**
 * The names in a list, in order. Blank lines are left out; spaces around a name belong to it, and nothing is
 * a comment, for files may be called so. A byte order mark at the very start is dropped.
 * @throws FormatError, with the number of the line, where a name is longer than 64 KiB or no text.
 */
export async function* fileList(
  input: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  options: FileListOptions = {},
): AsyncGenerator<string> {
  const { separator = '\n', name = 'stdin' } = options
  const end = separator.charCodeAt(0)
  const line = new Line(name)
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    let from = 0
    for (let to = bytes.indexOf(end); to >= 0; to = bytes.indexOf(end, from)) {
      line.add(bytes.subarray(from, to))
      from = to + 1
      const text = line.take(separator)
      if (text.trim() !== '') yield text
    }
    // A copy: a stream may use its buffer again.
    line.add(new Uint8Array(bytes.subarray(from)))
  }
  if (line.length > 0) {
    const text = line.take(separator)
    if (text.trim() !== '') yield text
  }
}
