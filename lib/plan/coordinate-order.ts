/** Whether files follow one another along a coordinate: strictly, in one direction, without overlap. */
import type { Barrier } from './barriers.ts'

/** The values of one file's coordinate, reduced; files without values have none. */
export interface CoordinateRange {
  readonly name: string
  readonly least: number | bigint
  readonly greatest: number | bigint
  /** 1 strictly ascending, -1 strictly descending, 0 neither (one value included). */
  readonly direction: 1 | -1 | 0
}

/** Reduces the values of one file; `isFill` values and NaN do not count. undefined where none is left. */
export function coordinateRange(
  name: string,
  values: Iterable<number | bigint>,
  isFill: (value: number | bigint) => boolean,
): CoordinateRange | undefined {
  let least: number | bigint | undefined
  let greatest: number | bigint | undefined
  let before: number | bigint | undefined
  let [rises, falls] = [true, true]
  let count = 0
  for (const value of values) {
    if (Number.isNaN(value) || isFill(value)) continue
    if (before !== undefined) {
      rises &&= value > before
      falls &&= value < before
    }
    before = value
    count++
    if (least === undefined || value < least) least = value
    if (greatest === undefined || value > greatest) greatest = value
  }
  if (least === undefined || greatest === undefined) return undefined
  const direction = count < 2 || rises === falls ? 0 : rises ? 1 : -1
  return { name, least, greatest, direction }
}

/** Checks files one by one: each must begin where the one before has ended, and run in the same direction. */
export class CoordinateOrder {
  readonly #array: string
  readonly #units: string
  #before: CoordinateRange | undefined
  #direction: 1 | -1 | 0 = 0

  /** `units` is for messages. */
  constructor(array: string, units = '') {
    this.#array = array
    this.#units = units === '' ? '' : ` (${units})`
  }

  /** What is wrong with this file after those before it, if anything. */
  add(range: CoordinateRange): Barrier | undefined {
    const before = this.#before
    this.#before = range
    const inferred = before && range.least < before.least ? -1 : 1
    if (this.#direction === 0) this.#direction = range.direction || (before ? inferred : 0)
    if (!before) return undefined
    if (range.direction !== 0 && range.direction !== this.#direction) return this.#turned(before, range)
    const follows = this.#direction === 1 ? before.greatest < range.least : before.least > range.greatest
    return follows ? undefined : this.#disorder(before, range)
  }

  #turned(a: CoordinateRange, b: CoordinateRange): Barrier {
    const text = (range: CoordinateRange, direction: number) =>
      direction === 1 ? `${range.least} up to ${range.greatest}` : `${range.greatest} down to ${range.least}`
    return {
      kind: 'order',
      array: this.#array,
      subject: `the direction of the coordinate${this.#units}`,
      inputs: [a.name, b.name],
      values: [text(a, this.#direction), text(b, -this.#direction)],
      advice: 'sort the list of files by this coordinate, or leave out the file that runs the other way',
    }
  }

  #disorder(a: CoordinateRange, b: CoordinateRange): Barrier {
    const ascending = this.#direction === 1
    const apart = ascending ? b.greatest < a.least : b.least > a.greatest
    const ends = ascending ? `up to ${a.greatest}` : `down to ${a.least}`
    return {
      kind: 'order',
      array: this.#array,
      subject: `${apart ? 'the order of the files' : 'the coordinate overlaps: its range'}${this.#units}`,
      inputs: [a.name, b.name],
      values: [ends, `from ${ascending ? b.least : b.greatest}`],
      advice: apart
        ? 'sort the list of files by this coordinate'
        : 'sort the list of files by this coordinate, and leave out what is there twice',
    }
  }
}

/** The first label that an earlier file has too; labels have no order of their own. Adds this file's to `seen`. */
export function findDuplicate(
  array: string,
  name: string,
  labels: readonly string[],
  seen: Map<string, string>,
): Barrier | undefined {
  for (const [at, label] of labels.entries()) {
    const earlier = seen.get(label)
    if (earlier === undefined) continue
    return {
      kind: 'order',
      array,
      subject: 'the place of a label that is there twice',
      inputs: [earlier, name],
      values: [`${label} already`, `${label} again at ${at}`],
      advice: 'leave out what is there twice',
    }
  }
  for (const label of labels) seen.set(label, name)
  return undefined
}
