/** One joined dimension: where its values come from, where each input lies along it, and how far each place extends. */
import { PlanError, UsageError } from '../errors.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import { elementValue, isNumeric, numbersOf } from '../store/element.ts'
import type { Barrier } from './barriers.ts'
import { convertTime, dateText, nanosecondsOf, type TimeUnits } from './cf-time.ts'
import type { CoordinateSource, CoordinateValues } from './coordinate-source.ts'
import { inputExtent } from './extents.ts'
import { valueKey } from './facets.ts'
import { nameOf } from './mention.ts'
import { nearNames } from './near-names.ts'
import { type Placement, type PlacementOptions, placeByList, placeByValues } from './placement.ts'
import { arrayOf, type PlanInput } from './plan-input.ts'
import { type Comparable, reduceSegment, type Segment } from './segment.ts'
import { fillTest, timeUnitsOf } from './time-conversion.ts'

export interface DimensionPlan {
  readonly name: string
  /** The array of the inputs whose values place them. */
  readonly path?: string
  /** By input: values that were found without reading arrays. */
  readonly given?: readonly CoordinateValues[]
  /** In words. */
  readonly from: string
  readonly placement: Placement
  readonly segments?: readonly (Segment | undefined)[]
  readonly text: (value: Comparable) => string
  /** The date that a value stands for, where the units are those of time. */
  readonly date?: (value: Comparable) => string | undefined
  readonly units: string
}

/** What the values of one coordinate are compared as. */
interface Coordinate {
  readonly segments: readonly (Segment | undefined)[]
  readonly text: (value: Comparable) => string
  /** The date that a value stands for, where the units are those of time. */
  readonly date?: (value: Comparable) => string | undefined
  readonly units: string
}

/** Plans dimension `dim` over the inputs, which stand in the order of the list. */
export function planDimension(
  dim: number,
  name: string,
  source: CoordinateSource | undefined,
  inputs: readonly PlanInput[],
  options: PlacementOptions,
): DimensionPlan {
  const extents = inputs.map((input) => inputExtent(input, dim))
  if (source?.kind === 'given') return planGiven(dim, name, source.text, inputs, extents, options)
  const path = source?.path ?? coordinatePath(name, inputs)
  if (source) checkSourceExtents(source.path, name, inputs, extents)
  const coordinate =
    path === undefined ? undefined : readCoordinate(path, inputs, source?.time ?? true, extents)
  if (path === undefined || !coordinate) {
    const named = path === undefined ? {} : { path }
    return { name, ...named, from: 'the list', placement: placeByList(extents), text: String, units: '' }
  }
  const placed = { dim: path, names: namesOf(inputs), extents, measured: true, ...coordinate }
  const placement = placeByValues(placed, options)
  const from = path === name ? 'the variable itself' : `the variable ${path}`
  return { name, path, from, placement, ...coordinate }
}

/**
 * @throws UsageError where no input has the array.
 * @throws PlanError where it has not one value for each place that the input has along the dimension.
 */
function checkSourceExtents(
  path: string,
  dimension: string,
  inputs: readonly PlanInput[],
  extents: readonly number[],
): void {
  if (!inputs.some(({ indexOf }) => indexOf.has(path))) {
    const known = inputs[0].set.header.arrays.map((array) => array.path)
    throw new UsageError(
      `the values of ${dimension} cannot come from ${path}: no file has it${nearNames(path, known)}`,
    )
  }
  for (const [at, input] of inputs.entries()) {
    const shape = arrayOf(input, path)?.shape
    const count = shape?.reduce<number>((product, extent) => product * (extent ?? 0), 1)
    if (count === undefined || count === extents[at]) continue
    const problem = `${dimension}: ${path} has ${count} value${count === 1 ? '' : 's'} for an extent of ${extents[at]} in ${input.name}`
    throw new PlanError(problem, { array: path, inputs: [input.name] })
  }
}

function planGiven(
  dim: number,
  name: string,
  from: string,
  inputs: readonly PlanInput[],
  extents: readonly number[],
  options: PlacementOptions,
): DimensionPlan {
  const given = inputs.map((input, at) => givenValues(input, dim, name, extents[at]))
  const segments = given.map(({ values }) => reduceSegment(values, () => false))
  const units = String(given[0]?.attributes.units ?? '')
  const placed = {
    dim: name,
    names: namesOf(inputs),
    segments,
    extents,
    text: String,
    units,
    measured: false,
  }
  const placement = placeByValues(placed, options)
  return { name, given, from, placement, segments, text: String, units }
}

/** None for an input without rows. @throws PlanError where there is not one value for each place along the dimension. */
function givenValues(
  { given, name }: PlanInput,
  dim: number,
  dimension: string,
  extent: number,
): CoordinateValues {
  const none: CoordinateValues = { values: [], attributes: {} }
  const own = (extent > 0 ? given[dim] : undefined) ?? none
  if (own.values.length === extent) return own
  const problem = `${dimension}: ${own.values.length} value${own.values.length === 1 ? '' : 's'} for an extent of ${extent} in ${name}`
  throw new PlanError(problem, { array: dimension, inputs: [name] })
}

function namesOf(inputs: readonly PlanInput[]): string[] {
  return inputs.map(({ name }) => name)
}

/** The coordinate variable of the dimension: that of the root, or else of the first group that has one. */
function coordinatePath(dim: string, inputs: readonly PlanInput[]): string | undefined {
  for (const { axes, set } of inputs) {
    const paths = set.header.arrays.flatMap(({ path }, at) =>
      axes[at].coordinate === path && nameOf(path) === dim ? [path] : [],
    )
    if (paths.length > 0) return paths.includes(dim) ? dim : paths[0]
  }
  return undefined
}

/**
 * undefined where the values of the inputs cannot be compared: other kinds of values, or units that cannot be converted,
 * or an input that has rows and no values. `extents`: rows of each input.
 */
export function readCoordinate(
  path: string,
  inputs: readonly PlanInput[],
  convertsTime: boolean,
  extents: readonly number[],
): Coordinate | undefined {
  const arrays = inputs.map((input) => arrayOf(input, path))
  const having = arrays.filter((array) => array !== undefined)
  const [first] = having
  if (!first || arrays.some((array, at) => !array && extents[at] > 0)) return undefined
  const numeric = having.map(({ dataType }) => isNumeric(dataType))
  if (numeric.includes(!numeric[0])) return undefined
  const units = String(first.attributes.units ?? '')
  const kinds = new Set(
    having.map(({ attributes }) => valueKey([attributes.units ?? null, attributes.calendar ?? null])),
  )
  if (kinds.size === 1 || !numeric[0]) {
    const time = timeUnitsOf(first, undefined)
    const dated = time && { date: (value: Comparable) => dateOfValue(value, time) }
    return { segments: inputs.map((input) => segmentOf(input, path)), text: String, units, ...dated }
  }
  const times = arrays.map((array) => array && timeUnitsOf(array, undefined))
  const base = timeUnitsOf(first, undefined)
  const fit = base && times.every((time, at) => !arrays[at] || time?.calendar === base.calendar)
  if (!fit || !convertsTime) return undefined
  return {
    segments: inputs.map((input, at) => segmentOf(input, path, times[at])),
    text: (value) => (typeof value === 'bigint' ? timeText(value, base) : String(value)),
    date: (value) => dateOfValue(value, absoluteTime(base)),
    units,
  }
}

/** Nanoseconds from the zero of the calendar. */
function absoluteTime({ calendar }: TimeUnits): TimeUnits {
  return { unit: 1n, reference: 0n, calendar }
}

function timeText(nanoseconds: bigint, base: TimeUnits): string {
  return String(convertTime(nanoseconds, absoluteTime(base), base))
}

function dateOfValue(value: Comparable, units: TimeUnits): string | undefined {
  return typeof value === 'string' ? undefined : dateText(value, units)
}

function segmentOf(input: PlanInput, path: string, time?: TimeUnits): Segment | undefined {
  const array = arrayOf(input, path)
  const values = input.values.values.get(path)
  if (!array || !values) return undefined
  const isFill = fillTest(array)
  const found = comparables(values, array)
  if (!time) return reduceSegment(found, isFill)
  const real = found.filter((value) => typeof value !== 'string' && !Number.isNaN(value) && !isFill(value))
  return reduceSegment(
    real.map((value) => nanosecondsOf(value as number | bigint, time)),
    () => false,
  )
}

/** Numbers where the array has them; else its strings, or the bytes of each element, as labels. */
function comparables(values: Uint8Array | readonly string[], array: ArrayMetadata): Comparable[] {
  if (!(values instanceof Uint8Array)) return [...values]
  if (isNumeric(array.dataType)) {
    return Array.from<number | bigint>(numbersOf(values, array.dataType) as ArrayLike<number | bigint>)
  }
  const size = itemSize(array.dataType)
  return Array.from({ length: values.length / size }, (_, at) =>
    String(elementValue(values.subarray(at * size, (at + 1) * size), array.dataType)),
  )
}

/** Where values are taken as they are, their units must be equal. */
export function rawUnitsBarrier(
  source: CoordinateSource | undefined,
  inputs: readonly PlanInput[],
): Barrier | undefined {
  if (source?.kind !== 'array' || source.time) return undefined
  const units = inputs.map((input) => arrayOf(input, source.path)?.attributes.units ?? 'absent')
  const keys = units.map(valueKey)
  const other = keys.findIndex((key) => key !== keys[0])
  if (other < 0) return undefined
  return {
    kind: 'attribute',
    array: source.path,
    subject: 'units',
    inputs: [inputs[0].name, inputs[other].name],
    values: [units[0], units[other]],
    files: [keys.filter((key) => key === keys[0]).length, keys.filter((key) => key === keys[other]).length],
    advice: `these are raw numbers: take decoded times instead (cf:${source.path})`,
  }
}
