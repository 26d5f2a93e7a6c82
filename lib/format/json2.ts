/** Chunks of numcodecs' `json2` (its items, a type, a shape), which zarr-python 3 reads no more, as ones of `vlen-utf8`. */
import { encodeVlenUtf8 } from '../codec/vlen-utf8.ts'
import { UnsupportedError } from '../errors.ts'
import type { ArrayMetadata, CodecConfig } from '../model/metadata.ts'

/** Axes of an array at most, as NumPy has it: strings are not nested deeper. */
const MOST_RANK = 64

/** What the codecs of such an array become. */
export const VLEN_UTF8: readonly CodecConfig[] = [{ id: 'vlen-utf8' }]

/** What the coverage says of it. */
export const JSON2_COPIED = 'json2 strings, which not every reader knows, as vlen-utf8'

/** What is wrong with a chunk; told with its place by who knows it. */
type RefuseChunk = (problem: string) => never

/** Whether chunks are only `json2`, which becomes `vlen-utf8`. */
export function isJson2({ codecs }: ArrayMetadata): boolean {
  return codecs.length === 1 && codecs[0].id === 'json2'
}

function parseJson(bytes: Uint8Array, refuse: RefuseChunk): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return refuse('is not JSON, as json2 says it is')
  }
}

/**
 * The same chunk in `vlen-utf8`; `elements` is how many it has.
 * @throws UnsupportedError where they are not all strings.
 */
export function json2ToVlenUtf8(bytes: Uint8Array, elements: number, refuse: RefuseChunk): Uint8Array {
  const items = parseJson(bytes, refuse)
  if (!Array.isArray(items) || !Array.isArray(items.at(-1)) || typeof items.at(-2) !== 'string') {
    return refuse('does not end in a type and a shape, as json2 does')
  }
  const strings: unknown[] = items.slice(0, -2).flat(MOST_RANK)
  if (!strings.every((item) => typeof item === 'string')) {
    throw new UnsupportedError('json2 values that are no strings')
  }
  if (strings.length !== elements) refuse(`has ${strings.length} strings for ${elements} elements`)
  return encodeVlenUtf8(strings)
}
