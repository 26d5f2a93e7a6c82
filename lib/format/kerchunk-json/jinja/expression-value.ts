/** What an expression comes to: compiled once into functions, called for every item. */
import type { Expression, Operator, RefuseExpression } from './expression.ts'
import { braceFormatter, type Formatter, percentFormatter } from './python-format.ts'
import { integerOperations } from './python-integer.ts'

/** What a variable can be, and an expression come to. */
export type Value = number | string

/** The value for one item, given its variables by their positions. */
export type Evaluate = (variables: readonly Value[]) => Value

/** A template that is a function, compiled for arguments of these names. */
export type CompileFunction = (names: readonly string[], refuse: RefuseExpression) => Evaluate

/** What the names in an expression mean. */
export interface Scope {
  /** The position of each variable. */
  readonly variables: ReadonlyMap<string, number>
  /** Templates that are plain text. */
  readonly texts: ReadonlyMap<string, string>
  /** Templates with braces of their own. */
  readonly functions: ReadonlyMap<string, CompileFunction>
}

/** Characters of anything that is made. */
const LONGEST = 1 << 16

/** The text as it is, unless it is too long to be the name of anything. */
export function checkLength(text: string, refuse: RefuseExpression): string {
  return text.length <= LONGEST ? text : refuse(`makes text beyond ${LONGEST} characters`)
}

interface Compiling {
  readonly scope: Scope
  readonly refuse: RefuseExpression
}

function compileName(name: string, { scope, refuse }: Compiling): Evaluate {
  const position = scope.variables.get(name)
  if (position !== undefined) return (variables) => variables[position]
  const text = scope.texts.get(name)
  if (text !== undefined) return () => text
  return refuse(
    scope.functions.has(name)
      ? `uses ${name}, a template, without its arguments`
      : `uses ${name}, which nothing defines`,
  )
}

function compileCall(
  { name, keywords }: Extract<Expression, { kind: 'call' }>,
  compiling: Compiling,
): Evaluate {
  const called = compiling.scope.variables.has(name) ? undefined : compiling.scope.functions.get(name)
  if (!called) return compiling.refuse(`calls ${name}, which is no template with braces of its own`)
  const evaluate = called([...keywords.keys()], compiling.refuse)
  const items = [...keywords.values()].map((item) => compileExpression(item, compiling))
  return (variables) => evaluate(items.map((item) => item(variables)))
}

function wholeNumber(value: Value, refuse: RefuseExpression): number {
  if (typeof value === 'number') return value
  return /^\d{1,15}$/.test(value)
    ? Number(value)
    : refuse(`takes ${JSON.stringify(value)} for a whole number`)
}

/** Formats with a text that is mostly the same every time. */
function compileFormat(
  compileText: (text: string, refuse: RefuseExpression) => Formatter,
  text: Evaluate,
  items: readonly Evaluate[],
  refuse: RefuseExpression,
): Evaluate {
  let known: string | undefined
  let format: Formatter | undefined
  return (variables) => {
    const spelt = text(variables)
    if (typeof spelt !== 'string') return refuse('formats a number as if it were a text')
    if (!format || spelt !== known) format = compileText(spelt, refuse)
    known = spelt
    const values = items.map((item) => item(variables))
    return checkLength(format(values, refuse), refuse)
  }
}

/** `%` of a number, or of a text and what goes into it. */
function compilePercent(left: Evaluate, right: Expression, compiling: Compiling): Evaluate {
  const items = right.kind === 'tuple' ? right.items : [right]
  const values = items.map((item) => compileExpression(item, compiling))
  const { refuse } = compiling
  const format = compileFormat(percentFormatter, left, values, refuse)
  if (right.kind === 'tuple') return format
  return (variables) => {
    const a = left(variables)
    const b = values[0](variables)
    if (typeof a === 'string') return format(variables)
    return typeof b === 'number' ? integerOperations['%'](a, b, refuse) : refuse('takes text for a number')
  }
}

function compileOperation(
  operator: Exclude<Operator, '%'>,
  left: Evaluate,
  right: Evaluate,
  refuse: RefuseExpression,
): Evaluate {
  if (operator === '~') return (variables) => checkLength(`${left(variables)}${right(variables)}`, refuse)
  const operation = integerOperations[operator]
  return (variables) => {
    const a = left(variables)
    const b = right(variables)
    if (typeof a === 'number' && typeof b === 'number') return operation(a, b, refuse)
    if (operator === '+' && typeof a === 'string' && typeof b === 'string') return checkLength(a + b, refuse)
    return refuse(`has text where ${operator} needs numbers`)
  }
}

function compileSign(sign: 1 | -1, operand: Evaluate, refuse: RefuseExpression): Evaluate {
  return (variables) => {
    const value = operand(variables)
    return typeof value === 'number' ? sign * value + 0 : refuse('gives text a sign')
  }
}

/** Whether Jinja works it out beforehand, as far as its sandbox lets it. */
function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return true
    case 'name':
    case 'call':
      return false
    case 'operation':
      return isConstant(expression.left) && isConstant(expression.right)
    case 'tuple':
      return expression.items.every(isConstant)
    case 'percent':
    case 'braces':
      return isConstant(expression.text) && expression.items.every(isConstant)
    default:
      return isConstant(expression.operand)
  }
}

/** Jinja writes a negative constant without parentheses before `**` of what varies, and Python negates the power. */
function checkPower(left: Expression, right: Expression, evaluate: Evaluate, refuse: RefuseExpression): void {
  if (!isConstant(left) || isConstant(right)) return
  const base = evaluate([])
  if (typeof base === 'number' && base < 0)
    refuse('raises a negative number to a power that varies, which Jinja does wrongly')
}

/**
 * Compiles an expression.
 * @param compiling.refuse raises what is wrong, now or when the function is called.
 */
export function compileExpression(expression: Expression, compiling: Compiling): Evaluate {
  const { refuse } = compiling
  const compile = (part: Expression): Evaluate => compileExpression(part, compiling)
  switch (expression.kind) {
    case 'constant': {
      const { value } = expression
      return () => value
    }
    case 'name':
      return compileName(expression.name, compiling)
    case 'call':
      return compileCall(expression, compiling)
    case 'sign':
      return compileSign(expression.sign, compile(expression.operand), refuse)
    case 'tuple':
      return refuse('has a tuple that is not on the right of %')
    case 'percent':
      return compileFormat(percentFormatter, compile(expression.text), expression.items.map(compile), refuse)
    case 'braces':
      return compileFormat(braceFormatter, compile(expression.text), expression.items.map(compile), refuse)
    case 'operation': {
      const left = compile(expression.left)
      if (expression.operator === '%') return compilePercent(left, expression.right, compiling)
      if (expression.operator === '**') checkPower(expression.left, expression.right, left, refuse)
      return compileOperation(expression.operator, left, compile(expression.right), refuse)
    }
    default: {
      const operand = compile(expression.operand)
      if (expression.kind === 'string') return (variables) => String(operand(variables))
      return (variables) => wholeNumber(operand(variables), refuse)
    }
  }
}
