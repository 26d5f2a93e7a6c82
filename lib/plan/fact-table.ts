/** Facts: what of an array's metadata planning compares, numbered; thousands of inputs share a few. */
import type { ArrayMetadata } from '../model/metadata.ts'
import { DECODING_ATTRIBUTES, decodingCodecs } from './barriers.ts'
import { valueKey } from './facets.ts'

/** Numbers for objects by their content; one that was seen before is found by its identity. */
class ContentNumbers {
  readonly #byIdentity = new WeakMap<object, number>()
  readonly #byText = new Map<string, number>()

  of(object: object, text: () => string): number {
    const seen = this.#byIdentity.get(object)
    if (seen !== undefined) return seen
    const key = text()
    const number = this.#byText.get(key) ?? this.#byText.size
    this.#byText.set(key, number)
    this.#byIdentity.set(object, number)
    return number
  }
}

/** Attributes that take part in comparisons. */
const COMPARED = [...DECODING_ATTRIBUTES, 'bounds', 'climatology']

export class FactTable {
  /** An array of each kind: the first one seen. */
  readonly arrays: ArrayMetadata[] = []
  readonly #dims: readonly string[]
  readonly #numbers = new ContentNumbers()
  readonly #attributes = new ContentNumbers()
  readonly #codecs = new ContentNumbers()
  readonly #facts = new Map<string, number>()

  /** `dims`: extents along these are no part of the facts. */
  constructor(dims: readonly string[]) {
    this.#dims = dims
  }

  /** The number of the array's facts: equal for arrays that differ in nothing that is compared. */
  add(array: ArrayMetadata): number {
    const { dims, shape, chunkShape, dataType, fillValue, codecs, attributes } = array
    const list = (value: readonly (string | number)[]) => this.#numbers.of(value, () => JSON.stringify(value))
    const parts = [
      list(dims),
      shape.map((extent, axis) => (this.#dims.includes(dims[axis]) ? '' : extent)).join(),
      list(chunkShape),
      typeof dataType === 'string' ? dataType : this.#numbers.of(dataType, () => JSON.stringify(dataType)),
      fillValue ? this.#numbers.of(fillValue, () => `0x${Buffer.from(fillValue).toString('hex')}`) : '',
      this.#codecs.of(codecs, () => JSON.stringify(decodingCodecs(codecs))),
      this.#attributes.of(attributes, () => valueKey(COMPARED.map((name) => attributes[name] ?? null))),
    ]
    const key = `${parts.join('|')}|${array.path}`
    const known = this.#facts.get(key)
    if (known !== undefined) return known
    this.#facts.set(key, this.arrays.length)
    this.arrays.push(array)
    return this.arrays.length - 1
  }
}
