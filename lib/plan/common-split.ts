/** The split that would give arrays of several inputs one grid, as `--split-chunks` takes it. */
import { isKStreamError } from '../errors.ts'
import { greatestCommonDivisor } from '../model/chunk-split.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { ChunkDecision, ChunkExtents } from './chunk-request.ts'
import { planSplit } from './chunk-split.ts'
import type { PlanInput } from './plan-input.ts'

/**
 * 'time=1': for arrays without filters, in the order in which they are joined along `axis`; undefined where one has a
 * filter, or where all fit already. Axes before one that is split are split to 1, so that the bytes of a piece lie together.
 * Also undefined where one of the `others`, whose chunks would be split too, cannot be split so.
 */
export function commonSplit(
  arrays: readonly ArrayMetadata[],
  axis: number,
  others: readonly ArrayMetadata[] = [],
): string | undefined {
  const extents = commonExtents(arrays, axis)
  if (!extents || others.some((array) => kindOf(array, extents) === 'refused')) return undefined
  // A coordinate is left as it is.
  if (arrays.some((array) => ['refused', 'left'].includes(kindOf(array, extents)))) return undefined
  return Object.entries(extents)
    .map(([dim, extent]) => `${dim}=${extent}`)
    .join()
}

function commonExtents(arrays: readonly ArrayMetadata[], axis: number): ChunkExtents | undefined {
  if (arrays.length === 0 || arrays.some(({ codecs }) => codecs.length > 0)) return undefined
  const [{ dims }] = arrays
  const common = dims.map((_, each) => {
    const extents = arrays.map(({ chunkShape }) => chunkShape[each])
    const lengths = each === axis ? arrays.slice(0, -1).map(({ shape }) => shape[each] ?? 0) : []
    return [...extents, ...lengths].reduce(greatestCommonDivisor)
  })
  const isSplit = (each: number) => arrays.some(({ chunkShape }) => chunkShape[each] !== common[each])
  const last = [...dims.keys()].findLast(isSplit) ?? -1
  if (last < 0) return undefined
  const pieces = common.map((extent, each) => (each < last ? 1 : extent))
  const changed = (each: number) => arrays.some(({ chunkShape }) => chunkShape[each] !== pieces[each])
  const named = [...dims.keys()].filter(changed).map((each) => [dims[each], pieces[each]] as const)
  return Object.fromEntries(named)
}

/** What would become of the array. */
function kindOf(array: ArrayMetadata, extents: ChunkExtents): ChunkDecision['kind'] | 'refused' {
  try {
    return planSplit(array, extents).kind
  } catch (error) {
    if (isKStreamError(error, 'ERR_KSTREAM_UNSUPPORTED')) return 'refused'
    throw error
  }
}

/** The arrays of all inputs; those of equal facts and extents once. */
export function distinctArrays(inputs: readonly PlanInput[]): ArrayMetadata[] {
  const arrays = new Map<string, ArrayMetadata>()
  for (const { set, facts } of inputs) {
    for (const [index, array] of set.header.arrays.entries()) {
      arrays.set(`${facts[index]} ${array.shape.join()}`, array)
    }
  }
  return [...arrays.values()]
}
