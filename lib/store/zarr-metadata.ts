/** Zarr v2 metadata documents, as the store serves them: chunks come out decoded, so there are no codecs in them. */
import { UnsupportedError } from '../errors.ts'
import { itemSize, parseScalarType } from '../model/data-type.ts'
import type { ArrayMetadata, Attributes } from '../model/metadata.ts'
import { knownShape } from './chunk-reader.ts'

/** NumPy kinds and widths that zarrita reads; it lacks float16, complex, opaque and structures. */
const READABLE = /^(?:b1|[iu][1248]|f[48]|S\d+|U\d+)$/

/** Whether elements are variable-length strings, inlined in numcodecs' `vlen-utf8`. */
export function isVlenString(array: ArrayMetadata): boolean {
  return array.dataType === '|O' && array.codecs[0]?.id === 'vlen-utf8'
}

/**
 * `.zarray`. The fill value is null: the store gives missing chunks as chunks of the fill value's own bytes,
 * which no JSON number could round.
 * @throws UnsupportedError for a type that zarrita cannot read, by its name.
 */
export function zarray(array: ArrayMetadata): string {
  const type = array.dataType
  const readable = typeof type === 'string' && READABLE.test(type.slice(1)) && itemSize(type) > 0
  if (!readable && !isVlenString(array)) {
    const name = typeof type === 'string' ? type : 'a structure'
    throw new UnsupportedError(`reading values of type ${name}`, { array: array.path })
  }
  return zarrayOf(array, knownShape(array), array.chunkShape, type as string)
}

/** An unsigned integer or a row of bytes that holds one element's bits, whatever the element is. */
interface BitView {
  readonly zarray: string
  readonly elementBytes: number
}

/** The array as bits: every element an unsigned integer of its width, or else a trailing axis of bytes; scalars as one element. */
export function bitView(array: ArrayMetadata, elementBytes: number): BitView {
  const scalar = array.shape.length === 0
  const shape = scalar ? [1] : knownShape(array)
  const chunks = scalar ? [1] : array.chunkShape
  if ([1, 2, 4, 8].includes(elementBytes)) {
    return { zarray: zarrayOf(array, shape, chunks, `<u${elementBytes}`), elementBytes }
  }
  return {
    zarray: zarrayOf(array, [...shape, elementBytes], [...chunks, elementBytes], '|u1'),
    elementBytes,
  }
}

function zarrayOf(
  array: ArrayMetadata,
  shape: readonly number[],
  chunks: readonly number[],
  dtype: string,
): string {
  const filters = isVlenString(array) ? [{ id: 'vlen-utf8' }] : null
  const fill_value = isVlenString(array) || parseScalarType(dtype)?.kind === 'S' ? '' : null
  return JSON.stringify({
    zarr_format: 2,
    shape,
    chunks,
    dtype,
    compressor: null,
    filters,
    fill_value,
    order: 'C',
  })
}

/** `.zattrs`: integers beyond a double's are decimal strings, NaN and infinities Zarr's strings. */
export function zattrs(attributes: Attributes, dims?: readonly string[]): string {
  const all = dims ? { ...attributes, _ARRAY_DIMENSIONS: dims } : attributes
  return JSON.stringify(all, (_, value: unknown) => {
    if (typeof value === 'bigint')
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
    return value
  })
}
