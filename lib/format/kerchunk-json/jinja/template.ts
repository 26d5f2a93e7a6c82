/** `templates` of a version 1 reference document: names for parts of URLs (kerchunk's "References specification"). */
import { UnsupportedError } from '../../../errors.ts'
import type { RefuseExpression } from './expression.ts'
import { RESERVED } from './expression-token.ts'
import type { CompileFunction, Scope } from './expression-value.ts'
import { compileJinjaText, parseJinjaText } from './jinja-text.ts'

/** Expanded URLs kept at a time, and their characters. */
const MOST_URLS = 10_000
const MOST_CHARACTERS = 1 << 23

const NO_VARIABLES: ReadonlyMap<string, number> = new Map()

const refuse: RefuseExpression = (problem) => {
  throw new UnsupportedError(problem)
}

/** One name between text that has no braces: what nearly every URL is. */
const ONE_NAME = /^([^{}\r\n]*)\{\{ *([A-Za-z_]\w*) *\}\}([^{}\r\n]*)$/

/** The name of fsspec's own argument: it would replace the template's text. */
const TAKEN = 'temp'

/** A template whose text has braces of its own: only its arguments are known there. */
function compileFunction(name: string, text: string): CompileFunction {
  return (names, refuseCall) => {
    const refuseText: RefuseExpression = (problem) => refuseCall(`calls the template ${name}: ${problem}`)
    if (names.includes(TAKEN)) refuseText(`an argument cannot be called ${TAKEN}`)
    const variables = new Map(names.map((argument, position) => [argument, position]))
    const scope = {
      variables,
      texts: new Map<string, string>(),
      functions: new Map<string, CompileFunction>(),
    }
    const evaluate = compileJinjaText(parseJinjaText(text, refuseText), scope, refuseText)
    return (values) => String(evaluate(values))
  }
}

/** The templates of one document. */
export class Templates {
  readonly #texts = new Map<string, string>()
  readonly #functions = new Map<string, CompileFunction>()
  readonly #expanded = new Map<string, string | undefined>()
  #characters = 0
  readonly #isLiteral: boolean

  /** @param version of the document: braces in URLs mean nothing in version 0. */
  constructor(entries: ReadonlyMap<string, string>, version: 0 | 1 = 1) {
    this.#isLiteral = version === 0
    for (const [name, text] of entries) {
      if (RESERVED.has(name)) continue
      if (text.includes('{{')) this.#functions.set(name, compileFunction(name, text))
      else this.#texts.set(name, text)
    }
  }

  /** What names mean in the document's other texts, where there are variables beside the templates. */
  scope(variables: ReadonlyMap<string, number>): Scope {
    return { variables, texts: this.#texts, functions: this.#functions }
  }

  /** Whether a template has this name. */
  has(name: string): boolean {
    return this.#texts.has(name) || this.#functions.has(name)
  }

  /** The URL with what its double braces stand for; undefined where only Jinja, which is a programming language, could tell. */
  expand(url: string): string | undefined {
    if (this.#isLiteral || !url.includes('{{')) return url
    const [, before, name, after] = ONE_NAME.exec(url) ?? []
    const text = name === undefined ? undefined : this.#texts.get(name)
    return text === undefined ? this.#expandOnce(url) : before + text + after
  }

  #expandOnce(url: string): string | undefined {
    const known = this.#expanded.get(url)
    if (known !== undefined || this.#expanded.has(url)) return known
    const expanded = this.#render(url)
    this.#keep(url, expanded)
    return expanded
  }

  #render(url: string): string | undefined {
    try {
      return String(compileJinjaText(parseJinjaText(url, refuse), this.scope(NO_VARIABLES), refuse)([]))
    } catch (error) {
      if (error instanceof UnsupportedError) return undefined
      throw error
    }
  }

  #keep(url: string, expanded: string | undefined): void {
    const characters = url.length + (expanded?.length ?? 0)
    if (this.#expanded.size === MOST_URLS || this.#characters + characters > MOST_CHARACTERS) {
      this.#expanded.clear()
      this.#characters = 0
    }
    this.#characters += characters
    this.#expanded.set(Buffer.from(url, 'utf16le').toString('utf16le'), expanded)
  }
}
