/** What becomes of one array when inputs are joined: its axes, its shape, and whose chunks it is made of. */
import { PlanError } from '../errors.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { DimensionExtents } from './extents.ts'
import { groupOf } from './mention.ts'
import { arrayOf, axesOf, type PlanInput } from './plan-input.ts'
import { GATHERED_BYTES, type Join } from './requested-values.ts'

/**
 * `along`: its chunks stay referenced. `gathered`: small, along one joined dimension; its values become one inline chunk.
 * `fixed`: without a joined dimension, equal in all inputs; the first one's chunks stand for all.
 */
type Role = 'along' | 'gathered' | 'fixed'

export interface PlannedArray {
  readonly role: Role
  /** As the result has it; chunks and codecs are those of the first input that has any chunk. */
  readonly array: ArrayMetadata
  readonly joins: readonly Join[]
  /** The coordinate whose units it has: itself for a coordinate, its coordinate for bounds. */
  readonly coordinate?: string
  /** The array of the inputs whose values are gathered; its own path but for a coordinate that is taken from another. */
  readonly valuesOf: string
  /** Positions, in the order of the inputs, of those whose chunks or values it is made of: one for each of its places. */
  readonly owners: Int32Array
  /** Positions of an owner and of another input that has the same place, which must be equal; flat pairs. */
  readonly twins: Int32Array
  /** Joins, by joined dimension: where each place begins along it, in elements, and where the whole ends. */
  readonly offsets: readonly Float64Array[]
}

export interface JoinedDimension {
  readonly name: string
  /** Whether the inputs lack it, so that each fills one place. */
  readonly created: boolean
  /** By position of the input: its place along the dimension, or -1. */
  readonly slotOf: Int32Array
  readonly slots: number
  readonly extents: DimensionExtents
}

/** Plans the array over all inputs (in their final order) that have it. */
export function planArray(
  path: string,
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
): PlannedArray {
  const having = inputs.flatMap((input, at) => (input.indexOf.has(path) ? [at] : []))
  const first = inputs[having[0]]
  const array = arrayOf(first, path)
  const axes = axesOf(first, path)
  if (!array || !axes) throw new PlanError(`no input has ${path}`, { array: path })
  const { joins, dims, coordinate } = axes
  const offsets = joins.map(({ dim }) => dimensions[dim].extents.offsets(groupOf(path)))
  const { owners, twins } = findOwners(having, joins, dimensions)
  const created = dims.length - array.dims.length
  const shape = dims.map((_, axis) => {
    const join = joins.findIndex((each) => each.axis === axis)
    return join < 0 ? array.shape[axis - created] : (offsets[join].at(-1) ?? 0)
  })
  const gathered = isGathered(path, inputs, having, joins, shape, owners, dimensions)
  const role: Role = joins.length === 0 ? 'fixed' : gathered ? 'gathered' : 'along'
  const base = arrayOf(inputs[chunkedOwner(path, inputs, owners) ?? having[0]], path) ?? array
  const chunkShape = gathered
    ? shape.map((extent) => Math.max(1, extent ?? 1))
    : [...new Array<number>(created).fill(1), ...base.chunkShape]
  const codecs = gathered && array.dataType !== '|O' ? [] : base.codecs
  const { fillValue } = role === 'along' ? base : array
  return {
    role,
    array: { ...array, dims, shape, chunkShape, codecs, fillValue },
    joins,
    ...(coordinate === undefined ? {} : { coordinate }),
    valuesOf: path,
    owners,
    twins,
    offsets,
  }
}

/** Whether an input's array has a chunk. */
export function hasChunks(input: PlanInput, path: string): boolean {
  return arrayOf(input, path)?.shape.every((extent) => extent !== 0) ?? false
}

/** The first owner that has rows: chunks and codecs of one without any do not count. */
function chunkedOwner(path: string, inputs: readonly PlanInput[], owners: Int32Array): number | undefined {
  return owners.find((at) => hasChunks(inputs[at], path))
}

/** One owner for each combination of places; inputs that have no place are none. */
function findOwners(
  having: readonly number[],
  joins: readonly Join[],
  dimensions: readonly JoinedDimension[],
): { owners: Int32Array; twins: Int32Array } {
  const ownerOf = new Map<number, number>()
  const twins: number[] = []
  for (const at of having) {
    let cell = 0
    let placed = true
    for (const { dim } of joins) {
      const slot = dimensions[dim].slotOf[at]
      placed &&= slot >= 0
      cell = cell * (dimensions[dim].slots + 1) + slot
    }
    if (!placed) continue
    const owner = ownerOf.get(cell)
    if (owner === undefined) ownerOf.set(cell, at)
    else twins.push(owner, at)
  }
  return { owners: Int32Array.from(ownerOf.values()), twins: Int32Array.from(twins) }
}

function isGathered(
  path: string,
  inputs: readonly PlanInput[],
  having: readonly number[],
  joins: readonly Join[],
  shape: readonly (number | null)[],
  owners: Int32Array,
  dimensions: readonly JoinedDimension[],
): boolean {
  const [join] = joins
  if (joins.length !== 1 || owners.length < dimensions[join.dim].slots) return false
  if (having.some((at) => axesOf(inputs[at], path)?.gatherable !== true)) return false
  const { dataType = '|O' } = arrayOf(inputs[having[0]], path) ?? {}
  const size = dataType === '|O' ? 1 : itemSize(dataType)
  return shape.reduce<number>((product, extent) => product * (extent ?? 0), size) <= GATHERED_BYTES
}
