/** Into which larger chunks an array's references can be merged, found out by going through them once. */
import { UnsupportedError } from '../errors.ts'
import { chunkKey } from '../model/chunk-grid.ts'
import { isRun, largestDivisor } from '../model/chunk-split.ts'
import { type Break, ChunkAdjacency, type ChunkPlace } from './chunk-adjacency.ts'
import { type Mergeable, type MergeRequest, mergedShape, requestOf, structureProblem } from './chunk-merge.ts'
import { type ChunkDecision, checkGrid, extentsText, isCoordinate, SAME } from './chunk-request.ts'

/** Chunks below this part of a target size are told of where they cannot be merged. */
const SMALL = 0.1

/** Takes the references of one array in their order, then decides. */
export class MergeCandidate {
  readonly #mergeable: Mergeable
  /** Why what was asked for cannot be, wherever the chunks lie. */
  readonly #problem: string | undefined
  readonly #asked: ChunkAdjacency | undefined
  /** By axis: all axes behind it merged over the whole grid. */
  readonly #whole: readonly (ChunkAdjacency | undefined)[]

  constructor(mergeable: Mergeable) {
    const { request, grid, chunkBytes } = mergeable
    this.#mergeable = mergeable
    this.#problem = request && structureProblem(mergeable, request)
    if (request && this.#problem === undefined) {
      const columns = { grid, axis: request.axis, merged: request.counts, chunkBytes }
      this.#asked = new ChunkAdjacency(columns, request.counts[request.axis])
    }
    this.#whole = grid.map((count, axis) =>
      count > 1
        ? new ChunkAdjacency({ grid, axis, merged: grid, chunkBytes }, Number.POSITIVE_INFINITY)
        : undefined,
    )
  }

  /** Adds the array's next reference. */
  add(chunk: number, place: ChunkPlace): void {
    this.#asked?.add(chunk, place)
    for (const adjacency of this.#whole) adjacency?.add(chunk, place)
  }

  /** All references have been added. @throws UnsupportedError where the extents asked for cannot be had. */
  decide(): ChunkDecision {
    this.#asked?.end()
    for (const adjacency of this.#whole) adjacency?.end()
    const { target, request } = this.#mergeable
    if (typeof target === 'number') return this.#decideSize(target)
    return request ? this.#decideExtents(request) : SAME
  }

  #change(counts: readonly number[]): ChunkDecision {
    const { array } = this.#mergeable
    const chunkShape = mergedShape(array, counts)
    checkGrid(array, chunkShape, 'merging chunks')
    return { kind: 'change', chunkShape }
  }

  /** Axis by axis from the last, as far as the size allows; an axis before another only where that one is whole. */
  #decideSize(target: number): ChunkDecision {
    const { array, grid, chunkBytes } = this.#mergeable
    const counts = grid.map(() => 1)
    let bytes = chunkBytes
    for (let axis = grid.length - 1; axis >= 0; axis--) {
      const adjacency = this.#whole[axis]
      if (!adjacency) continue
      const count = this.#feasible(adjacency, grid[axis], Math.floor(target / bytes))
      const merged = counts.with(axis, count)
      if (count <= 1 || !isRun(mergedShape(array, merged), array.chunkShape)) break
      counts[axis] = count
      bytes *= count
      if (count < grid[axis]) break
    }
    if (counts.some((count) => count > 1)) return this.#change(counts)
    if (chunkBytes >= target * SMALL) return SAME
    const found = this.#whole.findLast((adjacency) => adjacency)?.first
    return { kind: 'left', reason: found ? this.#textOf(found) : 'its bytes would not stay in order' }
  }

  /** The most chunks of `count` along an axis, at most `room`, that can become one. */
  #feasible({ isBroken, divisor }: ChunkAdjacency, count: number, room: number): number {
    if (isBroken || room < 2) return 1
    if (divisor > 0) return largestDivisor(divisor, room)
    if (room >= count) return count
    const even = largestDivisor(count, room)
    return even * 4 < room ? room : even
  }

  #decideExtents(request: MergeRequest): ChunkDecision {
    const { array } = this.#mergeable
    const { counts, axis } = request
    const count = counts[axis]
    const asked = this.#asked
    if (asked && !asked.isBroken && asked.divisor % count === 0) return this.#change(counts)
    const reason = this.#problem ?? (asked?.first ? this.#textOf(asked.first) : 'its chunks do not adjoin')
    if (isCoordinate(array)) return { kind: 'left', reason }
    const nearest = this.#nearest(request)
    const advice = nearest === undefined ? 'no other extents work' : `the nearest that works is ${nearest}`
    const feature = `merging its chunks into ${extentsText(array, mergedShape(array, counts))}`
    const url = asked?.first?.before.place?.path ?? asked?.first?.after.place?.path ?? undefined
    const where = { array: array.path, ...(url === undefined ? {} : { url }) }
    throw new UnsupportedError(feature, where, `${array.path}: ${feature}: ${reason}; ${advice}`)
  }

  /** Extents that can be had, as near as may be: another along the same axis, else with all axes behind it whole. */
  #nearest({ counts, axis }: MergeRequest): string | undefined {
    const { grid } = this.#mergeable
    const asked = this.#asked && this.#textFor(this.#asked, counts, axis, counts[axis])
    if (asked !== undefined) return asked
    for (let each = axis; each < grid.length; each++) {
      const adjacency = this.#whole[each]
      if (!adjacency || (each > axis && counts[each] === 1)) continue
      const whole = grid.map((count, other) => (other > each ? Math.max(1, count) : 1))
      const text = this.#textFor(adjacency, whole, each, counts[each])
      if (text !== undefined) return text
    }
    return undefined
  }

  #textFor(
    { isBroken, divisor }: ChunkAdjacency,
    counts: readonly number[],
    axis: number,
    wished: number,
  ): string | undefined {
    const count = isBroken ? 1 : nearestDivisor(divisor, wished)
    if (count < 2) return undefined
    const { array, grid, shape } = this.#mergeable
    const merged = counts.with(axis, count)
    const chunkShape = mergedShape(array, merged)
    // As an option it has to mean the same: a dimension that an array has twice gets one extent.
    const extents = Object.fromEntries(
      array.dims.flatMap((dim, each) => (merged[each] > 1 ? [[dim, chunkShape[each]]] : [])),
    )
    const again = requestOf(array, shape, grid, extents)
    const isSame = again?.counts.every((each, index) => each === merged[index])
    if (!again || !isSame || structureProblem(this.#mergeable, again) !== undefined) return undefined
    return extentsText(array, chunkShape)
  }

  #textOf({ before, after }: Break): string {
    const { grid, chunkBytes } = this.#mergeable
    const describe = (place: ChunkPlace | undefined, at: string) => {
      if (!place) return 'is missing'
      const short = place.length === chunkBytes ? '' : `, with ${place.length} of ${chunkBytes} bytes`
      return place.path === null ? `is held inline${short}` : `${at} of ${place.path}${short}`
    }
    const { place: left } = before
    const { place: right } = after
    const end = describe(left, `ends at byte ${left ? left.offset + left.length : 0}`)
    const begin = describe(right, `begins at byte ${right?.offset ?? 0}`)
    return `chunk ${chunkKey(before.chunk, grid)} ${end} and chunk ${chunkKey(after.chunk, grid)} ${begin}`
  }
}

/** The divisor of `number` above 1 that is nearest to `wished`, any number of 0; 1 where there is none. */
function nearestDivisor(number: number, wished: number): number {
  if (number === 0) return Math.max(2, Math.round(wished))
  let best = 1
  const consider = (divisor: number) => {
    if (divisor < 2) return
    if (best === 1 || Math.abs(divisor - wished) < Math.abs(best - wished)) best = divisor
  }
  for (let divisor = 1; divisor * divisor <= number; divisor++) {
    if (number % divisor !== 0) continue
    consider(divisor)
    consider(number / divisor)
  }
  return best
}
