/** The body of a reference document: its chunks, whatever the order of their keys, sorted by array and number. */
import type { UnsupportedError } from '../../errors.ts'
import { chunkCount, chunkKey, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, Header } from '../../model/metadata.ts'
import type { Footer, Outcome, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import { ReferenceSorter } from '../../stream/sort-spill.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { arrayRefusal } from '../refusal.ts'
import { type Asked, ChunkRows, type KeyedArray, PendingRows } from './chunk-rows.ts'
import { scanEntries } from './document.ts'
import { documentError } from './document-error.ts'

/** What is kept of a document until its body is read. */
export interface BodyPlan {
  readonly url: string
  readonly header: Header
  /** By path, those too that are left out. */
  readonly arrays: ReadonlyMap<string, KeyedArray>
  readonly templates: ReadonlyMap<string, string>
  readonly openAgain: OpenAgain
  readonly onUnsupported: FormatOptions['onUnsupported']
}

/** Arrays that cannot be expressed after all, and why. */
type Dropped = Map<number, string>

/** Reads the document once more, then hands on its references; it is closed before the first comes. */
export async function* scanBody(
  plan: BodyPlan,
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const { signal } = options
  const asked: Asked = {
    arrays: new Set(options.arrays ?? plan.header.arrays.keys()),
    from: options.from ?? 0,
    to: options.to ?? Number.POSITIVE_INFINITY,
  }
  const sorter = new ReferenceSorter({ signal, onDuplicate: duplicateKey(plan) })
  try {
    const dropped = await sortRows(plan, asked, sorter, signal)
    const present = plan.header.arrays.map(() => 0)
    for await (const batch of sorter.batches()) {
      if (dropped.has(batch.array)) continue
      present[batch.array] += batch.rows
      yield batch
    }
    yield footerOf(plan, asked, present, dropped)
  } finally {
    await sorter.close()
  }
}

function duplicateKey({ url, header, arrays }: BodyPlan): (array: number, chunk: number) => Error {
  return (array, chunk) => {
    const { path } = header.arrays[array]
    const { grid = [], separator } = arrays.get(path) ?? {}
    const part = chunkKey(chunk, grid, separator)
    return documentError(url, `${JSON.stringify(path === '' ? part : `${path}/${part}`)} is given twice`)
  }
}

/** Gives all rows to the sorter; what comes of the arrays that are returned is not to be used. */
async function sortRows(
  plan: BodyPlan,
  asked: Asked,
  sorter: ReferenceSorter,
  signal: AbortSignal | undefined,
): Promise<Dropped> {
  const dropped: Dropped = new Map()
  const rows = new ChunkRows(plan.url, plan.arrays, plan.templates, asked)
  const pending = new PendingRows(rows.paths.paths)
  const failed = (array: number, error: UnsupportedError): void => {
    if (plan.onUnsupported === 'fail') throw arrayRefusal(error)
    if (!dropped.has(array)) dropped.set(array, error.message)
  }
  const source = await plan.openAgain({ signal })
  try {
    for await (const entries of scanEntries(source, { signal, inline: true })) {
      await rows.paths.check()
      for (const entry of entries) {
        const row = entry.kind === 'end' ? undefined : rows.row(entry, failed)
        if (!row || dropped.has(row.array)) continue
        if (pending.mustEmpty(row.array)) await sorter.add(pending.take())
        pending.push(row)
      }
    }
    await sorter.add(pending.take())
    await rows.paths.check()
    return dropped
  } finally {
    await source.close()
  }
}

/** Chunks of an array that are asked for and were not found. */
function missingOf(
  array: number,
  { shape, chunkShape }: ArrayMetadata,
  { arrays, from, to }: Asked,
  found: number,
): number {
  if (!arrays.has(array)) return 0
  const end = Math.min(to, chunkCount(gridShape(extentsSoFar(shape), chunkShape)))
  return Math.max(0, end - from) - found
}

function footerOf(
  { header, arrays }: BodyPlan,
  asked: Asked,
  present: readonly number[],
  dropped: Dropped,
): Footer {
  const outcomes = header.arrays.map(({ path }, array): Outcome => {
    const reason = dropped.get(array)
    if (reason !== undefined) return { path, outcome: 'skipped', reason }
    if (arrays.get(path)?.json2 === undefined) return { path, outcome: 'referenced' }
    return { path, outcome: 'copied', reason: 'json2 strings, which not every reader knows, as vlen-utf8' }
  })
  const skipped = header.skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  return {
    kind: 'footer',
    shapes: header.arrays.map(({ shape }) => extentsSoFar(shape)),
    missing: header.arrays.map((metadata, array) => missingOf(array, metadata, asked, present[array])),
    dropped: [...dropped.keys()].sort((a, b) => a - b),
    coverage: { arrays: [...outcomes, ...skipped], notes: header.notes },
  }
}
