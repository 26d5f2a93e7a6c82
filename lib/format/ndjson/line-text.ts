/** One line of NDJSON as text and as the object that it is, whatever its bytes are. */
import { messageOf } from '../../errors.ts'
import { isJsonObject, type JsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import type { RefuseLine } from './line-error.ts'

/** Levels of lists and objects. */
const DEEPEST = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Set in a letter, it makes braces of brackets. */
const BRACE = 0x20
const OPENING = 0x7b
const CLOSING = 0x7d

/** Whether brackets are nested deeper than any line of ours is: parsers go down as deep as a file leads them. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) quoted = !quoted
    else if (quoted && byte === BACKSLASH) at++
    else if (!quoted && byte >= 0x5b) {
      if ((byte | BRACE) === OPENING && ++depth > DEEPEST) return true
      if ((byte | BRACE) === CLOSING) depth--
    }
  }
  return false
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** The text of the line, a byte order mark left out; undefined where it is blank. */
function lineText(bytes: Uint8Array, refuse: RefuseLine): string | undefined {
  try {
    const text = UTF8.decode(bytes)
    return /\S/.test(text) ? text : undefined
  } catch (cause) {
    return refuse('is not UTF-8', cause)
  }
}

/** What a line may be parsed by. */
type Parse = (text: string) => PythonJson

/**
 * The object of a line; undefined where it is blank.
 * @param parse gives whole numbers as bigint by default.
 * @param ended whether a newline follows.
 */
export function parseLine(
  bytes: Uint8Array,
  refuse: RefuseLine,
  { parse = parsePythonJson, ended = true }: { readonly parse?: Parse; readonly ended?: boolean } = {},
): JsonObject | undefined {
  if (isTooDeep(bytes)) refuse(`has more than ${DEEPEST} levels of lists and objects`)
  const text = lineText(bytes, refuse)
  if (text === undefined) return undefined
  try {
    const value = parse(text)
    if (isJsonObject(value)) return value
  } catch (cause) {
    refuse(ended ? `is no JSON (${messageOf(cause)})` : 'is cut off: the file ends within it', cause)
  }
  return refuse('is no JSON object')
}
