/** Which inputs hold the same values in an array: by digest, and by the values themselves where digests differ. */
import type { PlanInput } from '../plan/plan-input.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { ChunkReader } from '../store/chunk-reader.ts'
import { compareValues, type ValueDifference } from '../store/compare-values.ts'

/** Stored bytes of an input that are kept for comparing it with many others. */
const KEPT_BYTES = 2 ** 25
/** Inputs held open for comparisons. */
const MOST_READERS = 8
/** Different values of one array that others are compared with; beyond, every digest counts as other values. */
const MOST_CLASSES = 8
/** After so many different values nothing is compared any more. */
const MOST_COMPARED = 64

export class ValueClasses {
  readonly #options: { readonly open: OpenSource; readonly signal?: AbortSignal | undefined }
  readonly #known = new Map<string, ValueDifference | null>()
  readonly #readers = new Map<PlanInput, ChunkReader>()

  constructor(options: { readonly open: OpenSource; readonly signal?: AbortSignal | undefined }) {
    this.#options = options
  }

  /** The first difference between two inputs' values of an array of equal shape and type; undefined where there is none. */
  async difference(path: string, a: PlanInput, b: PlanInput): Promise<ValueDifference | undefined> {
    const [x, y] = [a, b].map(({ values }) => values.digests.get(path))
    if (x !== undefined && x === y) return undefined
    const key = JSON.stringify([path, x ?? a.index, y ?? b.index])
    const known = this.#known.get(key)
    if (known !== undefined) return known ?? undefined
    const left = await this.#reader(a, b)
    const right = await this.#reader(b, a)
    const found = await compareValues(
      { reader: left, index: a.indexOf.get(path) ?? -1 },
      { reader: right, index: b.indexOf.get(path) ?? -1 },
    )
    this.#known.set(key, found ?? null)
    return found
  }

  /** Numbers by member, equal where values are; the first member has 0. */
  async classify(path: string, members: readonly PlanInput[]): Promise<Int32Array> {
    const byDigest = new Map<string, number>()
    const classes: PlanInput[] = []
    const classOf = new Int32Array(members.length)
    let next = 0
    for (const [at, member] of members.entries()) {
      const digest = member.values.digests.get(path) ?? `input ${member.index}`
      const known =
        byDigest.get(digest) ??
        (next > MOST_COMPARED ? undefined : await this.#classOf(path, member, classes))
      classOf[at] = known ?? next
      byDigest.set(digest, classOf[at])
      if (known !== undefined) continue
      next++
      if (classes.length < MOST_CLASSES) classes.push(member)
    }
    return classOf
  }

  async #classOf(
    path: string,
    member: PlanInput,
    classes: readonly PlanInput[],
  ): Promise<number | undefined> {
    for (const [number, other] of classes.entries()) {
      if (!(await this.difference(path, other, member))) return number
    }
    return undefined
  }

  async close(): Promise<void> {
    const readers = [...this.#readers.values()]
    this.#readers.clear()
    for (const reader of readers) await reader.close()
  }

  /** The first input is compared with all others: it stays open, as does the other side of the comparison. */
  async #reader(input: PlanInput, other: PlanInput): Promise<ChunkReader> {
    const known = this.#readers.get(input)
    if (known) return known
    const old = [...this.#readers].slice(1).find(([each]) => each !== other)
    if (old && this.#readers.size >= MOST_READERS) {
      this.#readers.delete(old[0])
      await old[1].close()
    }
    const reader = new ChunkReader(input.set, { ...this.#options, keepBytes: KEPT_BYTES / MOST_READERS })
    this.#readers.set(input, reader)
    return reader
  }
}
