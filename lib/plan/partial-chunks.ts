/** Where one grid cannot hold the chunks of all inputs: a chunk that is only partly filled, with more rows to follow. */
import type { Barrier } from './barriers.ts'
import { commonSplit, distinctArrays } from './common-split.ts'
import { arrayOf, type PlanInput } from './plan-input.ts'
import { hasChunks, type JoinedDimension, type PlannedArray } from './planned-array.ts'
import { copyAdvice } from './seams.ts'

/** The barriers of one array whose chunks stay referenced: one for each joined axis, with the first place that shows it. */
export function findPartialChunks(
  planned: PlannedArray,
  inputs: readonly PlanInput[],
  dimensions: readonly JoinedDimension[],
): Barrier[] {
  if (planned.role !== 'along') return []
  return planned.joins.flatMap(({ dim, axis, created }, index) => {
    if (created) return []
    const chunk = planned.array.chunkShape[axis]
    const offsets = planned.offsets[index]
    const used = usedPlaces(planned, inputs, dimensions[dim].slotOf)
    const partial = used.slice(0, -1).filter(({ slot }) => (offsets[slot + 1] - offsets[slot]) % chunk !== 0)
    const after = used.findIndex(({ slot }, at) => at > 0 && offsets[slot] % chunk !== 0)
    if (after < 0) return []
    const { slot, at } = used[after - 1]
    const extent = offsets[slot + 1] - offsets[slot]
    const arrays = used.flatMap(({ at: each }) => arrayOf(inputs[each], planned.array.path) ?? [])
    const split = commonSplit(arrays, axis, distinctArrays(inputs))
    const advice = split
      ? `its chunks have no filter: --split-chunks ${split} makes them fit one grid`
      : `put the file with the partial chunk last, or leave it out${copyAdvice(planned, inputs, dimensions)}`
    const pair = [inputs[at], inputs[used[after].at]] as const
    return [partialChunk(planned, axis, { extent, advice, count: partial.length }, pair)]
  })
}

/** The places where the array has chunks, in their order, each with one input. */
function usedPlaces(
  { array, owners }: PlannedArray,
  inputs: readonly PlanInput[],
  slotOf: Int32Array,
): { slot: number; at: number }[] {
  const bySlot = new Map<number, number>()
  for (const at of owners) {
    if (hasChunks(inputs[at], array.path) && !bySlot.has(slotOf[at])) bySlot.set(slotOf[at], at)
  }
  return [...bySlot].map(([slot, at]) => ({ slot, at })).sort((a, b) => a.slot - b.slot)
}

/** '3 rows', or '3 of lat' along an axis that is not the first. */
function stepsText(extent: number, dim: string, axis: number): string {
  if (axis > 0) return `${extent} of ${dim}`
  return extent === 1 ? '1 row' : `${extent} rows`
}

function partialChunk(
  { array }: PlannedArray,
  axis: number,
  found: { readonly extent: number; readonly advice: string; readonly count: number },
  [before, after]: readonly [PlanInput, PlanInput],
): Barrier {
  const { extent, advice, count } = found
  const chunk = array.chunkShape[axis]
  return {
    kind: 'partial-chunk',
    array: array.path,
    subject: 'a chunk in the middle would be only partly filled',
    inputs: [before.name, after.name],
    values: [`${stepsText(extent, array.dims[axis], axis)} in chunks of ${chunk}`, 'what comes next'],
    files: [Math.max(1, count), 1],
    advice,
  }
}
