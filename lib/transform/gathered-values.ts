/** The values of small arrays along the concatenated dimension, file after file, as the bytes of one chunk. */
import { encodeVlenUtf8 } from '../codec/vlen-utf8.ts'
import { PlanError } from '../errors.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata, Skipped } from '../model/metadata.ts'
import { type Barrier, barrierError } from '../plan/barriers.ts'
import { CoordinateOrder, coordinateRange, findDuplicate } from '../plan/coordinate-order.ts'
import type { Layout, Part } from '../plan/layout.ts'
import type { PlannedArray } from '../plan/planned-array.ts'
import {
  conversionBarrier,
  convertValues,
  fillTest,
  findLost,
  fitsType,
  planTimeConversion,
  promotedToDouble,
  timeUnitsOf,
} from '../plan/time-conversion.ts'
import { bytesOf, elementValue, isNumeric, numbersFrom, numbersOf } from '../store/element.ts'
import { isVlenString } from '../store/zarr-metadata.ts'

/** One file's contribution: its bytes as they are, or its numbers in the first file's units. */
type Contribution = Uint8Array | (number | bigint)[]

/** Collects one array; parts must be added in their order. */
export class GatheredValues {
  readonly #planned: PlannedArray
  readonly #first: Layout
  readonly #contributions: Contribution[] = []
  readonly #strings: string[] = []
  readonly #order: CoordinateOrder
  readonly #labels = new Map<string, string>()
  readonly #isFill: (value: number | bigint) => boolean

  constructor(planned: PlannedArray, first: Layout) {
    this.#planned = planned
    this.#first = first
    this.#isFill = fillTest(planned.array)
    this.#order = new CoordinateOrder(planned.array.path, this.#units(first))
  }

  /**
   * Adds a file's values in C order: the bytes of elements of fixed size, or strings.
   * @throws PlanError where the coordinate does not follow the file before.
   */
  add(part: Part, values: Uint8Array | string[]): void {
    const { path } = this.#planned.array
    const contribution = values instanceof Uint8Array ? this.#convert(part, values) : undefined
    if (this.#planned.coordinate === path)
      this.#checkOrder(part.name, contribution ?? labelsOf(values, this.#planned.array))
    if (this.#planned.role !== 'gathered') return
    if (contribution) this.#contributions.push(contribution)
    else if (!(values instanceof Uint8Array)) for (const text of values) this.#strings.push(text)
  }

  /** The array as the result has it, its one chunk, and what there is to say about it. */
  finish(): { array: ArrayMetadata; bytes: Uint8Array; notes: Skipped[] } {
    const { array } = this.#planned
    if (isVlenString(array)) return { array, bytes: encodeVlenUtf8(this.#strings), notes: [] }
    const type = String(array.dataType)
    const fit = this.#contributions.every(
      (part) => part instanceof Uint8Array || part.every((value) => fitsType(value, type)),
    )
    const target = fit ? array : promotedToDouble(array)
    const parts = this.#contributions.map((part) => toBytes(part, array, target))
    const reason = `stored as 8-byte floats: values converted to ${this.#units(this.#first)} do not all fit ${type}`
    return { array: target, bytes: concatBytes(parts), notes: fit ? [] : [{ path: array.path, reason }] }
  }

  #convert(part: Part, bytes: Uint8Array): Contribution {
    const { coordinate } = this.#planned
    if (coordinate === undefined || part.layout === this.#first) return bytes
    const [from, to] = [part.layout, this.#first].map((layout) =>
      timeUnitsOf(arrayIn(layout, this.#planned.array.path), arrayIn(layout, coordinate)),
    )
    const conversion = planTimeConversion(from, to)
    if (!conversion || bytes.length === 0) return bytes
    const { array } = this.#planned
    const inputs = [this.#first.name, part.name] as const
    const units = [this.#units(this.#first), this.#units(part.layout)] as const
    const barrier = conversionBarrier(array, inputs, units)
    if (barrier) throw barrierError([barrier])
    const numbers = numbersOf(bytes, array.dataType)
    const converted = convertValues(numbers, conversion, this.#isFill)
    const lost = findLost(numbers, converted, conversion, this.#isFill)
    if (lost === undefined) return converted
    const advice = `${lost} is too fine for an 8-byte float in the other units: put the file with the finer units first`
    throw barrierError([
      { kind: 'attribute', array: array.path, subject: 'units', inputs, values: units, advice },
    ])
  }

  #units(layout: Layout): string {
    const { array, coordinate } = this.#planned
    const own = arrayIn(layout, array.path).attributes.units
    return String(own ?? (coordinate === undefined ? '' : arrayIn(layout, coordinate).attributes.units) ?? '')
  }

  #checkOrder(name: string, values: Contribution | string[]): void {
    const { array } = this.#planned
    const labels = isNumeric(array.dataType) ? undefined : labelsOf(values, array)
    const barrier = labels
      ? findDuplicate(array.path, name, labels, this.#labels)
      : this.#disorder(name, values as Contribution)
    if (barrier) throw barrierError([barrier])
  }

  #disorder(name: string, contribution: Contribution): Barrier | undefined {
    const { array } = this.#planned
    const values = contribution instanceof Uint8Array ? numbersOf(contribution, array.dataType) : contribution
    const range = coordinateRange(name, values, this.#isFill)
    return range && this.#order.add(range)
  }
}

function arrayIn(layout: Layout, path: string): ArrayMetadata {
  return layout.header.arrays[layout.indexOf.get(path) ?? 0]
}

/** The values of a coordinate that has no numbers: its strings, or else the bytes of each element. */
function labelsOf(values: Contribution | string[], array: ArrayMetadata): string[] {
  if (!(values instanceof Uint8Array)) return values.map(String)
  const size = itemSize(array.dataType)
  const count = values.length / size
  return Array.from({ length: count }, (_, at) =>
    String(elementValue(values.subarray(at * size, (at + 1) * size), array.dataType)),
  )
}

function toBytes(part: Contribution, from: ArrayMetadata, to: ArrayMetadata): Uint8Array {
  if (part instanceof Uint8Array && from === to) return part
  const values = part instanceof Uint8Array ? numbersOf(part, from.dataType) : part
  const type = String(to.dataType)
  if (from === to) return bytesOf(numbersFrom(values, type), type)
  const numbers = Array.from(values as ArrayLike<number | bigint>, (value) => {
    if (typeof value !== 'bigint' || Number.isSafeInteger(Number(value))) return Number(value)
    throw new PlanError(`${to.path}: ${value} cannot be stored exactly as an 8-byte float`, {
      array: to.path,
    })
  })
  return bytesOf(Float64Array.from(numbers), type)
}

function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
