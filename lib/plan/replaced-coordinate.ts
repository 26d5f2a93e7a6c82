/** Coordinates that do not come from the variable of their name: given values, or another variable's. */
import { UsageError } from '../errors.ts'
import type { PlannedDimension } from './combination.ts'
import type { CoordinateValues } from './coordinate-source.ts'
import { createdCoordinate } from './created-coordinate.ts'
import { nameOf } from './mention.ts'
import { arrayOf, type PlanInput } from './plan-input.ts'
import { type PlannedArray, planArray } from './planned-array.ts'

/**
 * The arrays with the coordinate of each dimension that was placed by other values than its own variable's:
 * one takes the place of that variable, or comes first; sorted where variables are merged. `created` has the bytes of those that no input has.
 */
export function withCreatedCoordinate(
  planned: readonly PlannedArray[],
  inputs: readonly PlanInput[],
  dimensions: readonly PlannedDimension[],
  mergeVariables: boolean,
): { arrays: PlannedArray[]; created: Map<number, Uint8Array> } {
  const arrays = [...planned]
  const bytes = new Map<PlannedArray, Uint8Array>()
  for (const [dim, dimension] of dimensions.entries()) {
    const { plan, name } = dimension
    // The variable of its name, be it in a group, is an array of the inputs as any other.
    if (!plan.given && (plan.path === undefined || nameOf(plan.path) === name)) continue
    const coordinate = plan.given
      ? givenCoordinate(dim, dimension, plan.given)
      : { array: takenCoordinate(dim, dimension, inputs, dimensions), bytes: undefined }
    if (!coordinate.array) continue
    if (coordinate.bytes) bytes.set(coordinate.array, coordinate.bytes)
    const own = arrays.findIndex(({ array }) => array.path === name)
    checkReplaced(name, inputs)
    arrays.splice(Math.max(0, own), own < 0 ? 0 : 1, coordinate.array)
  }
  // Which variable comes first would tell how inputs were put together before.
  if (mergeVariables) arrays.sort((a, b) => (a.array.path < b.array.path ? -1 : 1))
  const created = new Map<number, Uint8Array>()
  for (const [index, array] of arrays.entries()) {
    const own = bytes.get(array)
    if (own) created.set(index, own)
  }
  return { arrays, created }
}

/** @throws UsageError where what would be replaced is no coordinate. */
function checkReplaced(name: string, inputs: readonly PlanInput[]): void {
  for (const input of inputs) {
    const other = arrayOf(input, name)?.dims.find((dim) => dim !== name)
    if (other === undefined) continue
    throw new UsageError(
      `${name} cannot be a new dimension: ${input.name} has a variable of that name along ${other}; rename one of them`,
    )
  }
}

function givenCoordinate(
  dim: number,
  { name, plan }: PlannedDimension,
  given: readonly CoordinateValues[],
): { array: PlannedArray; bytes: Uint8Array } {
  const values = plan.placement.slots.map((input) => given[input])
  const { array, bytes } = createdCoordinate(name, name, values)
  const planned: PlannedArray = {
    role: 'gathered',
    array,
    joins: [{ dim, axis: 0, created: true }],
    coordinate: name,
    valuesOf: name,
    owners: new Int32Array(0),
    twins: new Int32Array(0),
    offsets: [],
  }
  return { array: planned, bytes }
}

/** The coordinate with the values, and the attributes, of another variable. */
function takenCoordinate(
  dim: number,
  { name, plan, slotOf, slots, extents }: PlannedDimension,
  inputs: readonly PlanInput[],
  dimensions: readonly PlannedDimension[],
): PlannedArray | undefined {
  const path = plan.path ?? ''
  const source = inputs.map((input) => arrayOf(input, path)).find((array) => array !== undefined)
  if (!source) return undefined
  const base = planArray(path, inputs, dimensions)
  const length = extents.offsets('')[slots]
  const codecs = source.dataType === '|O' ? source.codecs : []
  const array = {
    ...source,
    path: name,
    dims: [name],
    shape: [length],
    chunkShape: [Math.max(1, length)],
    codecs,
  }
  const owners = Int32Array.from({ length: slots }, (_, slot) => slotOf.indexOf(slot))
  return {
    ...base,
    role: 'gathered',
    array,
    joins: [{ dim, axis: 0, created: false }],
    coordinate: path,
    valuesOf: path,
    owners,
    twins: new Int32Array(0),
  }
}
