/** Footers of many inputs' bodies as one: an array dropped in one input is dropped in all. */
import { PlanError } from '../errors.ts'
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import type { Coverage, Footer, Outcome } from '../model/reference-batch.ts'
import { firstFileOf, type PlanInput } from '../plan/plan-input.ts'
import { remarkKey } from '../plan/remarks.ts'
import type { SettledPlan } from './settled-plan.ts'

const RANK: Readonly<Record<Outcome['outcome'], number>> = { referenced: 0, copied: 1, skipped: 2 }

export class MergedFooter {
  readonly #settled: SettledPlan
  readonly #shapes: readonly (readonly number[])[]
  readonly #missing: number[]
  readonly #dropped = new Set<number>()
  readonly #outcomes = new Map<string, Outcome>()
  readonly #notes = new Map<string, Coverage['notes'][number]>()

  /** `expected`: by array, the chunks of the result that are asked for. */
  constructor(settled: SettledPlan, expected: readonly number[]) {
    this.#settled = settled
    this.#shapes = settled.arrays.map(({ shape }) => shape.map((extent) => extent ?? 0))
    this.#missing = [...expected]
    for (const { path, reason } of settled.plan.skipped)
      this.#outcomes.set(path, { path, outcome: 'skipped', reason })
    for (const note of settled.notes) this.#note(note)
  }

  isDropped(array: number): boolean {
    return this.#dropped.has(array)
  }

  /** An array whose values are inline by the plan; `chunks` of it were asked for. */
  copied(array: number, chunks: number): void {
    const { path } = this.#settled.arrays[array]
    const dims = this.#settled.plan.arrays[array].joins.map(({ dim }) => this.#settled.plan.options.dims[dim])
    const reason = `its values along ${dims.join(', ')} are one inline chunk`
    this.#outcomes.set(path, { path, outcome: 'copied', reason })
    this.#missing[array] -= chunks
  }

  /** An array of which some chunks are put together anew; `chunks` of it were handed on. */
  seamed(array: number, chunks: number): void {
    const { path } = this.#settled.arrays[array]
    const reason = 'chunks where files do not fit into one grid are decoded and encoded anew'
    if (!this.#dropped.has(array)) this.#outcomes.set(path, { path, outcome: 'copied', reason })
    this.#missing[array] -= chunks
  }

  /** Adds one body's footer; `asked` are the arrays of the result that the body was read for, `chunks` how many of each. */
  add(input: PlanInput, footer: Footer, asked: readonly number[], chunks: readonly number[]): void {
    const outcomes = new Map(footer.coverage.arrays.map((outcome) => [outcome.path, outcome]))
    for (const [index, array] of asked.entries()) {
      const { path } = this.#settled.arrays[array]
      const own = input.indexOf.get(path) ?? -1
      this.#missing[array] += (footer.missing[own] ?? 0) - chunks[index]
      const dropped = footer.dropped.includes(own)
      if (dropped) this.#dropped.add(array)
      this.#merge(input, outcomes.get(path), path, dropped)
    }
    for (const note of footer.coverage.notes) this.#note(note)
  }

  finish(): Footer {
    return {
      kind: 'footer',
      shapes: this.#shapes,
      missing: this.#missing,
      dropped: [...this.#dropped].sort((a, b) => a - b),
      coverage: { arrays: this.#ordered(), notes: [...this.#notes.values()] },
    }
  }

  /** In the order of the header, then what is skipped: not in the order in which the inputs were read. */
  #ordered(): Outcome[] {
    const paths = new Set([...this.#settled.arrays.map(({ path }) => path), ...this.#outcomes.keys()])
    return [...paths].flatMap((path) => this.#outcomes.get(path) ?? [])
  }

  #merge(input: PlanInput, outcome: Outcome | undefined, path: string, dropped: boolean): void {
    const known = this.#outcomes.get(path)
    const next = dropped ? 'skipped' : (outcome?.outcome ?? 'referenced')
    if (known && RANK[known.outcome] >= RANK[next]) return
    const reason = outcome?.reason ?? (dropped ? 'its chunks cannot be referenced' : undefined)
    const place = next === 'skipped' ? ` (in ${firstFileOf(input)})` : ''
    this.#outcomes.set(path, {
      path,
      outcome: next,
      ...(reason === undefined ? {} : { reason: reason + place }),
    })
  }

  #note(note: Coverage['notes'][number]): void {
    const key = remarkKey(note)
    if (!this.#notes.has(key)) this.#notes.set(key, note)
  }
}

/** Chunks of each array's grid. @throws PlanError where inputs together have more than can be numbered. */
export function gridCounts({ arrays, plan }: SettledPlan): number[] {
  return arrays.map(({ path, shape, chunkShape }, index) => {
    const extents = shape.map((extent) => extent ?? 0)
    const count = chunkCount(gridShape(extents, chunkShape))
    if (count <= Number.MAX_SAFE_INTEGER || plan.arrays[index].owners.length < 2) return count
    throw new PlanError(`${path}: all inputs together have a chunk grid above 2^53`, { array: path })
  })
}
