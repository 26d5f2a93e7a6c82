/** JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` as literals, and integers of any size, exactly. */

/** What parsing gives: integers are bigint, so that `1` and `1.0` stay apart. */
export type PythonJson = string | number | bigint | boolean | null | readonly PythonJson[] | JsonObject

/** An object, its keys in their order. */
export type JsonObject = { readonly [key: string]: PythonJson }

/** Outside of strings. The last group: what only a key would be followed by, and a key is a string. */
const TOKEN = /(?:NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(\s*:)?/g

/** After a key. */
const COLON = /\s*:/y

/** Marks in a string what JSON has no token for; a string that begins so by itself is marked as a string. */
const MARK = '\u0000'

function markToken(token: string, colon: string | undefined): string {
  if (colon !== undefined) return token
  if (/^-?\d+$/.test(token)) return `"\\u0000i${token}"`
  return /^-?[NI]/.test(token) ? `"\\u0000f${token}"` : token
}

/** The place after the quote that ends the string whose text begins at `start`: no pattern takes one of any length. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (end - escapes > start && text[end - escapes - 1] === '\\') escapes++
    if (escapes % 2 === 0) return end + 1
  }
  return text.length
}

function markString(text: string, start: number, end: number): string {
  COLON.lastIndex = end
  const string = text.slice(start, end)
  return string.startsWith('"\\u0000') && !COLON.test(text) ? `"\\u0000s${string.slice(1)}` : string
}

function markTokens(text: string): string {
  let marked = ''
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at)
    const open = quote === -1 ? text.length : quote
    marked += text.slice(at, open).replace(TOKEN, markToken)
    at = quote === -1 ? open : stringEnd(text, open + 1)
    marked += markString(text, open, at)
  }
  return marked
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
  return JSON.parse(markTokens(text), reviveValue)
}

/** Whether `value` is an object, neither null nor a list. */
export function isJsonObject(value: PythonJson | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
