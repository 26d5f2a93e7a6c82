/** The checks of a concatenation over headers: which differences stand in its way, between which files. */
import { PlanError, UsageError } from '../errors.ts'
import type { ArrayMetadata } from '../model/metadata.ts'
import { type Barrier, barrierError, compareMeaning, compareStorage, missingVariable } from './barriers.ts'
import { isAlong, type Layout, type Part, rowsIn } from './layout.ts'
import type { PlannedArray } from './planned-array.ts'

/**
 * Where there is no coordinate that would tell, a file given twice would double its rows: by one name, or by a link.
 * @throws PlanError
 */
export function checkOnce(parts: readonly Part[]): void {
  const seen = new Map<string, string>()
  for (const { set, name } of parts) {
    if (set.sources.length !== 1) continue
    const key = set.sources[0].identity ?? name
    const earlier = seen.get(key)
    if (earlier !== undefined) {
      const twice = earlier === name ? `${name} is` : `${earlier} and ${name} are one file, which is`
      throw new PlanError(`${twice} in the list of files twice`, { inputs: [earlier, name] })
    }
    seen.set(key, name)
  }
}

/** In one file, what grows along the dimension has one extent; else rows of different times would come to lie together. @throws PlanError */
export function checkExtents(
  { layout, rows, name }: Part,
  dim: string,
  skipped: ReadonlyMap<string, string>,
): void {
  const extents = new Map<string, { path: string; rows: number }>()
  for (const [index, array] of layout.header.arrays.entries()) {
    if (!isAlong(array, dim) || skipped.has(array.path)) continue
    const group = array.path.slice(0, array.path.lastIndexOf('/') + 1)
    const known = extents.get(group)
    if (!known) extents.set(group, { path: array.path, rows: rows[index] })
    else if (known.rows !== rows[index]) {
      throw barrierError([
        {
          kind: 'extent',
          array: array.path,
          subject: `within one file, the extent of ${dim}`,
          inputs: [`${known.path} of ${name}`, `${array.path} of ${name}`],
          values: [known.rows, rows[index]],
          advice: 'leave one of the variables out',
        },
      ])
    }
  }
}

/** @throws UsageError where no array has the dimension, or an identical dimension is unknown or grows along it. */
export function checkNames(layouts: readonly Layout[], dim: string, identicalDims: readonly string[]): void {
  const arrays = layouts.flatMap(({ header }) => header.arrays)
  if (!arrays.some((array) => isAlong(array, dim))) {
    const dims = [...new Set(arrays.flatMap((array) => array.dims))]
    throw new UsageError(
      `no array has the dimension ${dim} to concatenate along (there are: ${dims.join(', ')})`,
    )
  }
  for (const name of identicalDims) {
    const named = arrays.filter((array) => array.path === name || array.dims.includes(name))
    if (named.length === 0)
      throw new UsageError(`identical dimension ${name}: no array or dimension has that name`)
    const own = named.find((array) => array.path === name)
    if (name === dim || (own && isAlong(own, dim))) {
      throw new UsageError(
        `identical dimension ${name}: it grows along ${dim}, so it cannot be the same in all files`,
      )
    }
  }
}

/** @throws PlanError naming every variable that one of the two has alone and neither skips. */
export function compareVariables(first: Layout, layout: Layout, skipped: ReadonlyMap<string, string>): void {
  const found: Barrier[] = []
  for (const path of first.indexOf.keys()) {
    if (!layout.indexOf.has(path) && !skipped.has(path)) {
      found.push(missingVariable(path, first.name, layout.name, 'has'))
    }
  }
  for (const path of layout.indexOf.keys()) {
    if (!first.indexOf.has(path) && !skipped.has(path)) {
      found.push(missingVariable(path, layout.name, first.name, 'lacks'))
    }
  }
  if (found.length > 0) throw barrierError(found)
}

/**
 * Compares the array over all layouts; what is stored is compared only where chunks of both files are used.
 * Returns the array with the chunks and codecs of the files that have any. @throws PlanError
 */
export function checkArray(
  planned: PlannedArray,
  parts: readonly Part[],
  layouts: readonly Layout[],
  dim: string,
): PlannedArray {
  const { path } = planned.array
  const [first] = layouts
  const own = (layout: Layout) => layout.header.arrays[layout.indexOf.get(path) ?? -1]
  for (const layout of layouts.slice(1)) {
    const inputs = [first.name, layout.name] as const
    const numbers = planned.array.dataType !== '|O'
    const converts = numbers && planned.role === 'gathered' && planned.coordinate !== undefined
    const found = compareMeaning(own(first), own(layout), inputs, dim, converts)
    if (planned.role === 'along') found.push(...inheritedUnits(planned, first, layout, dim))
    if (found.length > 0) throw barrierError(found)
  }
  if (planned.role !== 'along') return planned
  const used = parts.filter((part) => (rowsIn(part, path) ?? 0) > 0)
  if (used.length === 0) return planned
  const base = own(used[0].layout)
  checkChunks(path, used, own)
  const { chunkShape, codecs, fillValue } = base
  return { ...planned, array: { ...planned.array, chunkShape, codecs, fillValue } }
}

/** Bounds too large to be gathered have their coordinate's units without an attribute of their own: these must be equal. */
function inheritedUnits(
  { array, coordinate }: PlannedArray,
  first: Layout,
  layout: Layout,
  dim: string,
): Barrier[] {
  if (coordinate === undefined || coordinate === array.path) return []
  const [a, b] = [first, layout].map(({ header, indexOf }) => header.arrays[indexOf.get(coordinate) ?? -1])
  return compareMeaning(a, b, [first.name, layout.name], dim, false)
}

/** One grid for all: the same chunks and codecs, and whole chunks in every file but the last. */
function checkChunks(path: string, used: readonly Part[], own: (layout: Layout) => ArrayMetadata): void {
  const base = own(used[0].layout)
  const seen = new Set<Layout>()
  for (const [at, part] of used.entries()) {
    if (!seen.has(part.layout)) {
      seen.add(part.layout)
      const found = compareStorage(base, own(part.layout), [used[0].name, part.name])
      if (found.length > 0) throw barrierError(found)
    }
    const rows = rowsIn(part, path) ?? 0
    if (rows % base.chunkShape[0] !== 0 && at < used.length - 1) {
      throw barrierError([partialChunk(path, part.name, rows, base.chunkShape[0], used[at + 1].name)])
    }
  }
}

function partialChunk(array: string, name: string, rows: number, chunkRows: number, next: string): Barrier {
  return {
    kind: 'partial-chunk',
    array,
    subject: 'where chunks begin',
    inputs: [name, next],
    values: [
      `${rows} rows in chunks of ${chunkRows}, so its last chunk is only partly filled`,
      'rows that would have to begin within that chunk',
    ],
    advice:
      'put the file with the partial chunk last, leave it out, or rewrite it with a chunk extent that divides its rows',
  }
}
