/** Numbers of one type as numbers of another that holds them all: what libhdf5 converts without loss when it reads. */
import { type DataType, parseScalarType, type ScalarType } from '../../../model/data-type.ts'

/** Digits of the significand. */
const FLOAT_BITS: Readonly<Record<number, number>> = { 4: 24, 8: 53 }

/** Whether every value of `from` is one of `to`, and the conversion is known here. */
export function canConvert(from: DataType, to: DataType): boolean {
  if (JSON.stringify(from) === JSON.stringify(to)) return from !== '|O'
  const [source, target] = [scalarOf(from), scalarOf(to)]
  if (!source || !target) return false
  if (target.kind === 'f') {
    if (source.kind === 'f') return source.size <= target.size
    return source.size * 8 - (source.kind === 'i' ? 1 : 0) <= FLOAT_BITS[target.size]
  }
  if (source.kind === 'f') return false
  if (source.kind === target.kind) return source.size <= target.size
  return source.kind === 'u' && source.size < target.size
}

/** The elements of `bytes` in the other type; `canConvert` says which. */
export function convertElements(bytes: Uint8Array, from: DataType, to: DataType): Uint8Array {
  const [source, target] = [scalarOf(from), scalarOf(to)]
  if (JSON.stringify(from) === JSON.stringify(to) || !source || !target) return bytes
  if (source.kind === target.kind && source.size === target.size) return swapped(bytes, source.size)
  const count = Math.floor(bytes.length / source.size)
  const result = new Uint8Array(count * target.size)
  const read = reader(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), source)
  const write = writer(new DataView(result.buffer), target)
  for (let i = 0; i < count; i++) write(i * target.size, read(i * source.size))
  return result
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const result = bytes.slice()
  for (let at = 0; at + size <= result.length; at += size) result.subarray(at, at + size).reverse()
  return result
}

/** A number type that is converted; floats of half precision are not. */
function scalarOf(type: DataType): ScalarType | undefined {
  const scalar = typeof type === 'string' ? parseScalarType(type) : undefined
  if (!scalar || !'iuf'.includes(scalar.kind)) return undefined
  return scalar.kind === 'f' && !(scalar.size in FLOAT_BITS) ? undefined : scalar
}

type Value = number | bigint

function reader(view: DataView, { kind, size, byteOrder }: ScalarType): (at: number) => Value {
  const little = byteOrder !== '>'
  if (kind === 'f') return (at) => (size === 4 ? view.getFloat32(at, little) : view.getFloat64(at, little))
  if (size === 8) return (at) => (kind === 'i' ? view.getBigInt64(at, little) : view.getBigUint64(at, little))
  const signed = kind === 'i'
  if (size === 4) return (at) => (signed ? view.getInt32(at, little) : view.getUint32(at, little))
  if (size === 2) return (at) => (signed ? view.getInt16(at, little) : view.getUint16(at, little))
  return (at) => (signed ? view.getInt8(at) : view.getUint8(at))
}

function writer(view: DataView, { kind, size, byteOrder }: ScalarType): (at: number, value: Value) => void {
  const little = byteOrder !== '>'
  if (kind === 'f' && size === 4) return (at, value) => view.setFloat32(at, Number(value), little)
  if (kind === 'f') return (at, value) => view.setFloat64(at, Number(value), little)
  if (size === 8) return (at, value) => view.setBigInt64(at, BigInt(value), little)
  if (size === 4) return (at, value) => view.setInt32(at, Number(value), little)
  if (size === 2) return (at, value) => view.setInt16(at, Number(value), little)
  return (at, value) => view.setInt8(at, Number(value))
}
