/** How far each place along a joined dimension extends, in each group; in one place all arrays must agree. */
import type { Barrier } from './barriers.ts'
import { groupOf } from './mention.ts'
import type { PlanInput } from './plan-input.ts'

/** The extent of one input along a dimension: the greatest of its arrays, 1 where the axis is created, 0 without any. */
export function inputExtent(input: PlanInput, dim: number): number {
  let greatest = 0
  for (const index of input.axes.keys()) {
    const joined = input.axes[index].joins.some((join) => join.dim === dim)
    if (joined) greatest = Math.max(greatest, fileExtent(input, index, dim))
  }
  return greatest
}

/** The extent of one array of an input along a dimension that it has; 1 where the axis is created. */
function fileExtent({ set, axes }: PlanInput, index: number, dim: number): number {
  const { joins, dims } = axes[index]
  const join = joins.find((each) => each.dim === dim)
  if (!join || join.created) return 1
  const created = dims.length - set.header.arrays[index].dims.length
  return set.header.arrays[index].shape[join.axis - created] ?? 0
}

export class DimensionExtents {
  readonly #slots: number
  readonly #byGroup = new Map<string, { extents: Float64Array; tellers: (string | undefined)[] }>()
  readonly #any: Float64Array
  readonly #offsets = new Map<string, Float64Array>()
  readonly barriers: Barrier[] = []

  constructor(
    name: string,
    dim: number,
    inputs: readonly PlanInput[],
    slotOf: ArrayLike<number>,
    slots: number,
  ) {
    this.#slots = slots
    this.#any = new Float64Array(slots).fill(-1)
    for (const [at, input] of inputs.entries()) {
      if (slotOf[at] >= 0) this.#add(name, dim, input, slotOf[at])
    }
  }

  /** Where each place begins in arrays of the group, and at last where the whole ends. */
  offsets(group: string): Float64Array {
    const known = this.#offsets.get(group)
    if (known) return known
    const own = this.#byGroup.get(group)?.extents
    const offsets = new Float64Array(this.#slots + 1)
    for (let slot = 0; slot < this.#slots; slot++) {
      const extent = own && own[slot] >= 0 ? own[slot] : Math.max(0, this.#any[slot])
      offsets[slot + 1] = offsets[slot] + extent
    }
    this.#offsets.set(group, offsets)
    return offsets
  }

  #add(name: string, dim: number, input: PlanInput, slot: number): void {
    for (const [index, { joins }] of input.axes.entries()) {
      if (!joins.some((join) => join.dim === dim)) continue
      const { path } = input.set.header.arrays[index]
      this.#tell(name, groupOf(path), slot, fileExtent(input, index, dim), path, input.name)
    }
  }

  #tell(name: string, group: string, slot: number, extent: number, path: string, input: string): void {
    const scope = this.#byGroup.get(group) ?? {
      extents: new Float64Array(this.#slots).fill(-1),
      tellers: new Array<string | undefined>(this.#slots),
    }
    this.#byGroup.set(group, scope)
    if (this.#any[slot] < 0) this.#any[slot] = extent
    if (scope.extents[slot] < 0) {
      scope.extents[slot] = extent
      scope.tellers[slot] = `${path} of ${input}`
    } else if (scope.extents[slot] !== extent && this.barriers.length === 0) {
      const teller = scope.tellers[slot] ?? ''
      const within = teller.endsWith(` of ${input}`) ? 'within one file' : 'at one place'
      this.barriers.push({
        kind: 'extent',
        array: path,
        subject: `${within}, the extent of ${name}`,
        inputs: [teller, `${path} of ${input}`],
        values: [scope.extents[slot], extent],
        files: [1, 1],
        advice: 'leave one of the variables out',
      })
    }
  }
}
