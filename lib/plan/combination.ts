/** What a combination of inputs is asked for, and its plan. */
import type { GroupMetadata, Skipped } from '../model/metadata.ts'
import type { Barrier } from './barriers.ts'
import type { CoordinateSource } from './coordinate-source.ts'
import type { DimensionPlan } from './dimension-plan.ts'
import type { PlanInput } from './plan-input.ts'
import type { JoinedDimension, PlannedArray } from './planned-array.ts'

export interface CombinationOptions {
  /** Names of the dimensions to join along; none where only variables are merged. */
  readonly dims: readonly string[]
  /** By dimension: where its values come from; undefined for the variable itself. */
  readonly sources: readonly (CoordinateSource | undefined)[]
  readonly identicalDims: readonly string[]
  readonly order: 'coordinate' | 'list'
  readonly mergeVariables: boolean
  readonly allowGaps: boolean
}

/** A joined dimension, placed. */
export interface PlannedDimension extends JoinedDimension {
  readonly plan: DimensionPlan
}

export interface CombinationPlan {
  readonly options: CombinationOptions
  /** In their final order: what the positions of arrays and dimensions count. */
  readonly inputs: readonly PlanInput[]
  readonly dimensions: readonly PlannedDimension[]
  readonly arrays: readonly PlannedArray[]
  /** By position: whether this input does not follow the one before it along a dimension. */
  readonly breaks: readonly boolean[]
  /** By position: whether it takes a place that an earlier one has. */
  readonly clashes: readonly boolean[]
  /** By path: numbers by position, equal where metadata do not stand between two inputs; -1 without the array. */
  readonly classes: ReadonlyMap<string, Int32Array>
  /** The same, leaving aside how chunks are stored: equal where values can be compared. */
  readonly structures: ReadonlyMap<string, Int32Array>
  /** Bytes of coordinates that no input has, by their index in `arrays`. */
  readonly created: ReadonlyMap<number, Uint8Array>
  readonly groups: readonly GroupMetadata[]
  readonly skipped: readonly Skipped[]
  readonly notes: readonly Skipped[]
  /** Of headers and coordinates; values that must be equal are compared elsewhere. */
  readonly barriers: readonly Barrier[]
}
