/** A coordinate that no file has as it is to be: its values as a one-dimensional array in one inline chunk. */
import { encodeVlenUtf8 } from '../codec/vlen-utf8.ts'
import { PlanError } from '../errors.ts'
import type { ArrayMetadata, CodecConfig } from '../model/metadata.ts'
import { bytesOf, numbersFrom } from '../store/element.ts'
import type { CoordinateValue, CoordinateValues } from './coordinate-source.ts'

/** An array and its only chunk, encoded. */
interface CreatedCoordinate {
  readonly array: ArrayMetadata
  readonly bytes: Uint8Array
}

/**
 * The array `path` along `dim` of all values in order: 64-bit integers, doubles or variable-length strings.
 * @throws PlanError where numbers and strings are mixed, or an integer fits neither.
 */
export function createdCoordinate(
  path: string,
  dim: string,
  values: readonly CoordinateValues[],
): CreatedCoordinate {
  const all = values.flatMap((part) => part.values)
  const { dataType, codecs, bytes } = encode(path, all)
  const array: ArrayMetadata = {
    path,
    dims: [dim],
    attributes: values.at(0)?.attributes ?? {},
    shape: [all.length],
    chunkShape: [Math.max(1, all.length)],
    dataType,
    fillValue: null,
    codecs,
  }
  return { array, bytes }
}

interface Encoded {
  readonly dataType: string
  readonly codecs: readonly CodecConfig[]
  readonly bytes: Uint8Array
}

function encode(path: string, values: readonly CoordinateValue[]): Encoded {
  const texts = values.filter((value) => typeof value === 'string')
  if (texts.length > 0) {
    if (texts.length < values.length) throw refused(path, 'numbers and strings are mixed in it')
    return { dataType: '|O', codecs: [{ id: 'vlen-utf8' }], bytes: encodeVlenUtf8(texts) }
  }
  const numbers = values.filter((value) => typeof value !== 'string')
  const integers = numbers.every((value) => typeof value === 'bigint')
  const dataType = integers ? '<i8' : '<f8'
  for (const value of numbers) {
    if (typeof value !== 'bigint') continue
    const kept = integers ? BigInt.asIntN(64, value) : BigInt(Number(value))
    if (kept !== value) throw refused(path, `${value} does not fit ${integers ? '64 bits' : 'a double'}`)
  }
  return { dataType, codecs: [], bytes: bytesOf(numbersFrom(numbers, dataType), dataType) }
}

function refused(path: string, problem: string): PlanError {
  return new PlanError(`the coordinate ${path} cannot be made: ${problem}`, { array: path })
}
