/** One input as planning sees it: its header in numbers that can be compared, and the values that were read of it. */
import type { InputValues } from '../model/build-journal.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { CoordinateValues } from './coordinate-source.ts'
import type { FactTable } from './fact-table.ts'
import type { JoinedAxes } from './requested-values.ts'

export interface PlanInput {
  /** Its place in the list. */
  readonly index: number
  /** What messages call it. */
  readonly name: string
  readonly set: ReferenceSet
  /** By path: the array's index in the set. */
  readonly indexOf: ReadonlyMap<string, number>
  /** By array: how it lies in the result. */
  readonly axes: readonly JoinedAxes[]
  /** By array: the number of its facts. */
  readonly facts: Int32Array
  readonly values: InputValues
  /** By joined dimension: its values along it, where these are not read from an array. */
  readonly given: readonly (CoordinateValues | undefined)[]
}

/** Path tables that thousands of inputs share. */
export class PathTables {
  readonly #known = new Map<string, ReadonlyMap<string, number>>()

  /** The indexes of the arrays by their paths. */
  of(arrays: readonly ArrayMetadata[]): ReadonlyMap<string, number> {
    const key = arrays.map(({ path }) => path).join('\0')
    const known = this.#known.get(key)
    if (known) return known
    const table = new Map(arrays.map(({ path }, index) => [path, index]))
    this.#known.set(key, table)
    return table
  }
}

/** Lists of axes that thousands of inputs share. */
export class AxesTable {
  readonly #numbers = new Map<string, number>()
  readonly #lists = new Map<string, readonly JoinedAxes[]>()

  /** A list equal to this one, the same for all that are. */
  of(axes: readonly JoinedAxes[]): readonly JoinedAxes[] {
    const numbers = axes.map((each) => {
      const joins = each.joins.map(({ dim, axis, created }) => `${dim} ${axis} ${created}`).join()
      const text = `${joins}\0${each.gatherable}\0${each.coordinate ?? ''}\0${each.dims.join('\0')}`
      const number = this.#numbers.get(text) ?? this.#numbers.size
      this.#numbers.set(text, number)
      return number
    })
    const key = numbers.join()
    const known = this.#lists.get(key) ?? axes
    this.#lists.set(key, known)
    return known
  }
}

/** What messages and records call a set: what it was opened from, or the first file it points at. */
export function nameOfSet(set: ReferenceSet, index: number): string {
  return set.name ?? set.sources[0]?.url ?? `input ${index + 1}`
}

/** The file that a record names: never an intermediate set, so that no record tells how inputs were grouped. */
export function firstFileOf({ set, name }: PlanInput): string {
  return set.sources[0]?.url ?? name
}

/** The last file of an input. */
export function lastFileOf({ set, name }: PlanInput): string {
  return set.sources.at(-1)?.url ?? name
}

/** The array of that path; undefined where the input lacks it. */
export function arrayOf({ set, indexOf }: PlanInput, path: string): ArrayMetadata | undefined {
  const index = indexOf.get(path)
  return index === undefined ? undefined : set.header.arrays[index]
}

/** As `arrayOf`, with how it lies in the result. */
export function axesOf({ axes, indexOf }: PlanInput, path: string): JoinedAxes | undefined {
  const index = indexOf.get(path)
  return index === undefined ? undefined : axes[index]
}

/** Numbers the arrays of a set. */
export function factsOf(arrays: readonly ArrayMetadata[], table: FactTable): Int32Array {
  return Int32Array.from(arrays, (array) => table.add(array))
}
