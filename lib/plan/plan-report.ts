/** What a plan tells: what would be built, in which order, and everything that stands in its way. */
import type { AttributeValue, Skipped } from '../model/metadata.ts'
import type { Barrier } from './barriers.ts'

/** A dimension of the result. */
export interface DimensionReport {
  readonly name: string
  readonly size: number
  /** Whether inputs are joined along it. */
  readonly joined: boolean
  /** Where a joined dimension has a coordinate: where its values come from, and its ends in the result. */
  readonly coordinate?: {
    readonly from: string
    readonly first: AttributeValue
    readonly last: AttributeValue
    readonly units?: string
    /** Both ends as dates, where the units are those of time. */
    readonly dates?: readonly [first: string, last: string]
  }
}

export interface ArrayReport {
  readonly path: string
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
  readonly dataType: string
  readonly codecs: readonly string[]
  /** `referenced`: chunks stay where they are; `gathered`: its values become one inline chunk; `once`: equal in all inputs, the first one's is kept. */
  readonly role: 'referenced' | 'gathered' | 'once'
  /** Chunks of the grid: the most references that it can have. */
  readonly chunks: number
  /** Inputs that have the array. */
  readonly inputs: number
}

/** A longest run of inputs without a barrier between them. */
export interface EraReport {
  readonly name: string
  readonly inputs: number
  readonly first: string
  readonly last: string
}

export interface PlanReport {
  readonly inputs: number
  readonly order: {
    readonly by: 'coordinate' | 'list'
    /** In words: "by the values of time, ascending". */
    readonly reason: string
    readonly first: string
    readonly last: string
    /** Inputs whose place is not the one that the list gives them. */
    readonly moved: number
  }
  readonly dimensions: readonly DimensionReport[]
  readonly arrays: readonly ArrayReport[]
  /** Places in the grid of joined dimensions, and how many of them no input has: these read as missing chunks. */
  readonly cells: number
  readonly emptyCells: number
  /** Each of the first few empty cells in words: "time=3, member=r2". */
  readonly emptyExamples: readonly string[]
  /** The most references that the set can have, and chunks kept inline. */
  readonly references: number
  readonly inlined: number
  /** Estimated bytes of the set on disk, and of memory that a reader of one variable needs. */
  readonly estimatedBytes: number
  readonly readerBytes: number
  /**
   * What has to be decoded and encoded anew (`onMismatch: 'copy'`) to join all inputs; absent where nothing has to be, or
   * where other barriers remain.
   */
  readonly seams?: {
    readonly arrays: readonly string[]
    readonly chunks: number
    /** Decoded bytes of these chunks, at most: what is written is compressed. */
    readonly bytes: number
    /** Decoded bytes of the arrays. */
    readonly wholeBytes: number
  }
  readonly barriers: readonly Barrier[]
  /** One where nothing stands in the way; none where inputs are joined along several dimensions. */
  readonly eras: readonly EraReport[]
  /** Inputs left out (`onMismatch: 'skip'`), and why. */
  readonly leftOut: readonly { readonly input: string; readonly reason: string }[]
  readonly skipped: readonly Skipped[]
  readonly notes: readonly Skipped[]
}
