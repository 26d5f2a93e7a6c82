/** Structures with strings of variable length, as structures of strings that the longest fits in. */
import { UnsupportedError } from '../../../errors.ts'
import { unwrapArray } from '../data-type.ts'
import type { CompoundMember, Datatype } from '../message/datatype.ts'

/** A string within a stored element. */
export interface TextPlace {
  /** Bytes from the start of the element. */
  readonly offset: number
  /** Which member it is, in the order of `textMembers`; the strings of an array are one. */
  readonly member: number
}

/** How stored elements become copied ones. */
export interface TextLayout {
  /** Bytes of a copied element. */
  readonly size: number
  /** In the order of their offsets. */
  readonly places: readonly TextPlace[]
  /** Bytes that the strings of each member have: at least those of the longest, and 1. */
  readonly widths: readonly number[]
}

/** Strings in an element: as many as a structure may have fields. */
const MAX_PLACES = 1024

/** Whether an element holds strings of variable length among other things. */
export function hasTextMembers(type: Datatype): boolean {
  return type.class !== 'vlen-string' && countMembers(type) > 0
}

function countMembers(type: Datatype): number {
  if (type.class === 'vlen-string') return 1
  if (type.class === 'array') return countMembers(type.base)
  if (type.class !== 'compound') return 0
  return type.members.reduce((sum, member) => sum + countMembers(member.type), 0)
}

/**
 * Where the strings of an element are.
 * @throws UnsupportedError where there are more than a structure has fields.
 */
export function textPlaces(type: Datatype): TextPlace[] {
  const places: TextPlace[] = []
  for (const place of placesOf(type, 0, 0)) {
    if (places.push(place) > MAX_PLACES)
      throw new UnsupportedError(`more than ${MAX_PLACES} strings in an element`)
  }
  return places.sort((a, b) => a.offset - b.offset)
}

function* placesOf(type: Datatype, offset: number, member: number): Generator<TextPlace> {
  if (type.class === 'vlen-string') yield { offset, member }
  else if (type.class === 'array') {
    const { base, shape } = unwrapArray(type)
    if (countMembers(base) === 0) return
    const count = shape.reduce((product, extent) => product * extent, 1)
    for (let i = 0; i < count; i++) yield* placesOf(base, offset + i * base.size, member)
  } else if (type.class === 'compound') {
    let next = member
    for (const part of type.members) {
      yield* placesOf(part.type, offset + part.offset, next)
      next += countMembers(part.type)
    }
  }
}

/** The type of copied elements: strings of fixed length, and all that follows them moved along. */
export function withFixedTexts(type: Datatype, widths: readonly number[], member = 0): Datatype {
  if (type.class === 'vlen-string') {
    return { class: 'string', size: widths[member] ?? 1, padding: 'null-padded', charset: 'utf-8' }
  }
  if (type.class === 'array') {
    const base = withFixedTexts(type.base, widths, member)
    return { ...type, base, size: type.shape.reduce((product, extent) => product * extent, base.size) }
  }
  if (type.class !== 'compound') return type
  let next = member
  const replaced = type.members.map((part) => {
    const changed = withFixedTexts(part.type, widths, next)
    next += countMembers(part.type)
    return { part, changed }
  })
  replaced.sort((a, b) => a.part.offset - b.part.offset)
  let growth = 0
  const members: CompoundMember[] = []
  for (const { part, changed } of replaced) {
    members.push({ ...part, offset: part.offset + growth, type: changed })
    growth += changed.size - part.type.size
  }
  return { ...type, members, size: type.size + growth }
}

/** How elements of this type are copied. */
export function textLayout(type: Datatype, widths: readonly number[]): TextLayout {
  return { size: withFixedTexts(type, widths).size, places: textPlaces(type), widths }
}

/**
 * Elements copied by a layout: what lies between the strings as it is, and the strings NUL-padded.
 * @param texts the strings of the elements in the order of their places, cut to what fits.
 * @param count elements of the result; zeros where there are fewer.
 */
export function fixedElements(
  stored: Uint8Array,
  texts: readonly Uint8Array[],
  { size, places, widths }: TextLayout,
  { elementSize, pointerSize, count }: { elementSize: number; pointerSize: number; count: number },
): Uint8Array {
  const out = new Uint8Array(size * count)
  const elements = Math.min(count, Math.floor(stored.length / elementSize))
  for (let element = 0, text = 0; element < elements; element++) {
    let from = element * elementSize
    let to = element * size
    const copyTo = (end: number) => {
      out.set(stored.subarray(from, end), to)
      to += end - from
      from = end
    }
    for (const { offset, member } of places) {
      copyTo(element * elementSize + offset)
      out.set(texts[text++].subarray(0, widths[member]), to)
      from += pointerSize
      to += widths[member]
    }
    copyTo((element + 1) * elementSize)
  }
  return out
}
