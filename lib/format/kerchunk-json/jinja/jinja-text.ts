/** Text with expressions in double braces: Jinja's variable tags, and no other tag of it ("jinja-str" of kerchunk's specification). */
import { type Expression, parseExpression, type RefuseExpression } from './expression.ts'
import { checkLength, compileExpression, type Evaluate, type Scope, type Value } from './expression-value.ts'

/** Characters. */
const LONGEST = 1 << 16

/** A piece of the text: as it is, or to be worked out; `source` is how it is spelt. */
export type TextPart = string | { readonly source: string; readonly expression: Expression }

/** Characters of an expression that messages show. */
const SHOWN = 100

function shorten(source: string): string {
  return source.length <= SHOWN ? source : `${source.slice(0, SHOWN)}…`
}

/** The same, with the expression's own spelling before what is wrong with it. */
function quoting(refuse: RefuseExpression, source: string): RefuseExpression {
  return (problem) => refuse(`the expression ${shorten(source)} ${problem}`)
}

/** What Jinja would do more with the text than put values in: tags, comments, and line ends that it changes. */
function checkPlain(text: string, refuse: RefuseExpression): void {
  const [tag] = /\{[%#]/.exec(text) ?? []
  if (tag) refuse(`has ${tag}, and kstream knows Jinja's expressions alone`)
}

/**
 * Takes a text apart.
 * @param refuse raises what is wrong with it: the expression is quoted.
 */
export function parseJinjaText(text: string, refuse: RefuseExpression): TextPart[] {
  if (text.length > LONGEST) refuse(`is longer than ${LONGEST} characters`)
  if (/[\r\n]/.test(text)) refuse('has more than one line')
  const parts: TextPart[] = []
  let at = 0
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', at)) {
    const literal = text.slice(at, open)
    checkPlain(literal, refuse)
    const rest = text.slice(open)
    const quoted = quoting(refuse, rest)
    if (/^\{\{[-+]/.test(rest))
      quoted('begins with a sign, which Jinja takes for a part of its braces; put a space')
    const { expression, end } = parseExpression(text, open + 2, quoted)
    if (literal !== '') parts.push(literal)
    parts.push({ source: text.slice(open, end), expression })
    at = end
  }
  const literal = text.slice(at)
  checkPlain(literal, refuse)
  return literal === '' ? parts : [...parts, literal]
}

/**
 * Compiles a text: what it gives is a number where it is one expression of one, and text otherwise.
 * @param refuse raises what is wrong, now or when the function is called.
 */
export function compileJinjaText(
  parts: readonly TextPart[],
  scope: Scope,
  refuse: RefuseExpression,
): Evaluate {
  const compiled = parts.map((part): string | Evaluate =>
    typeof part === 'string'
      ? part
      : compileExpression(part.expression, { scope, refuse: quoting(refuse, part.source) }),
  )
  const [only] = compiled
  if (compiled.length === 1 && typeof only === 'function') return only
  return (variables: readonly Value[]) => {
    let text = ''
    for (const part of compiled) text += typeof part === 'string' ? part : part(variables)
    return checkLength(text, refuse)
  }
}
