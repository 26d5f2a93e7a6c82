/** What a chunk that is not there reads as: Zarr v2's `fill_value`, and whether it may be written at all. */
import { type DataType, parseScalarType, type ScalarType } from '../model/data-type.ts'
import type { ArrayMetadata, AttributeValue, FillValue } from '../model/metadata.ts'
import type { JsonValue } from './json-text.ts'

/**
 * - `null`: missing chunks read as 0, which is what the file says or does not care about;
 * - `value`: where a chunk is missing, `fill_value` must be this (`attribute`: `_FillValue` says the same);
 * - `conflict`: no `fill_value` would be read right (`reason`), so that missing chunks have to be written out.
 */
export type FillPlan =
  | { readonly kind: 'null' }
  | { readonly kind: 'value'; readonly json: JsonValue; readonly attribute: boolean }
  | { readonly kind: 'conflict'; readonly reason: string }

const OTHER_ATTRIBUTE = 'its fill value differs from its attribute _FillValue'
const NO_FILL = "Zarr's readers have no fill value for its type"
/** Single bytes of text: their attribute _FillValue is text, which xarray finds in no array of bytes. */
const CHARACTERS = '|S1'
/** What pads text. */
const NULS = /\0+$/
const MINUS_ZERO = "its fill value is -0.0, which Zarr's readers take for 0.0"

/**
 * Plans the fill value of an array. Any `fill_value` but null becomes xarray's `_FillValue`, so that a fill of 0 would
 * make every real 0 read as NaN, and one that differs from the attribute would override it.
 */
export function planFill(array: ArrayMetadata): FillPlan {
  const bytes = array.fillValue
  const type = typeof array.dataType === 'string' ? parseScalarType(array.dataType) : undefined
  if (!hasReadableFill(array.dataType, bytes)) return { kind: 'conflict', reason: NO_FILL }
  if (bytes === null || type?.kind === 'O') return { kind: 'null' }
  const declared = Object.hasOwn(array.attributes, '_FillValue') ? array.attributes._FillValue : undefined
  const isDeclared = declared !== undefined && type !== undefined && equalsFill(declared, bytes, type)
  const masks = isDeclared && array.dataType === CHARACTERS
  if (!masks && bytes.every((byte) => byte === 0)) return { kind: 'null' }
  if (isZero(bytes, type)) return { kind: 'conflict', reason: MINUS_ZERO }
  const json = fillJson(bytes, array.dataType)
  if (declared === undefined) return { kind: 'value', json, attribute: false }
  return isDeclared ? { kind: 'value', json, attribute: true } : { kind: 'conflict', reason: OTHER_ATTRIBUTE }
}

/** Zarr's `fill_value` of an array of which `missing` chunks are absent. By it alone xarray masks characters. */
export function writtenFill(plan: FillPlan, { dataType }: ArrayMetadata, missing: number): JsonValue {
  if (plan.kind !== 'value') return null
  return missing > 0 || (plan.attribute && dataType === CHARACTERS) ? plan.json : null
}

/**
 * Whether zarr-python and xarray read `fill_value` right, null as 0. zarr-python 3.1 takes null as NaT for dates, as
 * the text "0" for text in a structure, and fails on bytes in one; xarray fails on any other than null for both kinds.
 */
function hasReadableFill(dataType: DataType, bytes: FillValue): boolean {
  const zero = bytes === null || bytes.every((byte) => byte === 0)
  if (typeof dataType !== 'string') return zero && dataType.every(([, type]) => isNumeric(type))
  const kind = parseScalarType(dataType)?.kind
  return kind === 'V' ? zero : kind !== 'M' && kind !== 'm'
}

function isNumeric(type: DataType): boolean {
  if (typeof type !== 'string') return type.every(([, inner]) => isNumeric(inner))
  return 'biufc'.includes(parseScalarType(type)?.kind ?? '?')
}

/** The JSON of a fill value as Zarr v2 spells it: numbers exactly, non-finite floats as strings, bytes in base64. */
export function fillJson(bytes: Uint8Array, dataType: DataType): JsonValue {
  const type = typeof dataType === 'string' ? parseScalarType(dataType) : undefined
  if (type === undefined) return base64(bytes)
  const numbers = parseNumbers(bytes, type)
  if (numbers === undefined) return type.kind === 'U' ? parseUcs4(bytes, type) : base64(bytes)
  if (type.kind === 'b') return numbers[0] !== 0n
  const parts = numbers.map((number) =>
    typeof number === 'number' && !Number.isFinite(number) ? String(number) : number,
  )
  return type.kind === 'c' ? parts : parts[0]
}

/** Zero in value, though not in its bytes. */
function isZero(bytes: Uint8Array, type: ScalarType | undefined): boolean {
  const numbers = type && (type.kind === 'f' || type.kind === 'c') ? parseNumbers(bytes, type) : undefined
  return numbers?.every((number) => number === 0) ?? false
}

function equalsFill(attribute: AttributeValue, bytes: Uint8Array, type: ScalarType): boolean {
  const numbers = parseNumbers(bytes, type)
  const value = Array.isArray(attribute) && attribute.length === 1 ? attribute[0] : attribute
  if (numbers === undefined)
    return typeof value === 'string' && value.replace(NULS, '') === trimmedText(bytes, type)
  if (type.kind === 'c')
    return Array.isArray(value) && numbers.every((number, i) => same(value[i], number, type))
  return same(value, numbers[0], type)
}

/** Equal as numbers of the array's type, NaN being NaN. */
function same(attribute: AttributeValue, fill: number | bigint, type: ScalarType): boolean {
  if (typeof attribute === 'boolean') return Number(attribute) === Number(fill)
  if (typeof attribute !== 'number' && typeof attribute !== 'bigint') return false
  if (typeof fill === 'bigint')
    return attribute === fill || (Number.isInteger(attribute) && BigInt(attribute) === fill)
  const width = type.kind === 'c' ? type.size / 2 : type.size
  const number = width === 4 ? Math.fround(Number(attribute)) : Number(attribute)
  return number === fill || (Number.isNaN(number) && Number.isNaN(fill))
}

/** The numbers of one element: one, or two for a complex number; undefined where the type is no number. */
function parseNumbers(bytes: Uint8Array, type: ScalarType): (number | bigint)[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = type.byteOrder !== '>'
  if (type.kind === 'f') return [readFloat(view, 0, type.size, little)]
  if (type.kind === 'c')
    return [0, 1].map((part) => readFloat(view, (part * type.size) / 2, type.size / 2, little))
  if (!'biumM'.includes(type.kind)) return undefined
  const unsigned = readInteger(bytes, little)
  return [type.kind === 'u' || type.kind === 'b' ? unsigned : BigInt.asIntN(bytes.length * 8, unsigned)]
}

function readInteger(bytes: Uint8Array, little: boolean): bigint {
  const ordered = little ? Uint8Array.from(bytes).reverse() : bytes
  return ordered.reduce((value, byte) => value * 256n + BigInt(byte), 0n)
}

function readFloat(view: DataView, at: number, size: number, little: boolean): number {
  if (size === 2) return halfFloat(view.getUint16(at, little))
  return size === 4 ? view.getFloat32(at, little) : view.getFloat64(at, little)
}

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

function parseUcs4(bytes: Uint8Array, type: ScalarType): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, type.byteOrder !== '>')
    if (point > 0 && point <= 0x10ffff) text += String.fromCodePoint(point)
  }
  return text
}

function trimmedText(bytes: Uint8Array, type: ScalarType): string {
  if (type.kind === 'U') return parseUcs4(bytes, type)
  return Buffer.from(bytes).toString('utf8').replace(NULS, '')
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
