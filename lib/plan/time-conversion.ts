/** Values of a time coordinate, or of its bounds, in the units of the first file. */
import type { ArrayMetadata, AttributeValue } from '../model/metadata.ts'
import { elementValue, isNumeric, type Numbers } from '../store/element.ts'
import { type Barrier, DECODING_ATTRIBUTES } from './barriers.ts'
import { calendarOf } from './calendar.ts'
import { convertTime, nanosecondsOf, parseTimeUnits, sameTimeUnits, type TimeUnits } from './cf-time.ts'

/** How one file's values become the first file's. */
interface TimeConversion {
  readonly from: TimeUnits
  readonly to: TimeUnits
}

/** The units that an array's values have: its own, or its coordinate's. */
export function timeUnitsOf(
  array: ArrayMetadata,
  coordinate: ArrayMetadata | undefined,
): TimeUnits | undefined {
  const calendar = calendarOf(array.attributes.calendar ?? coordinate?.attributes.calendar)
  if (!calendar) return undefined
  return parseTimeUnits(array.attributes.units ?? coordinate?.attributes.units, calendar)
}

/** The conversion between two files' units; undefined where a value means the same in both. */
export function planTimeConversion(
  from: TimeUnits | undefined,
  to: TimeUnits | undefined,
): TimeConversion | undefined {
  return from && to && !sameTimeUnits(from, to) ? { from, to } : undefined
}

/** Why this array's values cannot be converted, or undefined where they can. */
export function conversionBarrier(
  array: ArrayMetadata,
  inputs: readonly [string, string],
  units: readonly [AttributeValue, AttributeValue],
): Barrier | undefined {
  const packed = ['scale_factor', 'add_offset'].some((name) => array.attributes[name] !== undefined)
  if (!packed && isNumeric(array.dataType) && array.dataType !== '|b1') return undefined
  const what = packed ? 'packed values' : `values of type ${JSON.stringify(array.dataType)}`
  const advice = `${what} are not converted: combine these files apart from each other`
  return {
    kind: 'attribute',
    array: array.path,
    subject: 'units',
    inputs,
    values: units,
    files: [1, 1],
    advice,
  }
}

/** Tells values that stand for "none": `_FillValue`, `missing_value`, and the file's own fill value where it is not zero. */
export function fillTest(array: ArrayMetadata): (value: number | bigint) => boolean {
  const fills = [array.attributes._FillValue, array.attributes.missing_value].flat() as AttributeValue[]
  if (array.fillValue?.some((byte) => byte !== 0)) fills.push(elementValue(array.fillValue, array.dataType))
  const known = new Set(
    fills.filter((fill) => typeof fill === 'number' || typeof fill === 'bigint').map(Number),
  )
  return (value) => known.has(Number(value))
}

/** The first integer that is no longer told from its neighbours, as the double that it became is too coarse. */
export function findLost(
  values: Numbers,
  converted: readonly (number | bigint)[],
  { from, to }: TimeConversion,
  isFill: (value: number | bigint) => boolean,
): bigint | undefined {
  if (values instanceof Float32Array || values instanceof Float64Array) return undefined
  for (const [at, result] of converted.entries()) {
    if (typeof result === 'bigint' || isFill(values[at])) continue
    const exact = BigInt(values[at])
    const off = nanosecondsOf(result, to) - nanosecondsOf(exact, from)
    if ((off < 0n ? -off : off) * 2n >= from.unit) return exact
  }
  return undefined
}

/** The values converted, fill values as they are; integers stay integers (bigints) where the result is one. */
export function convertValues(
  values: Numbers,
  conversion: TimeConversion,
  isFill: (value: number | bigint) => boolean,
): (number | bigint)[] {
  const integers = !(values instanceof Float32Array || values instanceof Float64Array)
  return Array.from<number | bigint, number | bigint>(values as ArrayLike<number | bigint>, (value) => {
    const exact = integers ? BigInt(value) : value
    return isFill(value) ? exact : convertTime(exact, conversion.from, conversion.to)
  })
}

const INTEGER_BITS: Readonly<Record<string, readonly [signed: boolean, bits: number]>> = {
  i1: [true, 8],
  u1: [false, 8],
  i2: [true, 16],
  u2: [false, 16],
  i4: [true, 32],
  u4: [false, 32],
  i8: [true, 64],
  u8: [false, 64],
}

/** Whether a value can be stored in the type without a change. */
export function fitsType(value: number | bigint, type: string): boolean {
  const kind = type.slice(1)
  if (kind === 'f8') return true
  if (kind === 'f4') return Number.isNaN(value) || Math.fround(Number(value)) === Number(value)
  const [signed, bits] = INTEGER_BITS[kind] ?? [false, 0]
  if (typeof value !== 'bigint') return false
  return signed ? BigInt.asIntN(bits, value) === value : BigInt.asUintN(bits, value) === value
}

/** The array with little-endian double elements: where converted integers are integers no more. */
export function promotedToDouble(array: ArrayMetadata): ArrayMetadata {
  const attributes = Object.entries(array.attributes).map(([name, value]) => {
    const typed = (DECODING_ATTRIBUTES as readonly string[]).includes(name) && typeof value === 'bigint'
    return [name, typed ? Number(value) : value] as const
  })
  const fill = array.fillValue && Number(elementValue(array.fillValue, array.dataType))
  return {
    ...array,
    dataType: '<f8',
    attributes: Object.fromEntries(attributes),
    fillValue: fill === null ? null : new Uint8Array(Float64Array.of(fill).buffer),
  }
}
