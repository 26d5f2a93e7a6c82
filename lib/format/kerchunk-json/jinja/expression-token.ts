/** The tokens of an expression between `{{` and `}}`, as Jinja cuts them. */

/** `text` of a string is what it says, without quotes. */
export interface Token {
  readonly kind: 'integer' | 'string' | 'name' | 'symbol' | 'end'
  readonly text: string
}

/** Gives token after token. */
export interface Lexer {
  /** The next token; `end` where there is none. */
  next(): Token
  /** Where the last token ends. */
  readonly end: number
}

/** Characters from `{{` to `}}`. */
const LONGEST = 1000

const SPACE = /\s*/y
/** A number that goes on otherwise is a fraction, or no number. */
const INTEGER = /(?:0(?:_?0)*|[1-9](?:_?\d)*)(?![\w.])/y
const NAME = /[A-Za-z_]\w*/y
/** Without escapes. */
const STRING = /'([^'\\]*)'|"([^"\\]*)"/y
const SYMBOL = /\}\}|\*\*|\/\/|[-+*/%~()|=,.]/y

/** Names that Jinja takes for something else than a variable; and `self`, which it cannot take as one. */
export const RESERVED: ReadonlySet<string> = new Set(
  'and or not if else in is true false none True False None self'.split(' '),
)

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/**
 * Cuts the expression that begins at `start` into tokens.
 * @param refuse raises what cannot be cut.
 */
export function tokenize(text: string, start: number, refuse: (problem: string) => never): Lexer {
  let at = start
  const token = (kind: Token['kind'], length: number, meaning: string): Token => {
    at += length
    return { kind, text: meaning }
  }
  const next = (): Token => {
    at += match(SPACE, text, at)?.[0].length ?? 0
    if (at - start > LONGEST) refuse(`is longer than ${LONGEST} characters`)
    if (at >= text.length) return { kind: 'end', text: '' }
    const integer = match(INTEGER, text, at)
    if (integer) return token('integer', integer[0].length, integer[0])
    const string = match(STRING, text, at)
    if (string) return token('string', string[0].length, string[1] ?? string[2])
    const symbol = match(SYMBOL, text, at)
    if (symbol) return token('symbol', symbol[0].length, symbol[0])
    const name = match(NAME, text, at)
    if (!name) return refuse(`has ${JSON.stringify(text.slice(at, at + 8))}, which kstream does not know`)
    if (RESERVED.has(name[0])) refuse(`uses ${name[0]}, which kstream does not know`)
    return token('name', name[0].length, name[0])
  }
  return {
    next,
    get end() {
      return at
    },
  }
}
