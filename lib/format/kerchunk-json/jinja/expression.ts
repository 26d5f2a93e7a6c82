/**
 * The grammar of what stands between `{{` and `}}` in a version 1 reference document: the part of Jinja's expressions
 * that file names and offsets are made with ("Expressions" of Jinja's template designer documentation).
 */
import { type Lexer, type Token, tokenize } from './expression-token.ts'

/** Raises what is wrong with an expression. */
export type RefuseExpression = (problem: string) => never

export type Operator = '+' | '-' | '*' | '//' | '%' | '**' | '~'

/** An expression taken apart. Every operator binds to its left, the power too, and a sign binds closer than all: as in Jinja. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: number | string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'sign'; readonly sign: 1 | -1; readonly operand: Expression }
  | {
      readonly kind: 'operation'
      readonly operator: Operator
      readonly left: Expression
      readonly right: Expression
    }
  /** Only ever on the right of `%`. */
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  /** A template that is a function, and its arguments by name. */
  | { readonly kind: 'call'; readonly name: string; readonly keywords: ReadonlyMap<string, Expression> }
  /** `text | format(...)` by Python's `%`, or `text.format(...)` by its braces. */
  | {
      readonly kind: 'percent' | 'braces'
      readonly text: Expression
      readonly items: readonly Expression[]
    }
  | { readonly kind: 'int' | 'string'; readonly operand: Expression }

/** Parentheses, signs and calls within one another. */
const DEEPEST = 32

/** Operators of one precedence, the loosest first. */
const PRECEDENCE: readonly (readonly string[])[] = [['+', '-'], ['~'], ['*', '/', '//', '%'], ['**']]

class Parser {
  readonly #lexer: Lexer
  readonly #refuse: RefuseExpression
  #token: Token
  #depth = 0

  constructor(lexer: Lexer, refuse: RefuseExpression) {
    this.#lexer = lexer
    this.#refuse = refuse
    this.#token = lexer.next()
  }

  /** The whole expression, up to `}}`. */
  all(): Expression {
    const expression = this.#operation(0)
    if (!this.#at('}}')) this.#unexpected()
    return this.#notTuple(expression)
  }

  #at(symbol: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === symbol
  }

  #take(): Token {
    const token = this.#token
    this.#token = this.#lexer.next()
    return token
  }

  #accept(symbol: string): boolean {
    const found = this.#at(symbol)
    if (found) this.#take()
    return found
  }

  #expect(symbol: string): void {
    if (!this.#accept(symbol)) this.#unexpected()
  }

  #unexpected(): never {
    const { kind, text } = this.#token
    return this.#refuse(kind === 'end' ? 'has no end' : `has ${text} where kstream expects something else`)
  }

  #notTuple(expression: Expression): Expression {
    return expression.kind === 'tuple'
      ? this.#refuse('has a tuple that is not on the right of %')
      : expression
  }

  #operation(level: number): Expression {
    if (level === PRECEDENCE.length) return this.#signed()
    let left = this.#operation(level + 1)
    while (this.#token.kind === 'symbol' && PRECEDENCE[level].includes(this.#token.text)) {
      const operator = this.#take().text
      if (operator === '/')
        this.#refuse('divides with /, which gives a number with a fraction; // gives a whole one')
      const right = this.#operation(level + 1)
      left = {
        kind: 'operation',
        operator: operator as Operator,
        left: this.#notTuple(left),
        right: operator === '%' ? right : this.#notTuple(right),
      }
    }
    return left
  }

  #signed(): Expression {
    return this.#nested(() => this.#filtered(this.#operand()))
  }

  #nested(parse: () => Expression): Expression {
    if (++this.#depth > DEEPEST) this.#refuse(`has more than ${DEEPEST} levels`)
    const expression = parse()
    this.#depth--
    return expression
  }

  #operand(): Expression {
    const sign = this.#accept('-') ? -1 : this.#accept('+') ? 1 : undefined
    if (sign === undefined) return this.#methods(this.#primary())
    const operand = this.#nested(() => this.#notTuple(this.#operand()))
    return { kind: 'sign', sign, operand }
  }

  #primary(): Expression {
    if (this.#accept('(')) return this.#parenthesis()
    const { kind, text } = this.#token
    if (kind === 'integer') {
      this.#take()
      const value = Number(text.replaceAll('_', ''))
      return Number.isSafeInteger(value)
        ? { kind: 'constant', value }
        : this.#refuse(`has ${text}, beyond 2^53`)
    }
    if (kind === 'string') {
      this.#take()
      return { kind: 'constant', value: text }
    }
    if (kind !== 'name') return this.#unexpected()
    this.#take()
    if (!this.#accept('(')) return { kind: 'name', name: text }
    return { kind: 'call', name: text, keywords: this.#keywords(text) }
  }

  #parenthesis(): Expression {
    const items = [this.#notTuple(this.#operation(0))]
    let commas = 0
    while (this.#accept(',')) {
      commas++
      if (this.#at(')')) break
      items.push(this.#notTuple(this.#operation(0)))
    }
    this.#expect(')')
    return commas === 0 ? items[0] : { kind: 'tuple', items }
  }

  /** `name=expression, ...` of a call, up to its `)`. */
  #keywords(called: string): Map<string, Expression> {
    const keywords = new Map<string, Expression>()
    while (!this.#at(')')) {
      const { kind, text } = this.#take()
      if (kind !== 'name' || !this.#accept('='))
        this.#refuse(`calls ${called} with an argument that has no name`)
      if (keywords.has(text)) this.#refuse(`gives ${text} twice`)
      keywords.set(text, this.#notTuple(this.#operation(0)))
      if (!this.#accept(',')) break
    }
    this.#expect(')')
    return keywords
  }

  /** Expressions of a call, up to its `)`. */
  #items(): Expression[] {
    const items: Expression[] = []
    while (!this.#at(')')) {
      items.push(this.#notTuple(this.#operation(0)))
      if (!this.#accept(',')) break
    }
    this.#expect(')')
    return items
  }

  #methods(operand: Expression): Expression {
    let whole = operand
    while (this.#accept('.')) {
      const { text } = this.#take()
      if (text !== 'format' || !this.#accept('(')) this.#refuse(`uses .${text}, which kstream does not know`)
      whole = { kind: 'braces', text: this.#notTuple(whole), items: this.#items() }
    }
    return whole
  }

  #filtered(operand: Expression): Expression {
    let whole = operand
    while (this.#accept('|')) {
      const { text } = this.#take()
      const called = this.#accept('(')
      const items = called ? this.#items() : []
      const inner = this.#notTuple(whole)
      if (text === 'format') whole = { kind: 'percent', text: inner, items }
      else if ((text === 'int' || text === 'string') && items.length === 0)
        whole = { kind: text, operand: inner }
      else this.#refuse(`uses the filter ${text}, which kstream does not know`)
    }
    return whole
  }
}

/**
 * Takes apart the expression that begins at `start` of `text`, just after its `{{`.
 * @returns the expression, and where its `}}` ends.
 */
export function parseExpression(
  text: string,
  start: number,
  refuse: RefuseExpression,
): { readonly expression: Expression; readonly end: number } {
  const lexer = tokenize(text, start, refuse)
  const expression = new Parser(lexer, refuse).all()
  return { expression, end: lexer.end }
}
