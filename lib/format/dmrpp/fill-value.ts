/** `fillValue`: what chunks that are not there hold, as the bytes of one element. */
import { UnsupportedError } from '../../errors.ts'
import { parseScalarType } from '../../model/data-type.ts'
import type { AttributeValue, FillValue } from '../../model/metadata.ts'
import { numberOf } from './attribute.ts'
import type { Part, ZarrType } from './data-type.ts'

/** netCDF's fill values of floating-point numbers, which builders write with six digits. */
const NETCDF_FILL = 9.969209968386869e36
/** Significant digits of a number as C++ prints it. */
const DIGITS = 6

/** What a document's fill value means. */
export interface KnownFill {
  readonly bytes: FillValue
  /** Why it may be another in the file itself. */
  readonly doubt?: string
}

/**
 * The fill value of an array.
 * @param attribute the array's `_FillValue`: exact, where the fill value was rounded when it was written.
 * @throws UnsupportedError where it is none of the type.
 */
export function fillValueOf(
  text: string | undefined,
  { parts, size, dataType }: ZarrType,
  attribute: AttributeValue | undefined,
): KnownFill {
  if (text === undefined) return { bytes: null }
  if (text.startsWith('unsupported-')) {
    // Documents of before 3.20.13 say so of strings of any kind.
    if (!parts && text === 'unsupported-string') return { bytes: null }
    throw new UnsupportedError(`a fill value that the document leaves out (${text})`)
  }
  const bytes = new Uint8Array(size)
  if (!parts) {
    bytes.set(Buffer.from(text).subarray(0, size))
    return { bytes }
  }
  // Structures that define none are said to be filled with one 0.
  if (text === '0' || dataType === '|b1') return { bytes: text === '0' ? bytes : null }
  const words = text.trim().split(/\s+/)
  if (words.length !== parts.length)
    throw new UnsupportedError(`a fill value of ${words.length} numbers for elements of ${parts.length}`)
  const doubts = parts.map((part, i) =>
    writeNumber(bytes, part, words[i], parts.length === 1 ? attribute : undefined),
  )
  const doubt = doubts.find((one) => one !== undefined)
  return doubt === undefined ? { bytes } : { bytes, doubt }
}

/** @returns why the file's own may be another. */
function writeNumber(
  bytes: Uint8Array,
  { offset, type }: Part,
  word: string,
  attribute: AttributeValue | undefined,
): string | undefined {
  const told = bytesOf(type, word)
  if (!told) throw new UnsupportedError(`a fill value that is no ${type}: ${word.slice(0, 40)}`)
  const exact = candidates(type, attribute).find((one) => isWrittenAs(one, type, word))
  bytes.set(exact ?? told, offset)
  if (exact) return undefined
  if (type.startsWith('>'))
    return `fill value ${word}: of big-endian values some builders write it byte-swapped`
  const digits = word.replace(/e.*$/i, '').replace(/\D/g, '').replace(/^0+/, '')
  return type[1] === 'f' && digits.length === DIGITS
    ? `fill value ${word}: builders round it to ${DIGITS} digits`
    : undefined
}

/** Values that may stand behind what is written, as bytes. */
function candidates(type: string, attribute: AttributeValue | undefined): Uint8Array[] {
  const own = Array.isArray(attribute) ? attribute[0] : attribute
  const values = [own, type[1] === 'f' ? NETCDF_FILL : undefined]
  return values.flatMap((value) => {
    const isNumber = typeof value === 'number' || typeof value === 'bigint'
    return isNumber ? (bytesOf(type, String(value)) ?? []) : []
  })
}

/** Whether a builder writes these bytes so: by their value, or taking them for those of a little-endian machine. */
function isWrittenAs(bytes: Uint8Array, type: string, word: string): boolean {
  const written = numberOf(word)
  return [type, `<${type.slice(1)}`].some((read) => {
    const value = numberIn(bytes, read)
    if (typeof value === 'bigint') return String(value) === word
    return Object.is(value, written) || Object.is(Number(value.toPrecision(DIGITS)), written)
  })
}

function numberIn(bytes: Uint8Array, type: string): number | bigint {
  const view = new DataView(bytes.buffer)
  const little = type[0] !== '>'
  if (type[1] === 'f') return bytes.length === 4 ? view.getFloat32(0, little) : view.getFloat64(0, little)
  let value = 0n
  for (let i = 0; i < bytes.length; i++)
    value = (value << 8n) | BigInt(bytes[little ? bytes.length - 1 - i : i])
  return type[1] === 'i' ? BigInt.asIntN(8 * bytes.length, value) : value
}

/** undefined where the word is no number of the type. */
function bytesOf(type: string, word: string): Uint8Array | undefined {
  const { size = 0, kind = '' } = parseScalarType(type) ?? {}
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  const little = type[0] !== '>'
  if (kind === 'f') {
    const value = numberOf(word)
    if (value === undefined) return undefined
    if (size === 4) view.setFloat32(0, value, little)
    else view.setFloat64(0, value, little)
    return bytes
  }
  if (!/^-?\d{1,20}$/.test(word)) return undefined
  const value = BigInt(word)
  const held = kind === 'u' ? BigInt.asUintN(8 * size, value) : BigInt.asIntN(8 * size, value)
  if (held !== value) return undefined
  for (let i = 0; i < size; i++) bytes[little ? i : size - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn)
  return bytes
}
