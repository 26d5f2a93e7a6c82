/** JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` as literals, and integers of any size, exactly. */

/** What parsing gives: integers are bigint, so that `1` and `1.0` stay apart. */
export type PythonJson = string | number | bigint | boolean | null | readonly PythonJson[] | JsonObject

/** An object, its keys in their order. */
export type JsonObject = { readonly [key: string]: PythonJson }

/** The last group: what only a key would be followed by, and a key is a string. */
const TOKEN = /"(?:[^"\\]|\\.)*"|(?:NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(\s*:)?/g

/** Marks in a string what JSON has no token for; a string that begins so by itself is marked as a string. */
const MARK = '\u0000'

function markToken(token: string, colon: string | undefined): string {
  if (colon !== undefined) return token
  if (token.startsWith('"')) return token.startsWith('"\\u0000') ? `"\\u0000s${token.slice(1)}` : token
  if (/^-?\d+$/.test(token)) return `"\\u0000i${token}"`
  return /^-?[NI]/.test(token) ? `"\\u0000f${token}"` : token
}

function reviveValue(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(MARK)) return value
  const rest = value.slice(2)
  if (value[1] === 'i') return BigInt(rest)
  return value[1] === 'f' ? Number(rest) : rest
}

/**
 * Parses one document.
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parsePythonJson(text: string): PythonJson {
  return JSON.parse(text.replace(TOKEN, markToken), reviveValue)
}

/** Whether `value` is an object, neither null nor a list. */
export function isJsonObject(value: PythonJson | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
