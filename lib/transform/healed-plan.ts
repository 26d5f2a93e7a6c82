/** A plan without the barriers that copying chunks heals. */
import { HEALED_KINDS, planSeams, type SeamPlan } from '../plan/seams.ts'
import type { SettledPlan } from './settled-plan.ts'

/** The plan in which chunks are copied wherever that is all that stands in the way of an array. */
export function healSeams(settled: SettledPlan): SettledPlan {
  const { plan, barriers } = settled
  const seams = new Map<number, SeamPlan>()
  for (const [index, planned] of plan.arrays.entries()) {
    const own = barriers.filter(({ array }) => array === planned.array.path)
    if (own.length === 0 || !own.every(({ kind }) => HEALED_KINDS.has(kind))) continue
    const seam = planSeams(planned, plan.inputs, plan.dimensions)
    if (seam) seams.set(index, seam)
  }
  const healed = new Set([...seams.values()].map(({ array }) => array.path))
  return {
    ...settled,
    arrays: settled.arrays.map((array, index) => seams.get(index)?.array ?? array),
    barriers: barriers.filter(({ array, kind }) => !(healed.has(array) && HEALED_KINDS.has(kind))),
    seams,
  }
}
