/** Facets: what of an array must be equal in all inputs that are joined, each as one value that can be compared and shown. */
import type { ArrayMetadata, AttributeValue } from '../model/metadata.ts'
import { type BarrierKind, DECODING_ATTRIBUTES, decodingCodecs } from './barriers.ts'
import { calendarOf } from './calendar.ts'
import { parseTimeUnits } from './cf-time.ts'

export interface Facet {
  readonly kind: BarrierKind
  /** In words: 'the data type', 'units'. */
  readonly subject: string
  readonly value: AttributeValue
  /** Equal for values that mean the same. */
  readonly key: string
}

const ABSENT = 'absent'
/** Attributes that name an array whose values are in these units: where units are converted, it has to be known in all. */
const NAMES_BOUNDS = ['bounds', 'climatology']

/** A text that is equal for equal values; an integer equals the same floating-point number, NaN equals NaN. */
export function valueKey(value: AttributeValue | undefined): string {
  if (value === undefined) return ABSENT
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `#${part}`
    if (typeof part === 'number') return Number.isInteger(part) ? `#${BigInt(part)}` : `#${part}`
    return typeof part === 'string' && part.startsWith('#') ? `#${part}` : part
  })
}

/** What must be equal whatever becomes of the array; `joined` are the dimensions along which extents may differ. */
export function structureFacets(array: ArrayMetadata, joined: readonly string[]): Facet[] {
  const facets = [
    facet('dimensions', 'the list of dimensions', array.dims),
    facet('data-type', 'the data type', array.dataType as AttributeValue),
  ]
  for (const [axis, name] of array.dims.entries()) {
    if (!joined.includes(name)) facets.push(facet('extent', `the extent of ${name}`, array.shape[axis]))
  }
  return facets
}

/** Attributes that change what the stored numbers mean; units of time that are `converted` only have to be convertible. */
export function decodingFacets(array: ArrayMetadata, converted: boolean): Facet[] {
  const names = converted ? [...DECODING_ATTRIBUTES, ...NAMES_BOUNDS] : DECODING_ATTRIBUTES
  return names.map((name) => {
    const value = array.attributes[name]
    const same = facet('attribute', name, value ?? ABSENT)
    if (name === 'calendar') return { ...same, key: `calendar ${calendarOf(value) ?? valueKey(value)}` }
    if (name !== 'units' || !converted) return value === undefined ? { ...same, key: ABSENT } : same
    const calendar = calendarOf(array.attributes.calendar)
    const time = calendar && parseTimeUnits(value, calendar)
    return time ? { ...same, key: 'time' } : same
  })
}

/** What must be equal besides where chunks of several inputs stay referenced under one grid. */
export function storageFacets(array: ArrayMetadata): Facet[] {
  return [
    facet('chunk-shape', 'the chunk shape', array.chunkShape),
    facet('codecs', 'the list of codecs', decodingCodecs(array.codecs)),
    facet('fill-value', 'the fill value (hexadecimal)', fillText(array)),
  ]
}

function facet(kind: BarrierKind, subject: string, value: AttributeValue): Facet {
  return { kind, subject, value, key: valueKey(value) }
}

/** No fill value and a fill value of zeros read the same. */
function fillText(array: ArrayMetadata): string {
  const fill = array.fillValue
  return fill?.some((byte) => byte !== 0) ? Buffer.from(fill).toString('hex') : '0'
}
