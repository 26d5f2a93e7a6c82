/** What becomes of an input's axes when it is joined, and which of its values planning therefore has to read. */
import { isDecodable } from '../codec/registry.ts'
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata, Header } from '../model/metadata.ts'
import { isVlenString } from '../store/zarr-metadata.ts'
import type { CoordinateSource } from './coordinate-source.ts'
import { groupOf, mentionedNames, mentionsNeeded, nameOf, pathIn, resolveMention } from './mention.ts'

/** One axis of an array in the result along which inputs are joined. */
export interface Join {
  /** Index into the joined dimensions. */
  readonly dim: number
  /** In the result. */
  readonly axis: number
  /** Whether the inputs' arrays lack the axis: each fills one place along it. */
  readonly created: boolean
}

/** An array of an input, as it will lie in the result. */
export interface JoinedAxes {
  /** In the order of the result's axes. */
  readonly joins: readonly Join[]
  /** Names of the result's axes. */
  readonly dims: readonly string[]
  /** The coordinate variable that it is, or whose bounds it is. */
  readonly coordinate?: string
  /** Its values are small, and along one joined dimension alone: they can become one chunk. */
  readonly gatherable: boolean
}

/** Arrays of at most so many bytes in all are gathered into one chunk. */
export const GATHERED_BYTES = 2 ** 24

const NO_JOINS: readonly Join[] = []

/**
 * The axes of every array of a header; `fixed` are arrays that get no new axis, and `sources` tell, by dimension,
 * where its values come from.
 */
export function planAxes(
  header: Header,
  dims: readonly string[],
  fixed: readonly string[],
  sources: readonly (CoordinateSource | undefined)[],
): JoinedAxes[] {
  const byPath = new Map(header.arrays.map((array) => [array.path, array]))
  const sourceOf = dims.map((_, dim) => (sources[dim]?.kind === 'array' ? sources[dim].path : undefined))
  const created = createdDims(byPath, dims, sources)
  const described = created.length > 0 ? describingPaths(header) : new Set<string>()
  return header.arrays.map((array) => {
    const source = sourceOf.indexOf(array.path)
    const coordinate = source >= 0 ? array.path : coordinateOf(array, byPath, dims)
    const isData = !described.has(array.path) && !fixed.includes(array.path)
    const own = created.filter((dim) => {
      if (source >= 0) return dim === source
      return coordinate === undefined ? isData : nameOf(coordinate) === dims[dim]
    })
    const sourced = source >= 0 && !array.dims.includes(dims[source]) ? [source] : own
    return axesOf(array, dims, sourced, coordinate)
  })
}

/** Dimensions that no array has, of those along which the input has a value: without one it lies nowhere along them. */
function createdDims(
  byPath: ReadonlyMap<string, ArrayMetadata>,
  dims: readonly string[],
  sources: readonly (CoordinateSource | undefined)[],
): number[] {
  const used = new Set<string>()
  for (const array of byPath.values()) for (const name of array.dims) used.add(name)
  if (dims.every((name) => used.has(name))) return []
  const names = new Set([...byPath.keys()].map(nameOf))
  return dims.flatMap((name, dim) => {
    const source = sources[dim]
    const placed = source?.kind === 'given' || (source ? byPath.has(source.path) : names.has(name))
    return placed && !used.has(name) ? [dim] : []
  })
}

function axesOf(
  array: ArrayMetadata,
  dims: readonly string[],
  created: readonly number[],
  coordinate: string | undefined,
): JoinedAxes {
  const joins: Join[] = created.map((dim, axis) => ({ dim, axis, created: true }))
  for (const [axis, name] of array.dims.entries()) {
    const dim = dims.indexOf(name)
    if (dim >= 0) joins.push({ dim, axis: axis + created.length, created: false })
  }
  const resultDims = created.length === 0 ? array.dims : [...created.map((dim) => dims[dim]), ...array.dims]
  const small = resultDims.length === 1 || (coordinate !== undefined && coordinate !== array.path)
  const gatherable = small && joins.length === 1 && joins[0].axis === 0 && isGatherable(array)
  const named = coordinate === undefined ? {} : { coordinate }
  return { joins: joins.length === 0 ? NO_JOINS : joins, dims: resultDims, gatherable, ...named }
}

function isGatherable(array: ArrayMetadata): boolean {
  if (isVlenString(array)) return true
  const size = array.dataType === '|O' ? 0 : itemSize(array.dataType)
  const bytes = array.shape.reduce<number>((product, extent) => product * (extent ?? 0), size)
  return size > 0 && bytes <= GATHERED_BYTES && array.codecs.every(isDecodable)
}

/** The coordinate variable of a joined dimension that this array is, or whose bounds it is. */
function coordinateOf(
  array: ArrayMetadata,
  byPath: ReadonlyMap<string, ArrayMetadata>,
  dims: readonly string[],
): string | undefined {
  const group = groupOf(array.path)
  const name = nameOf(array.path)
  for (const dim of dims) {
    const path = pathIn(group, dim)
    const found = byPath.get(path)
    if (!found || found.dims.length > 1 || (found.dims.length === 1 && found.dims[0] !== dim)) continue
    const { bounds, climatology } = found.attributes
    const grows = found.dims.length === 0 || array.dims.includes(dim)
    if (name === dim || (grows && (name === bounds || name === climatology))) return path
  }
  return undefined
}

/** Arrays that describe others: coordinates of dimensions, and what attributes like `coordinates` name. */
function describingPaths({ arrays }: Header): Set<string> {
  const known = new Set(arrays.map(({ path }) => path))
  const described = new Set<string>()
  for (const { path, dims, attributes } of arrays) {
    if (dims.length === 1 && dims[0] === nameOf(path)) described.add(path)
    for (const [attribute, value] of Object.entries(attributes)) {
      if (!mentionsNeeded(attribute)) continue
      for (const name of mentionedNames(attribute, value)) {
        const found = resolveMention(groupOf(path), name, (other) => known.has(other))
        if (found !== undefined) described.add(found)
      }
    }
  }
  return described
}

/** Paths of one input's arrays that are read at planning. */
export interface ValueRequest {
  /** Whose values are needed: coordinates, and what is gathered. */
  readonly values: readonly string[]
  /** Of which it is needed whether they equal those of other inputs. */
  readonly digests: readonly string[]
}

/** What planning reads of an input; `compared`: arrays that lack a joined dimension must be equal in all inputs. */
export function requestValues(
  header: Header,
  axes: readonly JoinedAxes[],
  sources: readonly (CoordinateSource | undefined)[],
  compared: boolean,
): ValueRequest {
  const named = new Set(sources.flatMap((source) => (source?.kind === 'array' ? [source.path] : [])))
  const values: string[] = []
  const digests: string[] = []
  for (const [index, { path }] of header.arrays.entries()) {
    const { joins, gatherable, coordinate } = axes[index]
    if (gatherable || coordinate === path || named.has(path)) values.push(path)
    if (compared && joins.length < sources.length) digests.push(path)
  }
  return { values, digests }
}
