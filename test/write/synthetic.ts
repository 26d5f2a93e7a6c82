/** Reference sets made of rows in memory. */
import type { ArrayMetadata, GroupMetadata, Skipped } from '../../lib/model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet, SourceInfo } from '../../lib/model/reference-set.ts'

/** One reference, or one inlined chunk. */
export interface Row {
  readonly chunk: number
  readonly path?: string
  readonly offset?: number
  readonly length?: number
  readonly raw?: Uint8Array
}

export interface SetOptions {
  readonly arrays: readonly (Partial<ArrayMetadata> & { readonly path: string })[]
  readonly groups?: readonly GroupMetadata[]
  readonly skipped?: readonly Skipped[]
  readonly sources?: readonly SourceInfo[]
  /** Per array. */
  readonly rows: readonly (readonly Row[])[]
  /** Final shapes; those of the header by default. */
  readonly shapes?: readonly (readonly number[])[]
  readonly dropped?: readonly number[]
  /** The order in which arrays give how many rows; everything array by array by default. */
  readonly cuts?: readonly (readonly [array: number, rows: number])[]
}

/** An array of two-byte integers named x; anything may be overridden. */
export function arrayOf(partial: Partial<ArrayMetadata> & { readonly path: string }): ArrayMetadata {
  const shape = partial.shape ?? [4]
  return {
    dims: shape.map((_, axis) => `x${axis}`),
    attributes: {},
    shape,
    chunkShape: shape.map(() => 1),
    dataType: '<i2',
    fillValue: null,
    codecs: [],
    ...partial,
  }
}

/** A batch of these rows, with a table of paths of its own. */
export function batchOf(array: number, rows: readonly Row[]): ReferenceBatch {
  const paths = [...new Set(rows.flatMap(({ path }) => path ?? []))]
  return {
    kind: 'batch',
    array,
    rows: rows.length,
    chunk: Float64Array.from(rows, ({ chunk }) => chunk),
    path: Uint32Array.from(rows, ({ path }) => (path === undefined ? INLINE : paths.indexOf(path))),
    paths,
    offset: Float64Array.from(rows, ({ offset = 0 }) => offset),
    length: Float64Array.from(rows, ({ length = 0 }) => length),
    raw: rows.map(({ raw = null }) => raw),
  }
}

export function syntheticSet(options: SetOptions): ReferenceSet {
  const arrays = options.arrays.map(arrayOf)
  const shapes = options.shapes ?? arrays.map(({ shape }) => shape.map((extent) => extent ?? 0))
  const cuts = options.cuts ?? options.rows.map((rows, array) => [array, rows.length] as const)
  const { groups = [], skipped = [], dropped = [] } = options
  return {
    header: { kind: 'header', groups, arrays, skipped, notes: [] },
    sources: options.sources ?? [],
    replayable: true,
    async *body(): AsyncIterable<ReferenceBatch | Footer> {
      const taken = options.rows.map(() => 0)
      for (const [array, count] of cuts) {
        const start = taken[array]
        taken[array] = start + count
        yield batchOf(array, options.rows[array].slice(start, start + count))
      }
      const missing = arrays.map((array, index) => {
        const grid = shapes[index].map((extent, axis) => Math.ceil(extent / array.chunkShape[axis]))
        return grid.reduce((a, b) => a * b, 1) - options.rows[index].length
      })
      yield { kind: 'footer', shapes, missing, dropped, coverage: { arrays: [], notes: [] } }
    },
  }
}

/** A stream of these. */
export async function* streamOf<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
