/** Elements of a data type, out of their bytes and back: typed arrays, strings, and one value for a message. */
import { UnsupportedError } from '../errors.ts'
import { type DataType, parseScalarType } from '../model/data-type.ts'

export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

const NUMBERS = {
  b1: Uint8Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  f4: Float32Array,
  f8: Float64Array,
} as const

/** Whether `numbersOf` reads the type: integers, booleans (0 and 1), and floats of 4 and 8 bytes. */
export function isNumeric(type: DataType): type is string {
  return typeof type === 'string' && Object.hasOwn(NUMBERS, type.slice(1))
}

/**
 * The numbers in `bytes`, in this machine's byte order; exact, 64-bit integers as bigints.
 * @throws UnsupportedError for a type that is none of `isNumeric`'s.
 */
export function numbersOf(bytes: Uint8Array, type: DataType, array?: string): Numbers {
  if (!isNumeric(type)) {
    throw new UnsupportedError(`reading numbers of type ${typeof type === 'string' ? type : 'structure'}`, {
      array,
    })
  }
  // A Buffer's slice would be a view.
  const own = new Uint8Array(bytes)
  const TypedArray = NUMBERS[type.slice(1) as keyof typeof NUMBERS]
  swapIfForeign(own, type)
  return new TypedArray(own.buffer)
}

/** The bytes of `numbers` as elements of `type`, which has the typed array's own kind and width. */
export function bytesOf(numbers: Numbers, type: string): Uint8Array {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice()
  swapIfForeign(bytes, type)
  return bytes
}

/** Reverses each element in place where the type's byte order is not this (little-endian) machine's. */
function swapIfForeign(bytes: Uint8Array, type: string): void {
  const size = parseScalarType(type)?.size ?? 1
  if (type[0] !== '>' || size === 1) return
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse()
}

/** Fixed-length strings: NUL padding taken off; UTF-8, or Latin-1 where the bytes are not UTF-8. */
export function stringsOf(bytes: Uint8Array, width: number): string[] {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const strings: string[] = []
  for (let at = 0; at < bytes.length; at += width) {
    let end = at + width
    while (end > at && bytes[end - 1] === 0) end--
    const text = bytes.subarray(at, end)
    try {
      strings.push(utf8.decode(text))
    } catch {
      strings.push(Buffer.from(text).toString('latin1'))
    }
  }
  return strings
}

/** One element as a value that a message can show: a number, a bigint, a string, or its bytes in hexadecimal. */
export function elementValue(bytes: Uint8Array, type: DataType): number | bigint | string {
  if (isNumeric(type)) return numbersOf(bytes, type)[0]
  if (typeof type === 'string' && parseScalarType(type)?.kind === 'S')
    return stringsOf(bytes, bytes.length)[0]
  return `0x${Buffer.from(bytes).toString('hex')}`
}

/** Values as the typed array of `type`; each must fit it. */
export function numbersFrom(values: ArrayLike<number | bigint>, type: string): Numbers {
  const TypedArray = NUMBERS[type.slice(1) as keyof typeof NUMBERS]
  if (TypedArray === BigInt64Array || TypedArray === BigUint64Array) {
    return TypedArray.from(Array.from(values, BigInt))
  }
  return (TypedArray as Float64ArrayConstructor).from(Array.from(values, Number))
}
