/** The lines behind a header, one after the other: rows, and the footer that ends them. */

import { FormatError } from '../../errors.ts'
import { chunkCount, chunkKey, gridShape } from '../../model/chunk-grid.ts'
import type { Header } from '../../model/metadata.ts'
import { type FooterLine, parseFooterLine } from './footer.ts'
import { type RefuseLine, refusalAt } from './line-error.ts'
import { parseLine } from './line-text.ts'
import { type LineBlock, lineEnd } from './lines.ts'
import { PlainLines } from './plain-line.ts'
import { type KeyedArray, type ReferenceRow, readReference } from './reference-row.ts'
import { SpelledPaths } from './spelled-paths.ts'

const BRACE = 0x7b

/** What a line was. */
type LineKind = 'row' | 'other'

/** What the lines are read by. */
interface LineContext {
  readonly url: string
  readonly header: Header
  /** The chunks of each array are to ascend. */
  readonly sorted: boolean
  /** A footer is to come last. */
  readonly footer: boolean
}

/** Reads one line at a time. */
export class ReferenceLines {
  /** What the last line that was a row said. */
  readonly row: ReferenceRow = {
    array: -1,
    chunk: 0,
    path: 0,
    offset: 0,
    length: 0,
    filterMask: 0,
    raw: null,
  }
  readonly paths: SpelledPaths
  footer: FooterLine | undefined
  readonly #context: LineContext
  readonly #keyed: readonly KeyedArray[]
  readonly #byPath: ReadonlyMap<string, KeyedArray>
  readonly #plain: PlainLines
  /** Rows so far, and the greatest chunk, of each array. */
  readonly #counts: number[]
  readonly #greatest: number[]
  #line = 0
  /** Where the last line began. */
  #offset = 0
  #begun = false

  /** @param keyed the header's arrays. */
  constructor(context: LineContext, keyed: readonly KeyedArray[]) {
    this.#context = context
    this.#keyed = keyed
    this.#byPath = new Map(keyed.map((array) => [array.path, array]))
    this.paths = new SpelledPaths(context.url)
    this.#plain = new PlainLines(this.#byPath, this.paths, this.row)
    this.#counts = keyed.map(() => 0)
    this.#greatest = keyed.map(() => -1)
  }

  /** Begins a new list of paths. */
  renewPaths(): void {
    this.paths.renew()
    this.#plain.renew()
  }

  /** Reads the line at `at`; `next` is where the one after it begins. */
  read(block: LineBlock, at: number): { readonly kind: LineKind; readonly next: number } {
    this.#line++
    this.#offset = block.offset + at - block.start
    const { bytes, end } = block
    const next = this.#begun && !this.footer ? this.#plain.read(bytes, at, end) : -1
    if (next >= 0) {
      this.#count()
      return { kind: 'row', next }
    }
    const stop = lineEnd(bytes, at, end)
    const kind = this.#readAny(bytes.subarray(at, stop), stop < end)
    if (kind === 'row') this.#count()
    return { kind, next: Math.min(end, stop + 1) }
  }

  /** What raises errors about the last line. */
  get #refuse(): RefuseLine {
    return refusalAt({ url: this.#context.url, line: this.#line, offset: this.#offset })
  }

  #readAny(text: Uint8Array, ended: boolean): LineKind {
    if (!this.#begun) {
      // The header, which was read when the set was opened, or a blank line before it.
      this.#begun = text.includes(BRACE)
      return 'other'
    }
    const refuse = this.#refuse
    const line = parseLine(text, refuse, { parse: JSON.parse, ended })
    if (!line) return 'other'
    if (line.kind === 'header')
      refuse('is a second header: a file holds one set; split it where headers begin')
    if (this.footer) refuse('comes after the footer, which ends a set')
    if (line.kind === 'footer') {
      // Once more, as whole numbers tell themselves from others there.
      const footer = parseLine(text, refuse) ?? line
      this.footer = parseFooterLine(refuse, footer, this.#context.header)
      return 'other'
    }
    if (line.kind !== 'reference') refuse("is neither a reference nor a footer by its 'kind'")
    readReference(refuse, line, this.row, { arrays: this.#byPath, paths: this.paths })
    return 'row'
  }

  #count(): void {
    const { array, chunk } = this.row
    const before = this.#greatest[array]
    this.#counts[array]++
    if (chunk > before) this.#greatest[array] = chunk
    else if (chunk === before) throw this.duplicate(array, chunk)
    else if (this.#context.sorted) {
      this.#refuse(`${this.#nameOf(array, chunk)} does not ascend, as "sorted" in the header promises`)
    }
  }

  #nameOf(array: number, chunk: number): string {
    const { path, grid } = this.#keyed[array]
    return `array ${JSON.stringify(path)}: chunk "${chunkKey(chunk, grid)}"`
  }

  /** The error for a chunk that has two lines. */
  duplicate(array: number, chunk: number): FormatError {
    const at = {
      url: this.#context.url,
      offset: this.#offset,
      structure: `NDJSON before line ${this.#line + 1}`,
    }
    return new FormatError(at, `${this.#nameOf(array, chunk)} is given twice`)
  }

  /**
   * The final shapes, when all lines have been read.
   * @throws FormatError where lines are missing, or lie outside of them.
   */
  checkedShapes(): number[][] {
    const refuse = this.#refuse
    const { footer } = this
    if (!footer && this.#context.footer)
      refuse('is the last; the footer that the header promises is not there: truncated?')
    return this.#context.header.arrays.map(({ path, shape, chunkShape }, array) => {
      const within: RefuseLine = (problem) => refuse(`is the last; array ${JSON.stringify(path)}: ${problem}`)
      const known = footer?.shapes.get(array)
      const extents = shape.map(
        (extent, axis) => extent ?? known?.[axis] ?? within('no footer tells its shape'),
      )
      const chunks = chunkCount(gridShape(extents, chunkShape))
      const count = this.#counts[array]
      const missing = footer?.missing.get(array)
      if (footer?.dropped.includes(array)) return extents
      if (this.#greatest[array] >= chunks) within('chunks lie beyond its shape')
      if (missing !== undefined && count + missing !== chunks) {
        within(
          `there are ${count} of its ${chunks} chunks, where ${missing} are missing by the footer: truncated?`,
        )
      }
      return extents
    })
  }
}
