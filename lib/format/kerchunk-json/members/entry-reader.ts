/** The entries of a kerchunk reference document, from its JSON tokens: versions 0 and 1 of the specification, keys in any order. */
import { type Entry, MOST_KEY, MOST_URL, parseReference } from './entry.ts'
import { JsonText } from './json-text.ts'
import { endsValue, type Token, TokenText } from './json-tokens.ts'

/** Characters of a number, one document of metadata, all generators, and an inlined chunk where it is kept. */
const MOST_NUMBER = 32
const MOST_TEXT = 1 << 24
const MOST_GENERATORS = 1 << 20
const MOST_INLINE = 1 << 26
const MOST_DEPTH = 64

const METADATA = /(?:^|\/)(?:\.z(?:array|attrs|group)|zarr\.json)$/

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
  readonly #text = new TokenText()
  #topEntries = 0
  #hasRefs = false
  #hasTemplates = false
  #version: string | undefined
  #generators: string | undefined
  #complete = false
  #valueEnded = false
  #problem: string | undefined

  constructor(refuse: Refuse, inline: boolean) {
    this.#refuse = (problem) => {
      this.#problem = problem
      return refuse(problem)
    }
    this.#inline = inline
  }

  /** Why the last token was refused, though it may be JSON. */
  get problem(): string | undefined {
    return this.#problem
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

  /** The text of `gen`, whose members stand for many references each. */
  get generators(): string | undefined {
    return this.#generators
  }

  /** Whether it is among the entries, within none of their values. */
  get atEntries(): boolean {
    return this.#place === 'keys' && this.#section !== 'templates' && this.#depth === this.#valueDepth
  }

  /** Whether the value of the last key has been read as a whole: a comma after it is taken, or refused, at once. */
  get valueEnded(): boolean {
    return this.#valueEnded
  }

  /** Where the values of the section stand. */
  get #valueDepth(): number {
    return this.#section === 'top' ? 1 : 2
  }

  /** Takes note of entries that were read otherwise, where `atEntries`; the last had this key. */
  pass(count: number, lastKey: string): void {
    if (this.#section === 'top') this.#topEntries += count
    this.#key = lastKey
  }

  /** The entries read since the last call. */
  take(): Entry[] {
    return this.#entries.splice(0)
  }

  read(token: Token): void {
    this.#valueEnded = endsValue(token)
    switch (token.name) {
      case 'startKey':
        this.#text.begin(this.#place === 'ignored' ? undefined : MOST_KEY)
        break
      case 'startString':
        this.#text.begin(this.#stringLimit())
        break
      case 'startNumber':
        this.#text.begin(this.#place === 'ignored' ? undefined : MOST_NUMBER)
        break
      case 'stringChunk':
      case 'numberChunk':
        if (!this.#text.append(token.value))
          this.#refuse(`a name or value of more than ${this.#text.most} characters`)
        break
      case 'endKey':
        this.#readKey(this.#text.text ?? '')
        break
      case 'endString':
        this.#readString(this.#text.text)
        break
      case 'endNumber':
        this.#readNumber(this.#text.text ?? '')
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

  /** Inlined chunks may be long, and are kept only where they are asked for. */
  #stringLimit(): number | undefined {
    if (this.#place === 'ignored') return undefined
    if (this.#place === 'list') return MOST_URL
    if (this.#place === 'object' || METADATA.test(this.#key)) return MOST_TEXT
    if (this.#section === 'templates') return MOST_URL
    return this.#inline ? MOST_INLINE : undefined
  }

  #readKey(key: string): void {
    if (this.#place === 'object') {
      this.#object.key(key)
      this.#checkObject()
    } else if (this.#place === 'keys') this.#key = key
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
    this.#checkObject()
  }

  #checkObject(): void {
    const [name, most] = this.#isGenerators() ? ["'gen'", MOST_GENERATORS] : ['metadata', MOST_TEXT]
    if (this.#object.text.length > most) this.#refuse(`${name} of more than ${most} characters`)
  }

  #isGenerators(): boolean {
    return this.#section === 'top' && this.#key === 'gen'
  }

  #member(value: string | number | null): void {
    if (this.#list.length === 3) this.#refuseValue()
    this.#list.push(value)
  }

  #open(bracket: '{' | '['): void {
    if (++this.#depth > MOST_DEPTH) this.#refuse(`nested deeper than ${MOST_DEPTH} levels`)
    if (this.#place === 'object') {
      this.#object.open(bracket)
      this.#checkObject()
    } else if (this.#place === 'list') this.#refuseValue()
    else if (this.#place === 'ignored') return
    else if (this.#depth > 1) this.#openValue(bracket)
    else if (bracket === '[') this.#refuse('a list, where a reference set is an object')
  }

  #openValue(bracket: '{' | '['): void {
    if (this.#section === 'top' && bracket === '{' && (this.#key === 'refs' || this.#key === 'templates')) {
      this.#openSection(this.#key)
    } else if (this.#isGenerators()) {
      if (this.#generators !== undefined) this.#refuse("'gen' is given twice")
      this.#openObject(bracket)
    } else if (this.#section === 'templates') {
      this.#refuseValue()
    } else if (bracket === '[') {
      this.#place = 'list'
      this.#list = []
    } else if (METADATA.test(this.#key)) {
      this.#openObject('{')
    } else {
      this.#place = 'ignored'
    }
  }

  /** Readers that keep the last of equal keys would take another part of the document. */
  #openSection(section: 'refs' | 'templates'): void {
    if (section === 'refs' ? this.#hasRefs : this.#hasTemplates) this.#refuse(`'${section}' is given twice`)
    this.#section = section
    if (section === 'refs') this.#hasRefs = true
    else this.#hasTemplates = true
  }

  #openObject(bracket: '{' | '['): void {
    this.#place = 'object'
    this.#object = new JsonText()
    this.#object.open(bracket)
  }

  #close(bracket: '}' | ']'): void {
    this.#depth--
    const valueDepth = this.#valueDepth
    if (this.#place === 'object') {
      this.#object.close(bracket)
      if (this.#depth === valueDepth) this.#emitObject(this.#object.text)
    } else if (this.#place === 'list') this.#emitList()
    else if (this.#place === 'ignored') {
      // An object that is no metadata is a chunk: readers take its text for the bytes.
      if (this.#depth === valueDepth && bracket === '}') this.#emit({ kind: 'inline', key: this.#key })
    } else if (this.#depth === 1) this.#section = 'top'
    else if (this.#depth === 0) this.#end()
    if (this.#depth <= valueDepth) this.#place = 'keys'
  }

  #emitObject(text: string): void {
    if (this.#isGenerators()) this.#generators = text
    else this.#emit({ kind: 'metadata', key: this.#key, text })
  }

  #emitList(): void {
    const entry = parseReference(this.#key, this.#list)
    if (!entry) this.#refuseValue()
    this.#emit(entry)
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
    if (!this.#hasRefs || this.#topEntries === 0) return
    this.#refuse("members both within and beside 'refs', where only version, templates and gen may stand")
  }
}
