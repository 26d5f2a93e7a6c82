/** Eras: longest runs of inputs without a barrier between them; and inputs that stand apart from all others. */
import type { CombinationPlan } from './combination.ts'
import { arrayOf } from './plan-input.ts'

/** By path: numbers by position, equal where two inputs hold the same. */
type Classes = ReadonlyMap<string, Int32Array>

/** Positions at which eras begin; the first is 0. */
export function planEras(plan: CombinationPlan, valueClasses: Classes): number[] {
  const begins = [0]
  const classes = [...plan.classes.values(), ...valueClasses.values()]
  for (let at = 1; at < plan.inputs.length; at++) {
    const differs = classes.some((classOf) => classOf[at] !== classOf[at - 1])
    if (differs || plan.breaks[at] || isPartial(plan, at - 1)) begins.push(at)
  }
  return begins
}

/** Positions to leave out so that the rest may fit: those unlike most, or else those that clash with others. */
export function planLeftOut(plan: CombinationPlan, valueClasses: Classes): number[] {
  const classes = [...plan.classes.values(), ...valueClasses.values()]
  const kinds = plan.inputs.map((_, at) => classes.map((classOf) => classOf[at]).join())
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const [common] = [...counts].reduce((most, own) => (own[1] > most[1] ? own : most))
  const odd = [...kinds.keys()].filter((at) => kinds[at] !== common)
  if (odd.length > 0) return odd
  const positions = [...plan.inputs.keys()]
  const clashing = positions.filter((at) => plan.clashes[at])
  if (clashing.length > 0) return clashing
  return positions.slice(0, -1).filter((at) => isPartial(plan, at))
}

/** Whether an array of this input ends in a chunk that is only partly filled, along the one joined dimension. */
function isPartial(plan: CombinationPlan, at: number): boolean {
  return plan.arrays.some(({ role, joins, array }) => {
    const own = role === 'along' ? arrayOf(plan.inputs[at], array.path) : undefined
    if (!own) return false
    const created = array.dims.length - own.dims.length
    return joins.some((join) => {
      const axis = join.axis - created
      return !join.created && (own.shape[axis] ?? 0) % own.chunkShape[axis] !== 0
    })
  })
}
