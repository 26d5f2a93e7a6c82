/** The values of a small array along a joined dimension, place after place, as the bytes of one chunk. */
import { encodeVlenUtf8 } from '../codec/vlen-utf8.ts'
import { PlanError } from '../errors.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata, Skipped } from '../model/metadata.ts'
import { bytesOf, numbersFrom, numbersOf } from '../store/element.ts'
import { isVlenString } from '../store/zarr-metadata.ts'
import type { Barrier } from './barriers.ts'
import { arrayOf, type PlanInput } from './plan-input.ts'
import type { JoinedDimension, PlannedArray } from './planned-array.ts'
import {
  conversionBarrier,
  convertValues,
  fillTest,
  findLost,
  fitsType,
  planTimeConversion,
  promotedToDouble,
  timeUnitsOf,
} from './time-conversion.ts'

/** One input's contribution: its bytes as they are, or its numbers in the first input's units. */
type Contribution = Uint8Array | (number | bigint)[]

interface GatheredChunk {
  /** The array as the result has it. */
  readonly array: ArrayMetadata
  readonly bytes: Uint8Array
  readonly notes: readonly Skipped[]
}

/** Gathers the values of the array's owners. A barrier where converted values would not be the same times. */
export function gatherChunk(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
): GatheredChunk | Barrier {
  const { array, joins, owners, valuesOf } = planned
  const { slotOf } = dimensions[joins[0].dim]
  const order = Array.from(owners).sort((a, b) => slotOf[a] - slotOf[b])
  if (isVlenString(array)) {
    const strings = order.flatMap((at) => [...(inputs[at].values.values.get(valuesOf) ?? [])].map(String))
    checkCount(array, strings.length)
    return { array, bytes: encodeVlenUtf8(strings), notes: [] }
  }
  const contributions: Contribution[] = []
  for (const at of order) {
    const contribution = contribute(planned, inputs, at)
    if (isBarrier(contribution)) return contribution
    contributions.push(contribution)
  }
  return joinContributions(planned, inputs, contributions)
}

function isBarrier(value: Contribution | Barrier): value is Barrier {
  return 'kind' in value
}

/** The first input, in order, that has the array: its units are those of the result. */
function firstHaving({ valuesOf }: PlannedArray, inputs: readonly PlanInput[]): PlanInput | undefined {
  return inputs.find(({ indexOf }) => indexOf.has(valuesOf))
}

function contribute(planned: PlannedArray, inputs: readonly PlanInput[], at: number): Contribution | Barrier {
  const { array, coordinate, valuesOf } = planned
  const values = inputs[at].values.values.get(valuesOf)
  const bytes = values instanceof Uint8Array ? values : new Uint8Array(0)
  const first = firstHaving(planned, inputs)
  if (coordinate === undefined || !first || inputs[at] === first || bytes.length === 0) return bytes
  const [from, to] = [inputs[at], first].map((input) => {
    const own = arrayOf(input, valuesOf)
    return own && timeUnitsOf(own, arrayOf(input, coordinate))
  })
  const conversion = planTimeConversion(from, to)
  if (!conversion) return bytes
  const units = [unitsOf(planned, first), unitsOf(planned, inputs[at])] as const
  const names = [first.name, inputs[at].name] as const
  const barrier = conversionBarrier(array, names, units)
  if (barrier) return barrier
  const isFill = fillTest(array)
  const numbers = numbersOf(bytes, array.dataType)
  const converted = convertValues(numbers, conversion, isFill)
  const lost = findLost(numbers, converted, conversion, isFill)
  if (lost === undefined) return converted
  return {
    kind: 'attribute',
    array: array.path,
    subject: 'units',
    inputs: names,
    values: units,
    files: [1, 1],
    advice: `${lost} is too fine for an 8-byte float in the other units: combine these files apart from each other`,
  }
}

/** The values of some inputs in the units of the result; undefined where none of them needs to be converted. */
export function commonTimes(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  members: readonly number[],
): readonly (readonly (number | bigint)[])[] | undefined {
  if (planned.role !== 'gathered' || planned.coordinate === undefined) return undefined
  const contributions = members.map((at) => contribute(planned, inputs, at))
  if (contributions.every((part) => part instanceof Uint8Array)) return undefined
  return contributions.map((part) => {
    if (!(part instanceof Uint8Array)) return isBarrier(part) ? [] : part
    const numbers = numbersOf(part, planned.array.dataType)
    return Array.from<number | bigint, number | bigint>(
      numbers as ArrayLike<number | bigint>,
      (value) => value,
    )
  })
}

function unitsOf({ valuesOf, coordinate }: PlannedArray, input: PlanInput): string {
  const own = arrayOf(input, valuesOf)?.attributes.units
  const inherited = coordinate === undefined ? undefined : arrayOf(input, coordinate)?.attributes.units
  return String(own ?? inherited ?? '')
}

function joinContributions(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  contributions: readonly Contribution[],
): GatheredChunk {
  const { array } = planned
  const type = String(array.dataType)
  const fit = contributions.every(
    (part) => part instanceof Uint8Array || part.every((value) => fitsType(value, type)),
  )
  const target = fit ? array : promotedToDouble(array)
  const bytes = Buffer.concat(contributions.map((part) => toBytes(part, array, target)))
  checkCount(array, bytes.length / itemSize(target.dataType))
  const first = firstHaving(planned, inputs)
  const units = first ? unitsOf(planned, first) : ''
  const reason = `stored as 8-byte floats: values converted to ${units} do not all fit ${type}`
  return { array: target, bytes, notes: fit ? [] : [{ path: array.path, reason }] }
}

function toBytes(part: Contribution, from: ArrayMetadata, to: ArrayMetadata): Uint8Array {
  if (part instanceof Uint8Array && from === to) return part
  const values = part instanceof Uint8Array ? numbersOf(part, from.dataType) : part
  const type = String(to.dataType)
  if (from === to) return bytesOf(numbersFrom(values, type), type)
  return bytesOf(
    Float64Array.from(values as ArrayLike<number | bigint>, (value) => exactDouble(value, to)),
    type,
  )
}

/** One value for every place, or all behind the first that is lacking would stand in another's. @throws PlanError */
function checkCount({ path, shape }: ArrayMetadata, count: number): void {
  const expected = shape.reduce<number>((product, extent) => product * (extent ?? 0), 1)
  if (count === expected) return
  throw new PlanError(`${path}: ${count} values for ${expected} places`, { array: path })
}

function exactDouble(value: number | bigint, { path: array }: ArrayMetadata): number {
  if (typeof value !== 'bigint' || Number.isSafeInteger(Number(value))) return Number(value)
  throw new PlanError(`${array}: ${value} cannot be stored exactly as an 8-byte float`, { array })
}
