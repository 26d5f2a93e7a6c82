/** Chunks whose bytes a reference document holds: plain text, base64, and numcodecs' `json2` strings. */
import { encodeVlenUtf8 } from '../../codec/vlen-utf8.ts'
import { UnsupportedError } from '../../errors.ts'
import { MOST_RANK } from './chunk-key.ts'

/** What bytes begin with that are not there as text. */
export const BASE64 = 'base64:'
const LONE_SURROGATE = /\p{Surrogate}/u

/** What is wrong with a chunk; told with its key by who knows it. */
type RefuseChunk = (problem: string) => never

/** The bytes of an inlined chunk. */
export function parseInline(text: string, refuse: RefuseChunk): Uint8Array {
  if (!text.startsWith(BASE64))
    return LONE_SURROGATE.test(text) ? refuse('is no Unicode text') : Buffer.from(text)
  const digits = text.slice(BASE64.length)
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) refuse('is no base64')
  return Buffer.from(digits, 'base64')
}

function parseJson(bytes: Uint8Array, refuse: RefuseChunk): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return refuse('is not JSON, as json2 says it is')
  }
}

/**
 * A chunk of numcodecs' `json2` (its items, a type, a shape) as one of `vlen-utf8`, since zarr-python 3 reads no
 * `json2`; `elements` is how many the chunk has.
 * @throws UnsupportedError where they are not all strings.
 */
export function json2ToVlenUtf8(bytes: Uint8Array, elements: number, refuse: RefuseChunk): Uint8Array {
  const items = parseJson(bytes, refuse)
  if (!Array.isArray(items) || !Array.isArray(items.at(-1)) || typeof items.at(-2) !== 'string') {
    return refuse('does not end in a type and a shape, as json2 does')
  }
  // Strings are not nested deeper than an array can be.
  const strings: unknown[] = items.slice(0, -2).flat(MOST_RANK)
  if (!strings.every((item) => typeof item === 'string')) {
    throw new UnsupportedError('json2 values that are no strings')
  }
  if (strings.length !== elements) refuse(`has ${strings.length} strings for ${elements} elements`)
  return encodeVlenUtf8(strings)
}
