/** The entries of a kerchunk reference document, from its JSON tokens: versions 0 and 1 of the specification, keys in any order. */
import { JsonText } from './json-text.ts'
import type { Token } from './json-tokens.ts'

export type Entry =
  /** `.zarray`, `.zattrs` or `.zgroup`: JSON in a string, or the text of the object that stands there. */
  | { readonly kind: 'metadata'; readonly key: string; readonly text: string }
  /** A chunk whose bytes are in the document; `text` where it is asked for, and where it is a string and no object. */
  | { readonly kind: 'inline'; readonly key: string; readonly text?: string | undefined }
  /** A chunk elsewhere; `url` null: in the file that the reader is told; a whole file where `range` is undefined. */
  | {
      readonly kind: 'reference'
      readonly key: string
      readonly url: string | null
      readonly range: readonly [offset: number, length: number] | undefined
    }
  /** A name that URLs hold in braces. */
  | { readonly kind: 'template'; readonly key: string; readonly text: string }

/** Characters of a key, a URL, a number, one document of metadata, and an inlined chunk where it is kept. */
const MOST_KEY = 4096
const MOST_URL = 1 << 14
const MOST_NUMBER = 32
const MOST_TEXT = 1 << 24
const MOST_INLINE = 1 << 26
const MOST_DEPTH = 64

const METADATA = /(?:^|\/)\.z(?:array|attrs|group)$/

/** What the next token belongs to. */
type Place = 'keys' | 'list' | 'object' | 'ignored'

/** What is wrong with the document; told with the place in the file by who feeds the tokens. */
export type Refuse = (problem: string) => never

export class EntryReader {
  readonly #refuse: Refuse
  /** Whether inlined chunks are asked for. */
  readonly #inline: boolean
  readonly #entries: Entry[] = []
  #depth = 0
  #place: Place = 'keys'
  /** Depth of the object whose keys are entries: 1, or 2 within `refs` and `templates`. */
  #section: 'top' | 'refs' | 'templates' = 'top'
  #key = ''
  #list: (string | number | null)[] = []
  #object = new JsonText()
  /** Of the key, string or number that is being read; undefined where it is of no use. */
  #text: string | undefined
  #most = 0
  #topEntries = 0
  #hasRefs = false
  #version: string | undefined
  #generators = 0
  #complete = false

  constructor(refuse: Refuse, inline: boolean) {
    this.#refuse = refuse
    this.#inline = inline
  }

  /** Whether the whole document has been read. */
  get complete(): boolean {
    return this.#complete
  }

  /** The last key that was read. */
  get lastKey(): string {
    return this.#key
  }

  /** Of the specification. */
  get version(): 0 | 1 {
    return this.#hasRefs ? 1 : 0
  }

  /** Members of `gen`, each of which stands for many references. */
  get generators(): number {
    return this.#generators
  }

  /** The entries read since the last call. */
  take(): Entry[] {
    return this.#entries.splice(0)
  }

  read(token: Token): void {
    switch (token.name) {
      case 'startKey':
        this.#begin(this.#place === 'ignored' ? undefined : MOST_KEY)
        break
      case 'startString':
        this.#begin(this.#stringLimit())
        break
      case 'startNumber':
        this.#begin(this.#place === 'ignored' ? undefined : MOST_NUMBER)
        break
      case 'stringChunk':
      case 'numberChunk':
        this.#append(token.value)
        break
      case 'endKey':
        this.#readKey(this.#text ?? '')
        break
      case 'endString':
        this.#readString(this.#text)
        break
      case 'endNumber':
        this.#readNumber(this.#text ?? '')
        break
      case 'nullValue':
      case 'trueValue':
      case 'falseValue':
        this.#readLiteral(token.value)
        break
      case 'startObject':
        this.#open('{')
        break
      case 'startArray':
        this.#open('[')
        break
      case 'endObject':
        this.#close('}')
        break
      case 'endArray':
        this.#close(']')
        break
    }
  }

  #begin(most: number | undefined): void {
    this.#most = most ?? 0
    this.#text = most === undefined ? undefined : ''
  }

  #append(piece: string): void {
    if (this.#text === undefined) return
    if (this.#text.length + piece.length > this.#most) {
      this.#refuse(`a name or value of more than ${this.#most} characters`)
    }
    this.#text += piece
  }

  /** Inlined chunks may be long, and are kept only where they are asked for. */
  #stringLimit(): number | undefined {
    if (this.#place === 'ignored') return undefined
    if (this.#place === 'list') return MOST_URL
    if (this.#place === 'object' || METADATA.test(this.#key)) return MOST_TEXT
    if (this.#section === 'templates') return MOST_URL
    return this.#inline ? MOST_INLINE : undefined
  }

  #readKey(key: string): void {
    if (this.#place === 'object') this.#object.key(key)
    else if (this.#place === 'keys') this.#key = key
  }

  #readString(text: string | undefined): void {
    if (this.#place === 'ignored') return
    if (this.#place === 'object') this.#scalar(JSON.stringify(text))
    else if (this.#place === 'list') this.#member(text ?? '')
    else if (this.#section === 'templates') this.#emit({ kind: 'template', key: this.#key, text: text ?? '' })
    else if (METADATA.test(this.#key)) this.#emit({ kind: 'metadata', key: this.#key, text: text ?? '' })
    else this.#emit({ kind: 'inline', key: this.#key, text })
  }

  #readNumber(text: string): void {
    if (this.#place === 'object') this.#scalar(text)
    else if (this.#place === 'list') this.#member(Number(text))
    else if (this.#place === 'keys' && this.#isVersion()) this.#version = text
    else if (this.#place === 'keys') this.#refuseValue()
  }

  #readLiteral(value: boolean | null): void {
    if (this.#place === 'object') this.#scalar(String(value))
    else if (this.#place === 'list' && value === null) this.#member(null)
    else if (this.#place === 'keys' && value === null && this.#isVersion()) return
    else if (this.#place !== 'ignored') this.#refuseValue()
  }

  #isVersion(): boolean {
    return this.#section === 'top' && this.#key === 'version'
  }

  #scalar(spelled: string): void {
    this.#object.scalar(spelled)
    if (this.#object.text.length > MOST_TEXT) this.#refuse(`metadata of more than ${MOST_TEXT} characters`)
  }

  #member(value: string | number | null): void {
    if (this.#list.length === 3) this.#refuseValue()
    this.#list.push(value)
  }

  #open(bracket: '{' | '['): void {
    if (++this.#depth > MOST_DEPTH) this.#refuse(`nested deeper than ${MOST_DEPTH} levels`)
    if (this.#place === 'object') this.#object.open(bracket)
    else if (this.#place === 'list') this.#refuseValue()
    else if (this.#place === 'ignored') this.#countGenerator(bracket)
    else if (this.#depth === 1) this.#openDocument(bracket)
    else this.#openValue(bracket)
  }

  #openDocument(bracket: '{' | '['): void {
    if (bracket === '[') this.#refuse('a list, where a reference set is an object')
  }

  #openValue(bracket: '{' | '['): void {
    if (this.#section === 'top' && bracket === '{' && (this.#key === 'refs' || this.#key === 'templates')) {
      this.#section = this.#key
      if (this.#key === 'refs') this.#hasRefs = true
    } else if (this.#section === 'top' && bracket === '[' && this.#key === 'gen') {
      this.#place = 'ignored'
    } else if (this.#section === 'templates') {
      this.#refuseValue()
    } else if (bracket === '[') {
      this.#place = 'list'
      this.#list = []
    } else if (METADATA.test(this.#key)) {
      this.#place = 'object'
      this.#object = new JsonText()
      this.#object.open('{')
    } else {
      this.#place = 'ignored'
    }
  }

  #countGenerator(bracket: '{' | '['): void {
    if (this.#section === 'top' && this.#key === 'gen' && this.#depth === 3 && bracket === '{')
      this.#generators++
  }

  #close(bracket: '}' | ']'): void {
    this.#depth--
    const valueDepth = this.#section === 'top' ? 1 : 2
    if (this.#place === 'object') {
      this.#object.close(bracket)
      if (this.#depth === valueDepth)
        this.#emit({ kind: 'metadata', key: this.#key, text: this.#object.text })
    } else if (this.#place === 'list') this.#emitList()
    else if (this.#place === 'ignored') {
      // An object that is no metadata is a chunk: readers take its text for the bytes.
      if (this.#depth === valueDepth && bracket === '}') this.#emit({ kind: 'inline', key: this.#key })
    } else if (this.#depth === 1) this.#section = 'top'
    else if (this.#depth === 0) this.#end()
    if (this.#depth <= valueDepth) this.#place = 'keys'
  }

  #emitList(): void {
    const [url = 0, offset, length] = this.#list
    const whole = this.#list.length === 1
    if (typeof url === 'number' || !(whole || (isExtent(offset) && isExtent(length)))) this.#refuseValue()
    const range = isExtent(offset) && isExtent(length) ? ([offset, length] as const) : undefined
    this.#emit({ kind: 'reference', key: this.#key, url, range })
  }

  #emit(entry: Entry): void {
    if (this.#section === 'top') this.#topEntries++
    this.#entries.push(entry)
  }

  #refuseValue(): never {
    return this.#refuse('neither a string, nor [url], nor [url, offset, length]')
  }

  #end(): void {
    this.#complete = true
    if (this.#version !== undefined && Number(this.#version) !== 1) {
      this.#refuse(`version ${this.#version} of reference sets, where 0 and 1 are known`)
    }
    if (this.#hasRefs && this.#topEntries > 0) this.#refuse("references both within and beside 'refs'")
  }
}

function isExtent(value: string | number | null | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
