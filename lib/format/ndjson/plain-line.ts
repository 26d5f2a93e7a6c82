/** Reference lines as kstream prints them, or Python's json, from their bytes: whatever is otherwise is left to the reading of any JSON. */
import { INLINE } from '../../model/reference-batch.ts'
import { NEWLINE } from './lines.ts'
import { type KeyedArray, MOST_MASK, parseBase64, type ReferenceRow } from './reference-row.ts'
import type { SpelledPaths } from './spelled-paths.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const DOT = 0x2e
const ZERO = 0x30
const BACKSLASH = 0x5c
const END = 0x7d

/** What stands between the values, as bytes. */
interface Style {
  readonly start: Uint8Array
  readonly chunk: Uint8Array
  readonly path: Uint8Array
  readonly inline: Uint8Array
  readonly offset: Uint8Array
  readonly length: Uint8Array
  readonly mask: Uint8Array
}

/** @param space what follows a colon or a comma. */
function styleOf(space: string): Style {
  const member = (name: string, quote = '') => Buffer.from(`,${space}"${name}":${space}${quote}`)
  return {
    start: Buffer.from(`{"kind":${space}"reference",${space}"array":${space}`),
    chunk: member('chunk', '"'),
    path: member('path'),
    inline: member('inline', '"'),
    offset: member('offset'),
    length: member('length'),
    mask: member('filterMask'),
  }
}

/** As we print lines, and as Python does by itself. */
const STYLES = [styleOf(''), styleOf(' ')]

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  const { length } = wanted
  for (let i = 0; i < length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

/** Where the JSON string that begins at `at` ends, its quotes counted; -1 where that is not told. */
function stringEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return -1
  for (let i = at + 1; i < bytes.length; i++) {
    if (bytes[i] === QUOTE) return i + 1
    if (bytes[i] === BACKSLASH) i++
    else if (bytes[i] === NEWLINE) return -1
  }
  return -1
}

function parseString(bytes: Uint8Array): string | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Reads line after line; what one line has as the one before is compared and not read again. */
export class PlainLines {
  readonly row: ReferenceRow
  readonly #arrays: ReadonlyMap<string, KeyedArray>
  readonly #paths: SpelledPaths
  #style = STYLES[0]
  #array: KeyedArray | undefined
  /** The name of `#array` in JSON, and what follows. */
  #name: Uint8Array = new Uint8Array(0)
  #path = 0
  /** The path in JSON. */
  #pathText: Uint8Array = new Uint8Array(0)
  /** Where the reading is, and the number that was read. */
  #at = 0
  #number = 0

  constructor(arrays: ReadonlyMap<string, KeyedArray>, paths: SpelledPaths, row: ReferenceRow) {
    this.#arrays = arrays
    this.#paths = paths
    this.row = row
  }

  /** Forgets the path before: the paths have a new list. */
  renew(): void {
    this.#pathText = new Uint8Array(0)
  }

  /** Fills `row` from the line at `at`, and returns where the next one begins; -1 where it is not so plain. */
  read(bytes: Uint8Array, at: number, end: number): number {
    if (!startsWith(bytes, at, this.#style.start) && !this.#findStyle(bytes, at)) return -1
    this.#at = at + this.#style.start.length
    const plain =
      this.#readArray(bytes) && this.#readChunk(bytes) && this.#readPlace(bytes) && this.#readMask(bytes)
    if (!plain || bytes[this.#at] !== END) return -1
    const next = this.#at + 1
    if (next === end) return next
    return next < end && bytes[next] === NEWLINE ? next + 1 : -1
  }

  #findStyle(bytes: Uint8Array, at: number): boolean {
    const style = STYLES.find(({ start }) => startsWith(bytes, at, start))
    if (!style) return false
    this.#style = style
    this.#name = new Uint8Array(0)
    return true
  }

  #readArray(bytes: Uint8Array): boolean {
    const name = this.#name
    const { chunk } = this.#style
    if (name.length > 0 && startsWith(bytes, this.#at, name)) {
      this.#at += name.length
    } else {
      const end = stringEnd(bytes, this.#at)
      if (end < 0 || !startsWith(bytes, end, chunk)) return false
      const array = this.#arrays.get(parseString(bytes.subarray(this.#at, end)) ?? '\0')
      if (!array) return false
      this.#array = array
      this.#name = Uint8Array.from(bytes.subarray(this.#at, end + chunk.length))
      this.#at = end + chunk.length
    }
    return true
  }

  /** A whole number as JSON prints it, at most 2^53; it ends before `#at` then. */
  #readNumber(bytes: Uint8Array): boolean {
    const start = this.#at
    let at = start
    let value = 0
    for (let digit = bytes[at] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at] - ZERO) {
      value = value * 10 + digit
    }
    this.#at = at
    this.#number = value
    return at > start && (at === start + 1 || bytes[start] !== ZERO) && value <= Number.MAX_SAFE_INTEGER
  }

  #readChunk(bytes: Uint8Array): boolean {
    const grid = this.#array?.grid ?? []
    const rank = grid.length
    let chunk = 0
    for (let axis = 0; axis < rank; axis++) {
      if (axis > 0 && bytes[this.#at++] !== DOT) return false
      if (!this.#readNumber(bytes) || this.#number >= grid[axis]) return false
      chunk = chunk * grid[axis] + this.#number
    }
    if (rank === 0 && bytes[this.#at++] !== ZERO) return false
    if (bytes[this.#at++] !== QUOTE || chunk > Number.MAX_SAFE_INTEGER) return false
    this.row.array = this.#array?.index ?? -1
    this.row.chunk = chunk
    return true
  }

  #readPlace(bytes: Uint8Array): boolean {
    const { row } = this
    const style = this.#style
    if (!startsWith(bytes, this.#at, style.path)) return this.#readInline(bytes)
    this.#at += style.path.length
    if (!this.#readPath(bytes)) return false
    row.path = this.#path
    row.raw = null
    row.offset = row.length = 0
    if (!startsWith(bytes, this.#at, style.offset))
      return bytes[this.#at] === END || bytes[this.#at] === COMMA
    this.#at += style.offset.length
    if (!this.#readNumber(bytes)) return false
    row.offset = this.#number
    if (!startsWith(bytes, this.#at, style.length)) return false
    this.#at += style.length.length
    if (!this.#readNumber(bytes) || this.#number === 0) return false
    row.length = this.#number
    return row.offset + row.length <= Number.MAX_SAFE_INTEGER
  }

  #readPath(bytes: Uint8Array): boolean {
    const known = this.#pathText
    if (known.length > 0 && startsWith(bytes, this.#at, known)) {
      this.#at += known.length
      return true
    }
    const end = stringEnd(bytes, this.#at)
    if (end < 0) return false
    const text = bytes.subarray(this.#at, end)
    const spelled = parseString(text)
    if (spelled === undefined || spelled === '') return false
    this.#path = this.#paths.index(spelled)
    this.#pathText = Uint8Array.from(text)
    this.#at = end
    return true
  }

  #readInline(bytes: Uint8Array): boolean {
    const { row } = this
    const { inline } = this.#style
    if (!startsWith(bytes, this.#at, inline)) return false
    const start = this.#at + inline.length
    const end = bytes.indexOf(QUOTE, start)
    if (end < 0) return false
    const raw = parseBase64(
      Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'),
    )
    if (!raw) return false
    row.path = INLINE
    row.raw = raw
    row.offset = 0
    row.length = raw.length
    this.#at = end + 1
    return true
  }

  #readMask(bytes: Uint8Array): boolean {
    this.row.filterMask = 0
    if (bytes[this.#at] === END) return true
    const { mask } = this.#style
    if (!startsWith(bytes, this.#at, mask)) return false
    this.#at += mask.length
    if (!this.#readNumber(bytes) || this.#number > MOST_MASK) return false
    this.row.filterMask = this.#number
    return true
  }
}
