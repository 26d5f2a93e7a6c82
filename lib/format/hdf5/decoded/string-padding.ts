/** What reading makes of fixed-length strings: libhdf5 converts each padding (IV.A.2.d, class 3) to NUL bytes. */
import { unwrapArray } from '../data-type.ts'
import type { Datatype, StringPadding } from '../message/datatype.ts'

/** A string within an element. */
interface StringPlace {
  /** Bytes from the start of the element. */
  readonly offset: number
  readonly size: number
  readonly padding: StringPadding
}

/** The strings of an array that reading may change. */
export interface PaddedStrings {
  /** Bytes from one element to the next. */
  readonly stride: number
  readonly places: readonly StringPlace[]
}

const NUL = 0
const SPACE = 0x20

/** The strings of a type, within compounds and arrays as well, that are not NUL-padded; undefined: none. */
export function paddedStringsOf(type: Datatype): PaddedStrings | undefined {
  const { base } = unwrapArray(type)
  const places = [...placesOf(base, 0)]
  return places.length > 0 ? { stride: base.size, places } : undefined
}

function* placesOf(type: Datatype, offset: number): Generator<StringPlace> {
  if (type.class === 'string' && mayChange(type)) yield { offset, size: type.size, padding: type.padding }
  if (type.class === 'compound') {
    for (const member of type.members) yield* placesOf(member.type, offset + member.offset)
  }
  if (type.class === 'array') {
    const { base, shape } = unwrapArray(type)
    const count = shape.reduce((product, extent) => product * extent, 1)
    for (let i = 0; i < count; i++) yield* placesOf(base, offset + i * base.size)
  }
}

/** Nothing follows the NUL of a single character: netCDF's char arrays are never touched. */
function mayChange({ size, padding }: Datatype & { readonly class: 'string' }): boolean {
  return padding === 'space-padded' ? size > 0 : padding === 'null-terminated' && size > 1
}

/**
 * Elements with their strings as libhdf5 reads them into NUL-padded ones: without the spaces at the end of a
 * space-padded string, and without what follows the first NUL of a null-terminated one (which may have none).
 * @returns undefined where nothing changes.
 */
export function withoutPadding(bytes: Uint8Array, { stride, places }: PaddedStrings): Uint8Array | undefined {
  let result: Uint8Array | undefined
  for (let element = 0; element + stride <= bytes.length; element += stride) {
    for (const { offset, size, padding } of places) {
      const from = element + offset
      const to = from + size
      const end = padding === 'space-padded' ? endOfText(bytes, from, to) : endOfCString(bytes, from, to)
      if (end === to) continue
      result ??= bytes.slice()
      result.fill(NUL, end, to)
    }
  }
  return result
}

/** Where the spaces begin that fill the string up. */
function endOfText(bytes: Uint8Array, from: number, to: number): number {
  let end = to
  while (end > from && bytes[end - 1] === SPACE) end--
  return end
}

/** Where the string ends, if anything but NUL follows; else `to`. */
function endOfCString(bytes: Uint8Array, from: number, to: number): number {
  let end = from
  while (end < to && bytes[end] !== NUL) end++
  for (let at = end; at < to; at++) {
    if (bytes[at] !== NUL) return end
  }
  return to
}
