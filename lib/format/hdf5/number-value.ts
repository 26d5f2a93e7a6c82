/** Single numbers of the datatypes that have them: attributes and enumeration members are read with these. */
import type { Datatype } from './message/datatype.ts'

type FixedPoint = Datatype & { readonly class: 'fixed-point' }
type Bitfield = Datatype & { readonly class: 'bitfield' }
type FloatingPoint = Datatype & { readonly class: 'floating-point' }

/** Sign, exponent and mantissa of the IEEE 754 formats: [exponent bits, mantissa bits, bias] by bytes. */
const IEEE: Readonly<Record<number, readonly [number, number, number]>> = {
  2: [5, 10, 15],
  4: [8, 23, 127],
  8: [11, 52, 1023],
}

/** Whether the type is IEEE 754's of 2, 4 or 8 bytes, least or most significant byte first. */
export function isIeee(type: FloatingPoint): boolean {
  const format = IEEE[type.size]
  if (!format || type.byteOrder === 'vax') return false
  const [exponent, mantissa, bias] = format
  const bits = type.size * 8
  return (
    type.bitOffset === 0 &&
    type.precision === bits &&
    type.signLocation === bits - 1 &&
    type.exponentLocation === mantissa &&
    type.exponentSize === exponent &&
    type.mantissaLocation === 0 &&
    type.mantissaSize === mantissa &&
    type.exponentBias === bias &&
    type.normalization === 2
  )
}

/** Whether every bit of the element belongs to the number. */
export function isFullWidth(type: FixedPoint | Bitfield): boolean {
  return type.bitOffset === 0 && type.precision === type.size * 8 && type.byteOrder !== 'vax'
}

/** The integer at the start of `bytes`, of any width, bit offset and precision. */
export function integerValue(type: FixedPoint | Bitfield, bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = 0; i < type.size; i++) {
    value = (value << 8n) | BigInt(bytes[type.byteOrder === 'big' ? i : type.size - 1 - i])
  }
  value >>= BigInt(type.bitOffset)
  const signed = type.class === 'fixed-point' && type.signed
  return signed ? BigInt.asIntN(type.precision, value) : BigInt.asUintN(type.precision, value)
}

/** The IEEE 754 number at the start of `bytes`; call it only where `isIeee`. */
export function floatValue(type: FloatingPoint, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = type.byteOrder === 'little'
  if (type.size === 8) return view.getFloat64(0, little)
  return type.size === 4 ? view.getFloat32(0, little) : halfValue(view.getUint16(0, little))
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const mantissa = bits & 1023
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25)
}
