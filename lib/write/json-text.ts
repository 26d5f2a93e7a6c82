/** JSON as Python writes and reads it: exact integers, floats that stay floats, and NaN and Infinity as literals. */

/** A `number` is a floating-point number, a `bigint` an integer. A Map keeps the order of keys that look like numbers. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }
  | ReadonlyMap<string, JsonValue>

/** The text on one line, in the order of the keys, ASCII only, the same for the same value. */
export function jsonText(value: JsonValue): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return floatText(value)
  if (isList(value)) return `[${value.map(jsonText).join(', ')}]`
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return `{${entries.map(([key, member]) => `${quote(key)}: ${jsonText(member)}`).join(', ')}}`
}

/** A floating-point number as Python's `repr` prints it: `1.0`, `1e-05`, `1e+16`, `NaN`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa, power] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  // Within these exponents JavaScript prints the same shortest digits without an exponent down to 1e-6.
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
