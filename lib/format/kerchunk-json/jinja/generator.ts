/** `gen` of a version 1 reference document: references that follow from the values of variables (kerchunk's "References specification"). */
import { isJsonObject, type JsonObject, type PythonJson } from '../../python-json.ts'
import type { Evaluate, Value } from './expression-value.ts'
import { compileJinjaText, parseJinjaText, type TextPart } from './jinja-text.ts'
import type { Templates } from './template.ts'

/** Raises what is wrong with the document. */
type Refuse = (problem: string) => never

/** The values of one variable: as they are listed, or at equal steps. */
export type Dimension =
  | readonly Value[]
  | { readonly start: number; readonly step: number; readonly count: number }

/** One entry of `gen`, its expressions taken apart. */
export interface ReferenceGenerator {
  /** What messages call it: `gen[0]`. */
  readonly name: string
  readonly key: readonly TextPart[]
  readonly url: readonly TextPart[]
  /** Both or neither: a reference to a whole file. */
  readonly range: { readonly offset: readonly TextPart[]; readonly length: readonly TextPart[] } | undefined
  /** By name; the last varies fastest. */
  readonly dimensions: ReadonlyMap<string, Dimension>
}

/** A reference that was generated. */
export interface GeneratedReference {
  readonly key: string
  readonly url: string
  /** Offset and length in bytes; undefined for a whole file. */
  readonly range: readonly [offset: number, length: number] | undefined
}

/** References of all generators of a document together: a few bytes of JSON can ask for any number. */
const MOST_REFERENCES = 1_000_000_000
/** Variables of one generator. */
const MOST_DIMENSIONS = 32

function parseBound(refuse: Refuse, name: string, json: PythonJson | undefined, otherwise?: number): number {
  if (json === undefined && otherwise !== undefined) return otherwise
  const bound = typeof json === 'bigint' ? Number(json) : Number.NaN
  return Number.isSafeInteger(bound) ? bound : refuse(`${name} is no whole number`)
}

/** As Python's `range`: the stop is left out. */
function parseRange(refuse: Refuse, name: string, json: JsonObject): Dimension {
  const start = parseBound(refuse, `${name}.start`, json.start, 0)
  const stop = parseBound(refuse, `${name}.stop`, json.stop)
  const step = parseBound(refuse, `${name}.step`, json.step, 1)
  if (step === 0) refuse(`${name}.step is 0`)
  const span = stop - start
  if (!Number.isSafeInteger(span)) refuse(`${name} spans more than 2^53`)
  if (span < 0 !== step < 0) return { start, step, count: 0 }
  const rest = span % step
  return { start, step, count: (span - rest) / step + (rest === 0 ? 0 : 1) }
}

function parseValue(refuse: Refuse, name: string, json: PythonJson): Value {
  if (typeof json === 'string') return json
  return parseBound(refuse, `a value of ${name}`, json)
}

function parseDimension(refuse: Refuse, name: string, json: PythonJson): Dimension {
  if (Array.isArray(json)) return json.map((value) => parseValue(refuse, name, value))
  return isJsonObject(json) ? parseRange(refuse, name, json) : refuse(`${name} is neither a list nor a range`)
}

function parseDimensions(refuse: Refuse, json: PythonJson | undefined): Map<string, Dimension> {
  if (!isJsonObject(json)) return refuse('has no dimensions')
  const entries = Object.entries(json)
  if (entries.length > MOST_DIMENSIONS) refuse(`has more than ${MOST_DIMENSIONS} dimensions`)
  return new Map(entries.map(([name, value]) => [name, parseDimension(refuse, name, value)]))
}

function parseText(refuse: Refuse, field: string, json: PythonJson | undefined): TextPart[] {
  if (typeof json !== 'string') return refuse(`${field} is no text`)
  return parseJinjaText(json, (problem) => refuse(`${field}: ${problem}`))
}

/** Numbers too: what they mean leaves no doubt. */
function parseBytes(refuse: Refuse, field: string, json: PythonJson | undefined): TextPart[] {
  return parseText(refuse, field, typeof json === 'bigint' ? String(json) : json)
}

function parseGenerator(refuse: Refuse, name: string, json: PythonJson): ReferenceGenerator {
  if (!isJsonObject(json)) return refuse('is no object')
  const { offset, length } = json
  if ((offset === undefined) !== (length === undefined)) refuse('has one of offset and length, not both')
  return {
    name,
    key: parseText(refuse, 'key', json.key),
    url: parseText(refuse, 'url', json.url),
    range:
      offset === undefined
        ? undefined
        : { offset: parseBytes(refuse, 'offset', offset), length: parseBytes(refuse, 'length', length) },
    dimensions: parseDimensions(refuse, json.dimensions),
  }
}

/**
 * The generators of a document.
 * @param json the value of `gen`.
 * @param refuse raises what is wrong; expressions are quoted.
 */
export function parseGenerators(json: PythonJson, refuse: Refuse): ReferenceGenerator[] {
  if (!Array.isArray(json)) return refuse('gen is no list')
  let count = 0
  return json.map((entry, index) => {
    const name = `gen[${index}]`
    const refuseEntry: Refuse = (problem) => refuse(`${name}: ${problem}`)
    const generator = parseGenerator(refuseEntry, name, entry)
    count += generatedCount(generator)
    return count <= MOST_REFERENCES
      ? generator
      : refuseEntry(`generates references beyond ${MOST_REFERENCES} in all`)
  })
}

function countOf(dimension: Dimension): number {
  return 'count' in dimension ? dimension.count : dimension.length
}

/** How many references a generator gives: every combination of its variables' values. */
export function generatedCount({ dimensions }: ReferenceGenerator): number {
  let count = 1
  for (const dimension of dimensions.values()) {
    // No product of others may hide, beyond what a double can hold, that there is none.
    if (countOf(dimension) === 0) return 0
    count *= countOf(dimension)
  }
  return count
}

function valueAt(dimension: Dimension, index: number): Value {
  return 'count' in dimension ? dimension.start + index * dimension.step : dimension[index]
}

/** Every combination of the values, the last variable fastest; the same list each time, changed. */
function* combinations(dimensions: readonly Dimension[]): Generator<readonly Value[]> {
  if (dimensions.some((dimension) => countOf(dimension) === 0)) return
  const indexes = dimensions.map(() => 0)
  const values = dimensions.map((dimension) => valueAt(dimension, 0))
  for (;;) {
    yield values
    let axis = dimensions.length - 1
    while (axis >= 0 && ++indexes[axis] === countOf(dimensions[axis])) indexes[axis--] = 0
    if (axis < 0) return
    for (; axis < dimensions.length; axis++) values[axis] = valueAt(dimensions[axis], indexes[axis])
  }
}

/** A whole number of bytes, as Python's `int` reads what Jinja prints. */
function bytesOf(refuse: Refuse, field: string, value: Value): number {
  const bytes =
    typeof value === 'number' ? value : /^\s*\d{1,16}\s*$/.test(value) ? Number(value) : Number.NaN
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : refuse(`${field} ${value} is no number of bytes`)
}

interface Compiled {
  readonly key: Evaluate
  readonly url: Evaluate
  readonly offset: Evaluate | undefined
  readonly length: Evaluate | undefined
}

function compile(generator: ReferenceGenerator, templates: Templates, refuse: Refuse): Compiled {
  const names = [...generator.dimensions.keys()]
  const taken = names.find((name) => templates.has(name))
  if (taken !== undefined) refuse(`${taken} is the name of a dimension and of a template`)
  const scope = templates.scope(new Map(names.map((name, position) => [name, position])))
  const compileField = (field: string, parts: readonly TextPart[]): Evaluate =>
    compileJinjaText(parts, scope, (problem) => refuse(`${field}: ${problem}`))
  const { key, url, range } = generator
  return {
    key: compileField('key', key),
    url: compileField('url', url),
    offset: range && compileField('offset', range.offset),
    length: range && compileField('length', range.length),
  }
}

/**
 * The references of one generator, in the order of fsspec.
 * @param refuse raises what cannot be worked out; expressions are quoted.
 */
export function* generate(
  generator: ReferenceGenerator,
  templates: Templates,
  refuse: Refuse,
): Generator<GeneratedReference> {
  const refuseEntry: Refuse = (problem) => refuse(`${generator.name}: ${problem}`)
  const { key, url, offset, length } = compile(generator, templates, refuseEntry)
  const rangeOf = (values: readonly Value[]): GeneratedReference['range'] => {
    if (!offset || !length) return undefined
    const range = [
      bytesOf(refuseEntry, 'offset', offset(values)),
      bytesOf(refuseEntry, 'length', length(values)),
    ] as const
    return Number.isSafeInteger(range[0] + range[1]) ? range : refuseEntry('ends beyond 2^53 bytes')
  }
  for (const values of combinations([...generator.dimensions.values()]))
    yield { key: String(key(values)), url: String(url(values)), range: rangeOf(values) }
}
