/** XML as the tags and texts of a source, from front to back in bounded memory: no DTD, no entities but the five. */
import { SaxesParser, type SaxesTagNS } from 'saxes'
import { FormatError, UnsupportedError } from '../../errors.ts'
import type { ByteSource, ReadOptions } from '../../source/byte-source.ts'
import { scanPieces } from '../../source/pieces.ts'

/** Elements within elements. */
const DEEPEST = 64
/** Characters of one text, tag or comment: the longest hold the values of an array in base64. */
const MOST_CHARACTERS = 1 << 26
/** Bytes in which the declaration's encoding is looked for. */
const DECLARATION = 256

/** Namespaces as documents spell them, with `https` too, whatever their prefixes. */
const DAP = /^https?:\/\/xml\.opendap\.org\/ns\/DAP\/4\.0#$/
const DMRPP = 'http://xml.opendap.org/dap/dmrpp/1.0.0#'
const DMRPP_ANY = /^https?:\/\/xml\.opendap\.org\/dap\/dmrpp\/1\.0\.0#$/

/** Where an element begins. */
export interface Place {
  readonly line: number
  /** Bytes from the start of the document. */
  readonly offset: number
}

/** An element's tag. */
export interface Element {
  /** Without a prefix; that of the DMR++ namespace is `dmrpp:`, of any other `other:`. */
  readonly name: string
  /** An attribute without a namespace, or by `dmrpp:` one of that namespace. */
  attribute(name: string): string | undefined
  /** Where it ends; right only while it is being opened. */
  place(): Place
}

/** What is made of one element. */
export interface ElementHandler {
  /** Told of each element within; without a handler in return that is passed over with all it holds. */
  open?(element: Element): ElementHandler | undefined
  /** Its text, in one piece or around elements. */
  text?(text: string): void
  close?(): void
}

const NOTHING: ElementHandler = {}

/** A document as it is being read. */
class Reading {
  readonly #url: string
  readonly #parser = new SaxesParser({ xmlns: true, additionalNamespaces: { dmrpp: DMRPP } })
  readonly #handlers: ElementHandler[]
  #piece = ''
  #charactersBefore = 0
  #bytesBefore = 0
  #placed = { characters: 0, bytes: 0 }
  #decoded: Decoded
  /** Characters before the last tag or text. */
  #told = 0

  constructor(url: string, root: ElementHandler, decoded: Decoded) {
    this.#url = url
    this.#handlers = [root]
    this.#decoded = decoded
    const parser = this.#parser
    parser.on('error', (cause) => this.fail(cause.message.replace(/^\d+:\d+: /, ''), cause))
    parser.on('doctype', () => this.fail('a document type declaration, which DMR++ has none of'))
    parser.on('opentag', (tag) => this.#open(tag))
    parser.on('closetag', () => this.#close())
    parser.on('text', (text) => this.#text(text))
    parser.on('cdata', (text) => this.#text(text))
    for (const event of ['comment', 'processinginstruction'] as const)
      parser.on(event, () => {
        this.#told = parser.position
      })
  }

  write(piece: Uint8Array | undefined): void {
    const text = this.#decoded.decode(piece)
    this.#piece = text
    if (text !== '') this.#parser.write(text)
    if (!piece) this.#parser.close()
    this.#charactersBefore += text.length
    this.#bytesBefore += this.#decoded.bytesOf(text)
    this.#placed = { characters: this.#charactersBefore, bytes: this.#bytesBefore }
    this.#piece = ''
    if (this.#charactersBefore - this.#told > MOST_CHARACTERS + text.length)
      this.fail(`a text or tag of more than ${MOST_CHARACTERS} characters`)
  }

  /** Counts on from the place that was asked for last: every chunk may ask. */
  place(): Place {
    const { line, position } = this.#parser
    const { characters, bytes } = this.#placed
    if (position > characters) {
      const since = this.#piece.slice(characters - this.#charactersBefore, position - this.#charactersBefore)
      this.#placed = { characters: position, bytes: bytes + this.#decoded.bytesOf(since) }
    }
    return { line, offset: this.#placed.bytes }
  }

  fail(problem: string, cause?: unknown): never {
    const { line, offset } = this.place()
    throw new FormatError({ url: this.#url, structure: `XML, line ${line}`, offset }, problem, { cause })
  }

  #open(tag: SaxesTagNS): void {
    this.#told = this.#parser.position
    if (this.#handlers.length > DEEPEST) this.fail(`elements more than ${DEEPEST} deep`)
    const element = new Tag(tag, () => this.place())
    this.#handlers.push(this.#handlers.at(-1)?.open?.(element) ?? NOTHING)
  }

  #close(): void {
    this.#told = this.#parser.position
    this.#handlers.pop()?.close?.()
  }

  #text(text: string): void {
    this.#told = this.#parser.position
    this.#handlers.at(-1)?.text?.(text)
  }
}

class Tag implements Element {
  readonly name: string
  readonly place: () => Place
  readonly #tag: SaxesTagNS

  constructor(tag: SaxesTagNS, place: () => Place) {
    this.name = `${prefixOf(tag.uri)}${tag.local}`
    this.place = place
    this.#tag = tag
  }

  attribute(name: string): string | undefined {
    const { attributes } = this.#tag
    const plain = attributes[name]
    if (plain && (plain.prefix === '' || DMRPP_ANY.test(plain.uri))) return plain.value
    if (!name.startsWith('dmrpp:')) return undefined
    const local = name.slice('dmrpp:'.length)
    return Object.values(attributes).find((one) => one.local === local && DMRPP_ANY.test(one.uri))?.value
  }
}

function prefixOf(uri: string): string {
  // Hyrax asks for no namespace.
  if (uri === '' || DAP.test(uri)) return ''
  return DMRPP_ANY.test(uri) ? 'dmrpp:' : 'other:'
}

/** Bytes as text. */
interface Decoded {
  /** The next piece; undefined: the end. */
  decode(piece: Uint8Array | undefined): string
  /** Bytes that the text had. */
  bytesOf(text: string): number
}

/** Latin-1 is what libdap declares and writes. */
function decoderOf(head: Uint8Array, url: string): Decoded {
  const start = Buffer.from(head.subarray(0, DECLARATION)).toString('latin1')
  const declared =
    /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(start)?.[1] ?? 'UTF-8'
  if (/^(?:iso-8859-1|latin1)$/i.test(declared)) {
    const decode = (piece?: Uint8Array) => (piece ? Buffer.from(piece).toString('latin1') : '')
    return { decode, bytesOf: (text) => text.length }
  }
  if (!/^(?:utf-?8|us-ascii)$/i.test(declared)) throw new UnsupportedError(`XML in ${declared}`, { url })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return { decode: (piece) => utf8(decoder, piece, url), bytesOf: (text) => Buffer.byteLength(text) }
}

type Utf8Decoder = InstanceType<typeof TextDecoder>

function utf8(decoder: Utf8Decoder, piece: Uint8Array | undefined, url: string): string {
  try {
    return piece ? decoder.decode(piece, { stream: true }) : decoder.decode()
  } catch (cause) {
    throw new FormatError({ url, structure: 'XML', offset: 0 }, 'bytes that are no UTF-8', { cause })
  }
}

/**
 * Reads a document; `root` is told of its root element. Yields after each piece, so that what the handlers have
 * gathered can be handed on.
 * @throws FormatError with line and byte where it is no XML, or beyond bounds; what the handlers throw.
 */
export async function* walkXml(
  source: ByteSource,
  root: ElementHandler,
  { signal }: ReadOptions = {},
): AsyncGenerator<void> {
  let reading: Reading | undefined
  for await (const piece of scanPieces(source, { signal })) {
    reading ??= new Reading(source.url, root, decoderOf(piece, source.url))
    reading.write(piece)
    yield
  }
  if (!reading) throw new FormatError({ url: source.url, structure: 'XML', offset: 0 }, 'an empty file')
  reading.write(undefined)
  yield
}
