/** Where the values of a coordinate come from: kerchunk's `coo_map`, and the variable itself. */
import { PlanError, UsageError } from '../errors.ts'
import type { Attributes, AttributeValue, Header } from '../model/metadata.ts'
import { nearNames } from './near-names.ts'
import { typedTexts } from './typed-text.ts'

export type CoordinateValue = number | bigint | string

/** What a function of the caller is told of an input. */
export interface CoordinateInput {
  /** Absolute path or URL. */
  readonly name: string
  /** Its place in the list of inputs. */
  readonly index: number
  readonly header: Header
}

/**
 * kerchunk's forms. A string: `cf:NAME` (decoded time, in one unit), `data:NAME` (raw numbers of a variable),
 * `attr:NAME` (of the root group), `vattr:ARRAY:NAME`, `INDEX`, `/pattern/` (the first group that it captures in the
 * last part of each input's name, or, where it does not match in all of these, in the whole names), `list:a,b,c`, else
 * a constant. A RegExp, a list of one value (or list of values) an input, a number, a function.
 * Texts out of names, attributes and strings become numbers or dates where all are; what code gives stays as it is.
 */
export type CooMapEntry =
  | string
  | number
  | bigint
  | RegExp
  | readonly (CoordinateValue | readonly CoordinateValue[])[]
  | ((input: CoordinateInput) => CoordinateValue | readonly CoordinateValue[])

/** By dimension. */
export type CooMap = Readonly<Record<string, CooMapEntry>>

/** Values found without reading arrays. */
interface GivenSource {
  readonly kind: 'given'
  /** The form, for messages and reports. */
  readonly text: string
  /** Whether strings among the values are texts, which may stand for numbers and dates. */
  readonly typed: boolean
  /** The values of each input. */
  readonly find: (inputs: readonly CoordinateInput[]) => readonly (readonly CoordinateValue[])[]
}

export type CoordinateSource =
  /** Values of an array of each input; `time`: converted to one unit of time, else their units must be equal. */
  { readonly kind: 'array'; readonly path: string; readonly time: boolean } | GivenSource

/** Values along a dimension as one input has them. */
export interface CoordinateValues {
  readonly values: readonly CoordinateValue[]
  /** Those that give the values their meaning: `units` and `calendar` of dates. */
  readonly attributes: Attributes
}

/** Characters of a name that a pattern is matched with: the time may go with a high power. */
const LONGEST_NAME = 4096

/**
 * The source that an entry of the map stands for.
 * @throws UsageError for what is none: a pattern that is no regular expression or captures nothing, an empty list.
 */
export function parseCoordinateSource(dim: string, entry: CooMapEntry): CoordinateSource {
  if (typeof entry === 'function') return given('a function', false, eachInput(entry))
  if (entry instanceof RegExp) return patternSource(dim, entry.source, entry.flags)
  if (typeof entry === 'object') return listSource(dim, entry, false)
  if (typeof entry !== 'string')
    return given(
      `the constant ${entry}`,
      false,
      eachInput(() => entry),
    )
  return parseText(dim, entry)
}

function parseText(dim: string, text: string): CoordinateSource {
  const [, prefix, rest] = /^(cf|data|attr|vattr|list):(.*)$/s.exec(text) ?? []
  if (prefix === 'list') return listSource(dim, rest.split(',').map(trimmed).filter(Boolean), true)
  if (rest === '' || text === '') throw nonsense(dim, text, `'${text}' names nothing`)
  if (prefix === 'cf' || prefix === 'data') {
    return { kind: 'array', path: rest.replace(/^\/+|\/+$/g, ''), time: prefix === 'cf' }
  }
  if (prefix === 'attr')
    return given(
      text,
      true,
      eachInput((input) => rootAttribute(dim, input, rest)),
    )
  if (prefix === 'vattr') return arrayAttributeSource(dim, text, rest)
  if (text === 'INDEX')
    return given(
      text,
      false,
      eachInput(({ index }) => BigInt(index)),
    )
  if (text === 'VARNAME')
    throw nonsense(dim, text, 'variables of different files are merged by mergeVariables')
  if (!text.startsWith('/'))
    return given(
      `the constant ${text}`,
      true,
      eachInput(() => text),
    )
  const [, pattern, flags] = /^\/(.+)\/([A-Za-z]*)$/s.exec(text) ?? []
  if (pattern === undefined) throw nonsense(dim, text, 'a pattern stands between two slashes: /r(\\d+)/')
  return patternSource(dim, pattern, flags)
}

function trimmed(text: string): string {
  return text.trim()
}

function nonsense(dim: string, entry: string, problem: string): UsageError {
  return new UsageError(`the values of ${dim} cannot come from ${JSON.stringify(entry)}: ${problem}`)
}

function given(text: string, typed: boolean, find: GivenSource['find']): GivenSource {
  return { kind: 'given', text, typed, find }
}

function eachInput(
  value: (input: CoordinateInput) => CoordinateValue | readonly CoordinateValue[],
): GivenSource['find'] {
  return (inputs) => inputs.map((input) => asList(value(input)))
}

function asList(value: CoordinateValue | readonly CoordinateValue[]): readonly CoordinateValue[] {
  return typeof value === 'object' ? value : [value]
}

type Entries = readonly (CoordinateValue | readonly CoordinateValue[])[]

function listSource(dim: string, entries: Entries, typed: boolean): GivenSource {
  if (entries.length === 0) throw new UsageError(`the list of values of ${dim} is empty`)
  return given('a list', typed, (inputs) => {
    const isComplete = inputs.length === entries.length && inputs.every(({ index }) => index < entries.length)
    if (isComplete) return inputs.map(({ index }) => asList(entries[index]))
    const counts = `${entries.length} values for ${inputs.length} inputs`
    throw new UsageError(`the list of values of ${dim} has ${counts}: give one for each`)
  })
}

function patternSource(dim: string, source: string, flags: string): GivenSource {
  const text = `/${source}/${flags}`
  const pattern = parsePattern(dim, text, source, flags.replaceAll(/[gy]/g, ''))
  return given(text, true, (inputs) => {
    const names = inputs.map(({ name }) => name.slice(0, LONGEST_NAME))
    const last = names.map((name) => captured(pattern, name.slice(name.lastIndexOf('/') + 1)))
    if (last.every((value) => value !== undefined)) return last.map((value) => [value])
    return names.map((name, at) => [captured(pattern, name) ?? noMatch(dim, text, inputs[at])])
  })
}

function parsePattern(dim: string, text: string, source: string, flags: string): RegExp {
  try {
    // With an empty alternative it matches nothing at all, and tells how many groups there are.
    const groups = new RegExp(`${source}|`, flags).exec('')?.length ?? 0
    if (groups > 1) return new RegExp(source, flags)
  } catch (error) {
    throw nonsense(dim, text, error instanceof Error ? error.message : String(error))
  }
  throw nonsense(dim, text, 'the pattern has no group in parentheses, which would be the value: /r(\\d+)/')
}

/** What the first group that took part has captured. */
function captured(pattern: RegExp, name: string): string | undefined {
  return pattern
    .exec(name)
    ?.slice(1)
    .find((group) => group !== undefined)
}

function noMatch(dim: string, text: string, { name }: CoordinateInput): never {
  throw new PlanError(`${name}: no value of ${dim}: ${text} does not match this name`, {
    array: dim,
    inputs: [name],
  })
}

function rootAttribute(dim: string, input: CoordinateInput, name: string): readonly CoordinateValue[] {
  const attributes = input.header.groups.find(({ path }) => path === '')?.attributes ?? {}
  return attributeValues(dim, input, attributes, name, 'the root group')
}

function arrayAttributeSource(dim: string, text: string, rest: string): GivenSource {
  const at = rest.indexOf(':')
  const [path, name] = [rest.slice(0, at).replace(/^\/+/, ''), rest.slice(at + 1)]
  if (at < 1 || name === '') throw nonsense(dim, text, 'it takes an array and an attribute: vattr:ARRAY:NAME')
  const find = (input: CoordinateInput) => {
    const { arrays } = input.header
    const array = arrays.find((other) => other.path === path)
    if (array) return attributeValues(dim, input, array.attributes, name, path)
    const near = nearNames(
      path,
      arrays.map((other) => other.path),
    )
    throw missing(dim, input, `no array is called ${JSON.stringify(path)}${near}`)
  }
  return given(text, true, eachInput(find))
}

function missing(dim: string, { name }: CoordinateInput, problem: string): PlanError {
  return new PlanError(`${name}: no value of ${dim}: ${problem}`, { array: dim, inputs: [name] })
}

function attributeValues(
  dim: string,
  input: CoordinateInput,
  attributes: Attributes,
  name: string,
  where: string,
): readonly CoordinateValue[] {
  if (!Object.hasOwn(attributes, name)) {
    const near = nearNames(name, Object.keys(attributes))
    throw missing(dim, input, `${where} has no attribute ${JSON.stringify(name)}${near}`)
  }
  const value: AttributeValue = attributes[name]
  const list: readonly AttributeValue[] = Array.isArray(value) ? value : [value]
  if (list.every(isCoordinateValue)) return list
  throw missing(dim, input, `the attribute ${name} of ${where} holds neither numbers nor strings`)
}

function isCoordinateValue(value: unknown): value is CoordinateValue {
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number'
}

/**
 * The values of each input, decided jointly: texts are what all of them are.
 * @throws PlanError naming the input where a value is missing or none, or numbers and strings are mixed.
 */
export function givenCoordinates(
  source: GivenSource,
  dim: string,
  inputs: readonly CoordinateInput[],
): CoordinateValues[] {
  const found = source.find(inputs)
  for (const [at, values] of found.entries()) checkValues(dim, inputs[at], values)
  checkOneKind(dim, inputs, found)
  const texts = found.flat().filter((value) => typeof value === 'string')
  if (!source.typed || texts.length === 0) return found.map((values) => ({ values, attributes: {} }))
  const typed = typedTexts(texts)
  const ends = endsOf(found)
  return found.map(({ length }, at) => ({
    values: typed.values.slice(ends[at] - length, ends[at]),
    attributes: typed.attributes,
  }))
}

/** Where each list ends when they follow one another. */
function endsOf(lists: readonly { readonly length: number }[]): number[] {
  let end = 0
  return lists.map(({ length }) => {
    end += length
    return end
  })
}

function checkValues(dim: string, input: CoordinateInput, values: readonly unknown[]): void {
  if (values.length === 0) throw missing(dim, input, 'the list is empty')
  const wrong = values.find((value) => !isCoordinateValue(value) || Number.isNaN(value))
  if (wrong !== undefined || values.includes(undefined)) {
    throw missing(dim, input, `${String(wrong)} is neither a number nor a string`)
  }
}

function checkOneKind(
  dim: string,
  inputs: readonly CoordinateInput[],
  found: readonly (readonly CoordinateValue[])[],
): void {
  const isText = (value: CoordinateValue) => typeof value === 'string'
  const text = found.findIndex((values) => values.some(isText))
  const number = found.findIndex((values) => !values.every(isText))
  if (text < 0 || number < 0) return
  const [a, b] = [inputs[number].name, inputs[text].name]
  const message = `the values of ${dim} are numbers in ${a} and strings in ${b}: an array holds one kind`
  throw new PlanError(message, { array: dim, inputs: [a, b] })
}
