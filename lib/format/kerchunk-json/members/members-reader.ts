/** The members of a reference document out of its bytes: plain ones taken directly, all others through the JSON parser. */
import { documentError } from '../document-error.ts'
import type { Entry } from './entry.ts'
import { EntryReader } from './entry-reader.ts'
import { jsonTokens } from './json-tokens.ts'
import { COMMA, MemberBoundary } from './member-boundary.ts'
import { CUT, PlainMember, skipWhite } from './plain-member.ts'

/** Told of each member; `offset` is the byte of the (decompressed) document at which its key begins. */
export interface MemberVisitor {
  /** A reference in the plain shape; what it says is good during the call. */
  plain(member: PlainMember, offset: number): void
  /** Any other. */
  entry(entry: Entry, offset: number): void
}

export interface ReaderOptions {
  /** Whether inlined chunks come with their text; not by default. */
  readonly inline?: boolean
  /** Whether plain members are taken from their bytes, the default; else all goes through the parser. */
  readonly plain?: boolean
  /** From this byte on each is parsed by itself, so that an error tells its place. */
  readonly careful?: number
}

/** What is known about a document when it has been read. */
export interface DocumentEnd {
  readonly version: 0 | 1
  /** The text of `gen`, whose references are not among the members. */
  readonly generators: string | undefined
}

/** Room for what a piece leaves to the next. */
const ROOM = 1 << 16
/** Characters of a key that messages quote. */
const QUOTED = 80

/**
 * Fed in pieces of any length. The parser is left out only between two members, and for whole members with their
 * comma: its state is the same before and after them.
 */
export class MembersReader {
  readonly #url: string
  readonly #visitor: MemberVisitor
  readonly #plain: boolean
  readonly #careful: number
  readonly #member = new PlainMember()
  readonly #boundary = new MemberBoundary()
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #parse = jsonTokens()
  readonly #entries: EntryReader
  /** What has not been read yet, between `#at` and `#end`, and a zero after it. */
  #buffer = Buffer.alloc(ROOM)
  #at = 0
  #end = 0
  /** Place of the buffer's start in the document. */
  #base = 0
  /** Whether a comma between entries came last. */
  #between = false
  /** Whether the next member has not begun yet. */
  #fresh = false
  #memberOffset = 0
  #failedAt: number | undefined

  constructor(url: string, visitor: MemberVisitor, options: ReaderOptions = {}) {
    const { inline = false, plain = true, careful = Number.POSITIVE_INFINITY } = options
    this.#url = url
    this.#visitor = visitor
    this.#plain = plain
    this.#careful = careful
    this.#entries = new EntryReader((problem) => {
      throw documentError(url, problem)
    }, inline)
  }

  /** Where the bytes begin that are no JSON, or no reference document; undefined unless an error is about these. */
  get failedAt(): number | undefined {
    return this.#failedAt
  }

  /** @throws FormatError where it stops being JSON or a reference document; it is of no use any more then. */
  read(piece: Uint8Array): void {
    this.#append(piece)
    let cut = false
    while (this.#at < this.#end && !cut) {
      if (this.#between && this.#plain) cut = this.#readPlain()
      if (!cut && this.#at < this.#end) this.#readOther()
    }
  }

  /** Reads what is left at the end of the document. */
  finish(): DocumentEnd {
    while (this.#at < this.#end) this.#readOther()
    this.#feed(this.#end, false)
    const { complete, version, generators } = this.#entries
    if (!complete) throw this.#error('it ends too early', this.#base + this.#end)
    return { version, generators }
  }

  #append(piece: Uint8Array): void {
    const rest = this.#buffer.subarray(this.#at, this.#end)
    const end = rest.length + piece.length
    const fits = end < this.#buffer.length
    const buffer = fits ? this.#buffer : Buffer.allocUnsafeSlow(end + ROOM)
    buffer.set(rest)
    buffer.set(piece, rest.length)
    buffer[end] = 0
    this.#buffer = buffer
    this.#base += this.#at
    this.#at = 0
    this.#end = end
  }

  /** Takes plain members as long as there are some; whether the last goes on in the next piece. */
  #readPlain(): boolean {
    const buffer = this.#buffer
    const end = Math.min(this.#end, this.#careful - this.#base)
    let at = skipWhite(buffer, this.#at)
    let last = -1
    let count = 0
    let next = at < end ? this.#member.read(buffer, at, this.#end) : CUT
    while (next >= 0) {
      this.#visitor.plain(this.#member, this.#base + at)
      count++
      last = at
      at = next
      next = at < end ? this.#member.read(buffer, at, this.#end) : CUT
    }
    this.#at = at
    if (count > 0) this.#entries.pass(count, keyAt(buffer, last))
    return next === CUT && end === this.#end
  }

  /** Has the parser read on to where the next member may begin. */
  #readOther(): void {
    if (this.#fresh) this.#begin()
    const careful = this.#careful - this.#base
    const isCareful = this.#at >= careful
    const limit = isCareful ? this.#at + 1 : Math.min(this.#end, careful)
    const stop = this.#boundary.find(this.#buffer, this.#at, limit)
    this.#feed(stop, true)
    this.#at = stop
    const { found } = this.#boundary
    const { atEntries, valueEnded } = this.#entries
    this.#between = found === COMMA && atEntries && valueEnded
    if (found !== 0 && atEntries) this.#fresh = true
  }

  #begin(): void {
    const at = skipWhite(this.#buffer, this.#at)
    if (at === this.#end) return
    this.#memberOffset = this.#base + at
    this.#fresh = false
  }

  /** Parses the bytes before `stop`, and those that earlier ones left of a character. */
  #feed(stop: number, stream: boolean): void {
    const bytes = this.#buffer.subarray(this.#at, stop)
    let problem = 'is not UTF-8'
    let offset = this.#base + this.#at
    try {
      const text = this.#decoder.decode(bytes, { stream })
      problem = 'no JSON here'
      // One byte at a time the character is known, and where it began.
      if (bytes.length === 1) offset += 1 - Buffer.byteLength(text)
      for (const token of this.#parse(text)) this.#entries.read(token)
    } catch (cause) {
      this.#failedAt = this.#base + this.#at
      throw this.#error(this.#entries.problem ?? problem, offset, cause)
    }
    for (const entry of this.#entries.take()) this.#visitor.entry(entry, this.#memberOffset)
  }

  #error(problem: string, offset: number, cause?: unknown): Error {
    const key = this.#entries.lastKey.slice(0, QUOTED)
    const after = key === '' ? '' : `, after the key ${JSON.stringify(key)}`
    return documentError(this.#url, problem + after, { offset, cause })
  }
}

/** The plain key whose quote is at `at`. */
function keyAt(buffer: Buffer, at: number): string {
  return buffer.toString('latin1', at + 1, buffer.indexOf('"', at + 1)).replaceAll('\\/', '/')
}
