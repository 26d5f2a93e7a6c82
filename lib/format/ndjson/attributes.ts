/** Attributes of a header line: numbers that JSON has no token for are strings there, which `nonFinite` names. */
import type { Attributes, AttributeValue } from '../../model/metadata.ts'
import { isJsonObject, type JsonObject, type PythonJson } from '../python-json.ts'
import type { RefuseLine } from './line-error.ts'
import { listOf } from './members.ts'

const NON_FINITE = /^(?:NaN|-?Infinity)$/

/** Steps to a value within an attribute, as one text. */
function stepsText(steps: readonly PythonJson[]): string {
  return steps.map((step) => JSON.stringify(String(step))).join()
}

/** The value with such strings as the numbers that they stand for: where `isNumber` says so of the steps to one. */
function withNumbers(
  value: PythonJson,
  isNumber: (steps: string) => boolean,
  steps: readonly string[],
): AttributeValue {
  if (typeof value === 'string') {
    return NON_FINITE.test(value) && isNumber(stepsText(steps)) ? Number(value) : value
  }
  if (Array.isArray(value)) {
    return value.map((item: PythonJson, index) => withNumbers(item, isNumber, [...steps, String(index)]))
  }
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).map(([key, member]) => [
    key,
    withNumbers(member, isNumber, [...steps, key]),
  ])
  return Object.fromEntries(members)
}

/** By the attributes' names: the steps to its numbers, or all such strings. */
type NonFinite = Map<string, Set<string> | 'all'>

function parseNonFinite(refuse: RefuseLine, object: JsonObject, attributes: JsonObject): NonFinite {
  const found: NonFinite = new Map()
  for (const entry of listOf(refuse, object, 'nonFinite')) {
    const [name, ...steps] = Array.isArray(entry) ? entry : [entry]
    if (typeof name !== 'string' || !Object.hasOwn(attributes, name))
      return refuse('nonFinite names no attribute')
    const known = found.get(name) ?? new Set()
    if (known !== 'all') found.set(name, Array.isArray(entry) ? known.add(stepsText(steps)) : 'all')
  }
  return found
}

/** `attributes` with the numbers that `nonFinite` tells of. */
export function parseAttributes(refuse: RefuseLine, object: JsonObject): Attributes {
  const { attributes = {} } = object
  if (!isJsonObject(attributes)) return refuse('attributes is no object')
  const nonFinite = parseNonFinite(refuse, object, attributes)
  if (nonFinite.size === 0) return attributes
  const members = Object.entries(attributes).map(([name, value]): [string, AttributeValue] => {
    const wanted = nonFinite.get(name)
    if (wanted === undefined) return [name, value]
    let met = 0
    const isNumber = (steps: string) => {
      const isWanted = wanted === 'all' || wanted.has(steps)
      if (isWanted) met++
      return isWanted
    }
    const parsed = withNumbers(value, isNumber, [])
    if (met < (wanted === 'all' ? 1 : wanted.size)) refuse(`nonFinite: ${name} has no such numbers`)
    return [name, parsed]
  })
  return Object.fromEntries(members)
}
