/** One reference line as a row: what the quick reading of bytes and the reading of any JSON both fill. */
import { chunkNumber } from '../../model/chunk-grid.ts'
import { INLINE } from '../../model/reference-batch.ts'
import type { JsonObject } from '../python-json.ts'
import type { RefuseLine } from './line-error.ts'
import { countOf, neededText, textOf } from './members.ts'
import type { SpelledPaths } from './spelled-paths.ts'

/** An array as the keys of its chunks are read. */
export interface KeyedArray {
  readonly index: number
  readonly path: string
  /** Chunks along each axis; no bound along the first where that is yet to be told. */
  readonly grid: readonly number[]
}

/** The row that was read last. */
export interface ReferenceRow {
  array: number
  chunk: number
  /** Index into the paths, or INLINE. */
  path: number
  offset: number
  length: number
  filterMask: number
  raw: Uint8Array | null
}

export const MOST_MASK = 0xffffffff
/** Characters of what is quoted. */
const QUOTED = 80

/** The bytes of base64; undefined where it is none. */
export function parseBase64(digits: string): Uint8Array | undefined {
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined
  return Buffer.from(digits, 'base64')
}

function readPlace(refuse: RefuseLine, line: JsonObject, row: ReferenceRow, paths: SpelledPaths): void {
  const path = textOf(refuse, line, 'path')
  const inline = textOf(refuse, line, 'inline')
  const offset = countOf(refuse, line, 'offset')
  const length = countOf(refuse, line, 'length')
  if ((path === undefined) === (inline === undefined)) refuse('has to have either a path or inline bytes')
  if ((offset === undefined) !== (length === undefined) || (path === undefined && offset !== undefined)) {
    refuse('has to have offset and length beside its path, or neither for the whole file')
  }
  if (length === 0) refuse('refers to no bytes; leave offset and length out for the whole file')
  if (!Number.isSafeInteger((offset ?? 0) + (length ?? 0))) refuse('ends beyond 2^53')
  row.raw = inline === undefined ? null : (parseBase64(inline) ?? refuse('inline is no base64'))
  if (path === '') refuse('path is empty')
  row.path = path === undefined ? INLINE : paths.index(path)
  row.offset = offset ?? 0
  row.length = length ?? row.raw?.length ?? 0
}

/** Fills the row from a line of kind 'reference'. */
export function readReference(
  refuse: RefuseLine,
  line: JsonObject,
  row: ReferenceRow,
  { arrays, paths }: { readonly arrays: ReadonlyMap<string, KeyedArray>; readonly paths: SpelledPaths },
): void {
  const name = textOf(refuse, line, 'array') ?? refuse('names no array')
  const array = arrays.get(name) ?? refuse(`is of ${quoted(name)}, an array that the header does not have`)
  const key = neededText(refuse, line, 'chunk')
  const within: RefuseLine = (problem, cause) =>
    refuse(`array ${quoted(name)}, chunk ${quoted(key)}: ${problem}`, cause)
  const chunk = chunkNumber(key, array.grid) ?? within(`is no chunk of the grid [${array.grid.join(', ')}]`)
  if (!Number.isSafeInteger(chunk)) within('is a chunk beyond count')
  row.array = array.index
  row.chunk = chunk
  readPlace(within, line, row, paths)
  row.filterMask = countOf(within, line, 'filterMask') ?? 0
  if (row.filterMask > MOST_MASK) within('filterMask has more than 32 bits')
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED))
}
