/** The split that would give arrays of several inputs one grid, as `--split-chunks` takes it. */
import type { ArrayMetadata } from '../model/metadata.ts'

/**
 * 'time=1': for arrays without filters, in the order in which they are joined along `axis`; undefined where one has a
 * filter, or where all fit already. Axes before one that is split are split to 1, so that the bytes of a piece lie together.
 */
export function commonSplit(arrays: readonly ArrayMetadata[], axis: number): string | undefined {
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
  return [...dims.keys()]
    .filter(changed)
    .map((each) => `${dims[each]}=${pieces[each]}`)
    .join()
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
