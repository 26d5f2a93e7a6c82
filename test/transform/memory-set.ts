/** A small set in memory for the tests of transforms, and its rows written out. */
import type { ArrayMetadata, GroupMetadata, Header, Skipped } from '../../lib/model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import type { Stage } from '../../lib/stream/stage.ts'

/** One chunk: its number, and where it is, or its bytes in Latin-1. */
export type Row =
  | readonly [chunk: number, path: string, offset: number, length: number]
  | readonly [chunk: number, raw: string]

export interface MemoryArray extends Partial<ArrayMetadata> {
  readonly path: string
  readonly rows?: readonly Row[]
  readonly missing?: number
  readonly filterMask?: readonly number[]
}

export interface MemorySet {
  readonly arrays: readonly MemoryArray[]
  readonly groups?: readonly (Partial<GroupMetadata> & { readonly path: string })[]
  readonly skipped?: readonly Skipped[]
  readonly notes?: readonly Skipped[]
  readonly dropped?: readonly number[]
  /** Rows of one batch; 2 by default. */
  readonly batchRows?: number
  readonly url?: string
}

/** What was asked of the set, and how often bodies began and ended. */
export interface Watch {
  readonly asked: BodyOptions[]
  opened: number
  closed: number
  pulled: number
}

function batchOf(array: number, rows: readonly Row[], mask: readonly number[] | undefined): ReferenceBatch {
  const paths = [...new Set(rows.flatMap((row) => (row.length === 4 ? [row[1]] : [])))]
  const raw = rows.map((row) => (row.length === 2 ? new Uint8Array(Buffer.from(row[1], 'latin1')) : null))
  return {
    kind: 'batch',
    array,
    rows: rows.length,
    // One entry too many in every column, as the contract allows.
    chunk: Float64Array.from([...rows.map(([chunk]) => chunk), 777]),
    path: Uint32Array.from([...rows.map((row) => (row.length === 4 ? paths.indexOf(row[1]) : INLINE)), 777]),
    paths,
    offset: Float64Array.from([...rows.map((row) => (row.length === 4 ? row[2] : 0)), 777]),
    length: Float64Array.from([...rows.map((row) => (row.length === 4 ? row[3] : row[1].length)), 777]),
    ...(raw.some((bytes) => bytes !== null) && { raw }),
    ...(mask && { filterMask: Uint32Array.from(mask) }),
  }
}

/** A set of the arrays given, with defaults for all that a test does not care about. */
export function memorySet(content: MemorySet): ReferenceSet & { readonly watch: Watch } {
  const { batchRows = 2, url = '/data/a.nc' } = content
  const header: Header = {
    kind: 'header',
    groups: (content.groups ?? [{ path: '' }]).map((group) => ({ attributes: {}, ...group })),
    arrays: content.arrays.map(({ rows: _rows, missing: _missing, filterMask: _mask, ...array }) => ({
      dims: [],
      attributes: {},
      shape: [],
      chunkShape: [],
      dataType: '<f4',
      fillValue: null,
      codecs: [],
      ...array,
    })),
    skipped: content.skipped ?? [],
    notes: content.notes ?? [],
  }
  const watch: Watch = { asked: [], opened: 0, closed: 0, pulled: 0 }
  const footer: Footer = {
    kind: 'footer',
    shapes: header.arrays.map(({ shape }) => shape.map((extent) => extent ?? 0)),
    missing: content.arrays.map(({ missing }) => missing ?? 0),
    dropped: content.dropped ?? [],
    coverage: {
      arrays: [
        ...header.arrays.map(({ path }) => ({ path, outcome: 'referenced' as const })),
        ...header.skipped.map(({ path, reason }) => ({ path, outcome: 'skipped' as const, reason })),
      ],
      notes: header.notes,
    },
  }
  async function* body(options: BodyOptions = {}): AsyncGenerator<ReferenceBatch | Footer> {
    watch.asked.push(options)
    watch.opened++
    try {
      for (const array of options.arrays ?? content.arrays.keys()) {
        const { rows = [], filterMask } = content.arrays[array]
        for (let at = 0; at < rows.length; at += batchRows) {
          watch.pulled++
          yield batchOf(array, rows.slice(at, at + batchRows), filterMask?.slice(at, at + batchRows))
        }
      }
      yield footer
    } finally {
      watch.closed++
    }
  }
  return { header, sources: [{ url, size: 1000 }], replayable: true, body, watch }
}

/** What one stage makes of one set. */
export async function through(stage: Stage, set: ReferenceSet): Promise<ReferenceSet> {
  async function* one() {
    yield set
  }
  for await (const changed of stage(one())) return changed
  throw new Error('the stage handed nothing on')
}

/** Rows of each array by its path, and the footer. */
export async function readBody(
  set: ReferenceSet,
  options?: BodyOptions,
): Promise<{ rows: Record<string, Row[]>; footer: Footer | undefined; batches: ReferenceBatch[] }> {
  const rows: Record<string, Row[]> = {}
  const batches: ReferenceBatch[] = []
  let footer: Footer | undefined
  for await (const item of set.body(options)) {
    if (item.kind === 'footer') {
      footer = item
      continue
    }
    batches.push(item)
    const { path } = set.header.arrays[item.array]
    rows[path] ??= []
    for (let row = 0; row < item.rows; row++) rows[path].push(rowOf(item, row))
  }
  return { rows, footer, batches }
}

function rowOf(batch: ReferenceBatch, row: number): Row {
  const chunk = batch.chunk[row]
  if (batch.path[row] === INLINE) return [chunk, Buffer.from(batch.raw?.[row] ?? []).toString('latin1')]
  return [chunk, batch.paths[batch.path[row]], batch.offset[row], batch.length[row]]
}
