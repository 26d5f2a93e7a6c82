/** Other chunks than a file has: what is asked for, and what of an array stands in the way. */
import { PlanError, UnsupportedError, UsageError } from '../errors.ts'
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { nameOf } from './mention.ts'
import { nearNames } from './near-names.ts'

/** Extents of chunks by dimension, or the bytes of a chunk at most. */
export type ChunkTarget = ChunkExtents | number

/** Extents of chunks by the names of dimensions. */
export type ChunkExtents = Readonly<Record<string, number>>

/** What becomes of the chunks of an array. */
export type ChunkDecision =
  | { readonly kind: 'same' }
  /** Not as asked, for this reason. */
  | { readonly kind: 'left'; readonly reason: string }
  | { readonly kind: 'change'; readonly chunkShape: readonly number[] }

/** Chunks stay as they are. */
export const SAME: ChunkDecision = { kind: 'same' }

/** Checks what a stage is called with; `verb` is its name. @throws UsageError for what is no positive whole number. */
export function checkChunkTarget(target: ChunkTarget, verb: string): void {
  const wrong = (what: string, value: unknown) =>
    new UsageError(`${verb}: ${what} is ${String(value)}, which is no whole number of at least 1`)
  const isExtent = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1
  if (typeof target === 'number') {
    if (!isExtent(target)) throw wrong('the size of a chunk in bytes', target)
    return
  }
  const extents = Object.entries(target)
  if (extents.length === 0) throw new UsageError(`${verb}: no dimension is named`)
  for (const [dim, extent] of extents) if (!isExtent(extent)) throw wrong(`the extent of ${dim}`, extent)
}

/** The extent asked for along a dimension; undefined where none is. */
export function extentOf(extents: ChunkExtents, dim: string): number | undefined {
  return Object.hasOwn(extents, dim) ? extents[dim] : undefined
}

/** @throws UsageError for a dimension that no array of the set has. */
export function checkDimensions(target: ChunkTarget, set: ReferenceSet, verb: string): void {
  if (typeof target === 'number') return
  const dims = new Set(set.header.arrays.flatMap((array) => array.dims))
  for (const dim of Object.keys(target)) {
    if (dims.has(dim)) continue
    const where = set.name ?? set.sources[0]?.url
    const array = where === undefined ? 'no array' : `no array of ${where}`
    throw new UsageError(`${verb}: ${array} has a dimension ${dim}${nearNames(dim, [...dims])}`)
  }
}

/** Whether an array is one of those that `paths`, of arrays or groups, stand for: all without. @throws PlanError for an unknown one. */
export function arrayFilter(
  paths: readonly string[] | undefined,
  set: ReferenceSet,
  verb: string,
): (array: ArrayMetadata) => boolean {
  if (!paths) return () => true
  const wanted = paths.map((path) => path.replace(/^\/+|\/+$/g, ''))
  const known = [...set.header.arrays, ...set.header.groups, ...set.header.skipped].map(({ path }) => path)
  for (const path of wanted) {
    if (known.includes(path)) continue
    const near = nearNames(path, known.filter(Boolean))
    throw new PlanError(`${verb}: no array or group is called ${path}${near}`, { array: path })
  }
  return ({ path }) => wanted.some((name) => name === '' || path === name || path.startsWith(`${name}/`))
}

/** What keeps a part of a chunk from being a range of bytes; none where its bytes are its elements. */
export function codecsOf({ codecs, dataType }: ArrayMetadata): string[] {
  if (codecs.length > 0) return codecs.map(({ id }) => id)
  return dataType === '|O' ? ['variable-length elements'] : []
}

/** Whether an array is the coordinate of its dimension: small, and read whole whatever its chunks are. */
export function isCoordinate({ path, dims }: ArrayMetadata): boolean {
  return dims.length === 1 && dims[0] === nameOf(path)
}

/** Bytes of a chunk whose bytes are its elements. */
export function plainChunkBytes({ chunkShape, dataType }: ArrayMetadata): number {
  return chunkShape.reduce((product, extent) => product * extent, itemSize(dataType))
}

/** The array's extents. @throws UnsupportedError where one is not known before the end of the body. */
export function settledShape({ path, shape, dims }: ArrayMetadata, verb: string): readonly number[] {
  return shape.map((extent, axis) => {
    if (extent !== null) return extent
    const feature = `${verb} before the extent of ${dims[axis]} is known`
    throw new UnsupportedError(feature, { array: path })
  })
}

/** @throws UnsupportedError where the grid of such chunks has more than can be numbered. */
export function checkGrid(array: ArrayMetadata, chunkShape: readonly number[], verb: string): void {
  const count = chunkCount(gridShape(settledShape(array, verb), chunkShape))
  if (count <= Number.MAX_SAFE_INTEGER) return
  throw new UnsupportedError(`${verb}: a chunk grid above 2^53`, { array: array.path })
}

/** 'time=1,lev=10': extents as the command takes them, where they are others than the array's. */
export function extentsText({ dims, chunkShape }: ArrayMetadata, extents: readonly number[]): string {
  const changed = dims.flatMap((dim, axis) =>
    extents[axis] === chunkShape[axis] ? [] : [`${dim}=${extents[axis]}`],
  )
  return [...new Set(changed)].join()
}

/** 'codec zlib', 'codecs shuffle and zlib'. */
export function codecsText(codecs: readonly string[]): string {
  return `${codecs.length > 1 ? 'codecs' : 'codec'} ${codecs.join(' and ')}`
}
