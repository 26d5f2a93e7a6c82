/** Footers of many files' bodies as one: an array dropped in one file is dropped in all. */
import type { Coverage, Footer, Outcome } from '../model/reference-batch.ts'
import type { ConcatPlan } from '../plan/concat-plan.ts'
import type { Part } from '../plan/layout.ts'

const RANK: Readonly<Record<Outcome['outcome'], number>> = { referenced: 0, copied: 1, skipped: 2 }

export class MergedFooter {
  readonly #plan: ConcatPlan
  readonly #shapes: readonly (readonly number[])[]
  readonly #missing: number[]
  readonly #dropped = new Set<number>()
  readonly #outcomes = new Map<string, Outcome>()
  readonly #notes = new Map<string, Coverage['notes'][number]>()

  constructor(plan: ConcatPlan, shapes: readonly (readonly number[])[]) {
    this.#plan = plan
    this.#shapes = shapes
    this.#missing = plan.arrays.map(() => 0)
    for (const { path, reason } of plan.skipped)
      this.#outcomes.set(path, { path, outcome: 'skipped', reason })
    for (const note of plan.notes) this.#note(note)
  }

  isDropped(array: number): boolean {
    return this.#dropped.has(array)
  }

  /** Arrays whose values are inline by the plan. */
  copied(array: number): void {
    const { path } = this.#plan.arrays[array].array
    const reason = `its values along ${this.#plan.dim} are one inline chunk`
    this.#outcomes.set(path, { path, outcome: 'copied', reason })
  }

  /** Adds one body's footer; `asked` are the arrays of the result that the body was read for. */
  add(part: Part, footer: Footer, asked: readonly number[]): void {
    const outcomes = new Map(footer.coverage.arrays.map((outcome) => [outcome.path, outcome]))
    for (const array of asked) {
      const { path } = this.#plan.arrays[array].array
      const own = part.layout.indexOf.get(path) ?? -1
      this.#missing[array] += footer.missing[own] ?? 0
      const dropped = footer.dropped.includes(own)
      if (dropped) this.#dropped.add(array)
      this.#merge(part, outcomes.get(path), path, dropped)
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

  /** In the order of the header, then what is skipped: not in the order in which the files were read. */
  #ordered(): Outcome[] {
    const paths = new Set([...this.#plan.arrays.map(({ array }) => array.path), ...this.#outcomes.keys()])
    return [...paths].flatMap((path) => this.#outcomes.get(path) ?? [])
  }

  #merge(part: Part, outcome: Outcome | undefined, path: string, dropped: boolean): void {
    const known = this.#outcomes.get(path)
    const next = dropped ? 'skipped' : (outcome?.outcome ?? 'referenced')
    if (known && RANK[known.outcome] >= RANK[next]) return
    const reason = outcome?.reason ?? (dropped ? 'its chunks cannot be referenced' : undefined)
    const place = next === 'skipped' ? ` (in ${part.name})` : ''
    this.#outcomes.set(path, {
      path,
      outcome: next,
      ...(reason === undefined ? {} : { reason: reason + place }),
    })
  }

  #note(note: Coverage['notes'][number]): void {
    this.#notes.set(`${note.path}\0${note.reason}`, note)
  }
}
