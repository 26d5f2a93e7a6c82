/** The `fill_value` of a Zarr v2 array as the bytes of one element ("Fill value encoding" of the v2 specification). */
import { type DataType, itemSize, parseScalarType, type ScalarType } from '../model/data-type.ts'
import type { FillValue } from '../model/metadata.ts'
import type { PythonJson } from './python-json.ts'

function writeInteger(view: DataView, type: ScalarType, value: bigint): void {
  const little = type.byteOrder !== '>'
  for (let byte = 0; byte < type.size; byte++) {
    const shift = BigInt(8 * (little ? byte : type.size - 1 - byte))
    view.setUint8(byte, Number((value >> shift) & 0xffn))
  }
}

/** Rounded to the nearest whole number, halves to the even one. */
function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

/** Bits of the IEEE 754 binary16 that is nearest to the number. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (Number.isNaN(size)) return 0x7e00
  // What is rounded up to the next power of two carries into the exponent by itself, up to infinity.
  if (size >= 65520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  let exponent = Math.floor(Math.log2(size))
  if (2 ** exponent > size) exponent--
  return sign | (((exponent + 14) << 10) + roundEven(size * 2 ** (10 - exponent)))
}

function writeFloat(view: DataView, at: number, size: number, little: boolean, value: number): void {
  if (size === 2) view.setUint16(at, halfBits(value), little)
  else if (size === 4) view.setFloat32(at, value, little)
  else view.setFloat64(at, value, little)
}

/** Numbers and the strings 'NaN', 'Infinity', '-Infinity'; undefined for anything else. */
function numberOf(json: PythonJson | undefined): number | undefined {
  if (typeof json === 'number') return json
  if (typeof json === 'bigint') return Number(json)
  if (typeof json !== 'string' || !/^(NaN|-?Infinity)$/.test(json)) return undefined
  return Number(json)
}

function writeFloats(view: DataView, type: ScalarType, parts: readonly (PythonJson | undefined)[]): boolean {
  const size = type.size / parts.length
  if (size !== 2 && size !== 4 && size !== 8) return false
  return parts.every((part, index) => {
    const value = numberOf(part)
    if (value !== undefined) writeFloat(view, index * size, size, type.byteOrder !== '>', value)
    return value !== undefined
  })
}

function writeBase64(bytes: Uint8Array, json: PythonJson): boolean {
  if (typeof json !== 'string') return false
  const decoded = Buffer.from(json, 'base64')
  if (decoded.length > bytes.length) return false
  bytes.set(decoded)
  return true
}

/** Text in UCS-4, as NumPy keeps it. */
function writeText(view: DataView, type: ScalarType, json: PythonJson): boolean {
  const points = typeof json === 'string' ? Array.from(json, (point) => point.codePointAt(0) ?? 0) : undefined
  if (!points || points.length * 4 > type.size) return false
  for (const [i, point] of points.entries()) view.setUint32(4 * i, point, type.byteOrder !== '>')
  return true
}

/** Of dates and spans that are none. */
const NAT = -(2n ** 63n)

/** A whole number, however it is spelt; undefined for anything else. */
function integerOf(json: PythonJson, type: ScalarType): bigint | undefined {
  if (typeof json === 'boolean') return BigInt(json)
  if (typeof json === 'number' && Number.isInteger(json)) return BigInt(json)
  if (json === 'NaT' && 'mM'.includes(type.kind)) return NAT
  return typeof json === 'bigint' ? json : undefined
}

function writeWhole(view: DataView, type: ScalarType, json: PythonJson): boolean {
  const value = integerOf(json, type)
  if (value === undefined) return false
  const unsigned = type.kind === 'u' || type.kind === 'b'
  const held = unsigned ? BigInt.asUintN(8 * type.size, value) : BigInt.asIntN(8 * type.size, value)
  if (held !== value) return false
  writeInteger(view, type, value)
  return true
}

function writeScalar(bytes: Uint8Array, type: ScalarType, json: PythonJson): boolean {
  const view = new DataView(bytes.buffer)
  if (type.kind === 'f') return writeFloats(view, type, [json])
  if (type.kind === 'c') return Array.isArray(json) && json.length === 2 && writeFloats(view, type, json)
  if (json === 0n && 'SVU'.includes(type.kind)) return true
  if (type.kind === 'S' || type.kind === 'V') return writeBase64(bytes, json)
  return type.kind === 'U' ? writeText(view, type, json) : writeWhole(view, type, json)
}

/**
 * The bytes of one element; null where the set defines none, undefined where the JSON does not fit the type. 0 stands for
 * empty text, bytes and structures too, as zarr-python once wrote it.
 */
export function parseFillValue(dataType: DataType, json: PythonJson | undefined): FillValue | undefined {
  if (json === null || json === undefined) return null
  const bytes = new Uint8Array(itemSize(dataType))
  const type = typeof dataType === 'string' ? parseScalarType(dataType) : undefined
  if (type?.kind === 'O') return null
  const fits = type ? writeScalar(bytes, type, json) : json === 0n || writeBase64(bytes, json)
  return fits ? bytes : undefined
}

/**
 * What xarray takes for the attribute `_FillValue` of an array of numbers that has none: its `fill_value`. Writers that
 * know of no other place leave the attribute out (kerchunk). undefined where that is null, or no number.
 */
export function impliedFillAttribute(
  dataType: DataType,
  json: PythonJson | undefined,
): number | bigint | undefined {
  const type = typeof dataType === 'string' ? parseScalarType(dataType) : undefined
  if (!type || json === null || json === undefined) return undefined
  if (type.kind === 'f') return numberOf(json)
  return type.kind === 'i' || type.kind === 'u' ? integerOf(json, type) : undefined
}

/**
 * Whether xarray would take values equal to this `fill_value` for missing ones where no attribute `_FillValue` says so, of a
 * type for which such an attribute would not do the same: booleans, complex numbers and text keep their values.
 */
export function masksUnsaid(dataType: DataType, json: PythonJson | undefined): boolean {
  const kind = typeof dataType === 'string' ? parseScalarType(dataType)?.kind : undefined
  return kind !== undefined && 'bcSU'.includes(kind) && json !== null && json !== undefined
}

/** A double in base64. */
const ENCODED_DOUBLE = /^[A-Za-z0-9+/]{11}=$/

/**
 * The attribute `_FillValue` of an array of floating-point numbers where xarray has encoded it, as it does for Zarr
 * (`FillValueCoder`; VirtualiZarr's sets have it so); undefined where it is anything else.
 */
export function parseFillAttribute(dataType: DataType, json: PythonJson | undefined): number | undefined {
  const kind = typeof dataType === 'string' ? parseScalarType(dataType)?.kind : undefined
  if (kind !== 'f' || typeof json !== 'string' || !ENCODED_DOUBLE.test(json)) return undefined
  return Buffer.from(json, 'base64').readDoubleLE()
}
