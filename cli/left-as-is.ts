/** Arrays whose chunks were to be split or merged and stay as they are: each is told once, whatever the number of files. */
import { type Surroundings, say } from './output.ts'
import { sayFirst } from './skipped-report.ts'
import { formatPlural } from './text-table.ts'

type Done = 'split' | 'merged'

/** Collects them. */
export class LeftAsIs {
  readonly #reasons = { split: new Map<string, string>(), merged: new Map<string, string>() }

  /** For the stages: takes a path and a reason; the first reason of an array counts. */
  readonly add =
    (done: Done) =>
    (path: string, reason: string): void => {
      const reasons = this.#reasons[done]
      if (!reasons.has(path)) reasons.set(path, reason)
    }

  /** Says which they are. */
  report(around: Surroundings): void {
    for (const done of ['split', 'merged'] as const) {
      const reasons = [...this.#reasons[done]]
      if (reasons.length === 0) continue
      say(around, `Not ${done}: ${formatPlural(reasons.length, 'array')}`)
      sayFirst(
        around,
        reasons.map(([path, reason]) => `${path}: ${reason}`),
      )
    }
  }
}
