/** In which order the bodies of joined inputs are read, so that the chunks of every array ascend. */
import type { ArrayMetadata } from '../model/metadata.ts'
import { placeChunks } from '../plan/chunk-placement.ts'
import type { CombinationPlan } from '../plan/combination.ts'

export interface Reading {
  /** Arrays whose inputs follow one another in the order of the inputs. */
  readonly sequential: readonly number[]
  /** Arrays that have to be sorted. */
  readonly interleaved: readonly number[]
  /** By position of the input, ascending: the sequential arrays that are read from it. */
  readonly byInput: ReadonlyMap<number, readonly number[]>
}

/** Plans the reading of these arrays. */
export function planReading(
  plan: CombinationPlan,
  asked: readonly number[],
  final: readonly ArrayMetadata[],
): Reading {
  const sequential: number[] = []
  const interleaved: number[] = []
  for (const array of asked) {
    const empty = final[array].shape.some((extent) => extent === 0)
    if (empty || isSequential(plan, array)) sequential.push(array)
    else interleaved.push(array)
  }
  const byInput = new Map<number, number[]>()
  for (const array of sequential) {
    for (const at of plan.arrays[array].owners) {
      const own = byInput.get(at)
      if (own) own.push(array)
      else byInput.set(at, [array])
    }
  }
  const positions = [...byInput].sort(([a], [b]) => a - b)
  return { sequential, interleaved, byInput: new Map(positions) }
}

/** Whether each input's chunks all come after those of the input before it. */
function isSequential({ arrays, inputs, dimensions }: CombinationPlan, array: number): boolean {
  let next = 0
  for (const at of arrays[array].owners) {
    const { count, first, last } = placeChunks(arrays[array], inputs, at, dimensions)
    if (count === 0) continue
    if (first < next) return false
    next = last + 1
  }
  return true
}
