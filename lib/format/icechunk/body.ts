/** The body of a snapshot: its manifests one at a time, array by array. */
import { FormatError } from '../../errors.ts'
import { chunkCoordinates, chunkCount, extentsSoFar } from '../../model/chunk-grid.ts'
import type { Header, Skipped } from '../../model/metadata.ts'
import type { Footer, Outcome, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import { ReferenceSorter } from '../../stream/sort-spill.ts'
import { ChunkRowReader, type PlaceContext, type RowRange } from './chunk-rows.ts'
import { findArray } from './manifest.ts'
import type { ManifestCache } from './manifest-cache.ts'
import { type ManifestGroup, orderManifests } from './manifest-order.ts'
import type { ManifestRef } from './snapshot.ts'
import type { SnapshotArray } from './snapshot-header.ts'

/** What is kept of a repository until its body is read. */
export interface BodyPlan {
  /** The snapshot's file. */
  readonly url: string
  readonly header: Header
  /** One for each array of the header. */
  readonly arrays: readonly SnapshotArray[]
  readonly context: PlaceContext
  readonly manifests: ManifestCache
  readonly memoryBytes: number | undefined
}

interface Reading {
  readonly reader: ChunkRowReader
  readonly signal: AbortSignal | undefined
}

/** The batches of one manifest. */
async function* scanManifest(
  plan: BodyPlan,
  manifest: ManifestRef,
  range: RowRange,
  { reader, signal }: Reading,
): AsyncGenerator<ReferenceBatch> {
  const file = await plan.manifests.read(manifest.name, signal)
  const chunks = findArray(file, manifest.name, plan.arrays[range.array].node)
  if (!chunks) return
  for await (const batch of reader.rows(chunks, manifest, range)) {
    signal?.throwIfAborted()
    yield batch
  }
}

/** Manifests that interleave, put in order. */
async function* scanSorted(
  plan: BodyPlan,
  { refs }: ManifestGroup,
  range: RowRange,
  reading: Reading,
): AsyncGenerator<ReferenceBatch> {
  const onDuplicate = (_array: number, chunk: number): Error => {
    const key = chunkCoordinates(chunk, range.grid).join(', ')
    const at = { url: plan.url, offset: 0, structure: 'Icechunk manifests' }
    return new FormatError(at, `${plan.header.arrays[range.array].path}: chunk [${key}] is given twice`)
  }
  const { signal } = reading
  const sorter = new ReferenceSorter({ memoryBytes: plan.memoryBytes, onDuplicate, signal })
  try {
    for (const manifest of refs) {
      for await (const batch of scanManifest(plan, manifest, range, reading)) await sorter.add(batch)
    }
    yield* sorter.batches()
  } finally {
    await sorter.close()
  }
}

function manifestGroups({ url, header, arrays }: BodyPlan, range: RowRange): ManifestGroup[] {
  const refuse = (problem: string): never => {
    const { path } = header.arrays[range.array]
    throw new FormatError({ url, offset: 0, structure: 'Icechunk snapshot' }, `${path} ${problem}`)
  }
  const groups = orderManifests(arrays[range.array].manifests, range.grid, refuse)
  return groups.filter(({ first, last }) => last >= range.from && first < range.to)
}

/** Hands on the references that are asked for; in any order where `sorted` is false. */
async function* scanArray(
  plan: BodyPlan,
  range: RowRange,
  reading: Reading,
  sorted: boolean,
): AsyncGenerator<ReferenceBatch> {
  for (const group of manifestGroups(plan, range)) {
    if (sorted && group.refs.length > 1) yield* scanSorted(plan, group, range, reading)
    else for (const manifest of group.refs) yield* scanManifest(plan, manifest, range, reading)
  }
}

/** What was found on the way, of all arrays. */
function notesOf(native: number, outside: readonly Skipped[]): Skipped[] {
  const reason = `${native} chunks lie in files of the repository: collecting its garbage may remove them`
  return native > 0 ? [{ path: '', reason }, ...outside] : [...outside]
}

function outsideOf(path: string, count: number): Skipped[] {
  const reason = `${count} references are to chunks outside of the array, which was made smaller: left out`
  return count > 0 ? [{ path, reason }] : []
}

/**
 * Reads the references. With `sorted: false` the batches of an array come as its manifests have them, which takes no
 * memory and no disk.
 */
export async function* scanBody(
  plan: BodyPlan,
  options: BodyOptions = {},
  { sorted = true } = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const { from = 0, signal } = options
  const { arrays } = plan.header
  const missing = arrays.map(() => 0)
  const outside: Skipped[] = []
  let native = 0
  for (const array of options.arrays ?? arrays.keys()) {
    const { grid } = plan.arrays[array]
    const to = Math.min(options.to ?? Number.POSITIVE_INFINITY, chunkCount(grid))
    const reader = new ChunkRowReader(plan.context)
    let present = 0
    for await (const batch of scanArray(plan, { array, grid, from, to }, { reader, signal }, sorted)) {
      present += batch.rows
      yield batch
    }
    missing[array] = Math.max(0, to - from) - present
    native += reader.counts.native
    outside.push(...outsideOf(arrays[array].path, reader.counts.outside))
  }
  yield footerOf(plan.header, missing, notesOf(native, outside))
}

function footerOf(header: Header, missing: readonly number[], notes: readonly Skipped[]): Footer {
  const referenced = header.arrays.map(({ path }): Outcome => ({ path, outcome: 'referenced' }))
  const skipped = header.skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  return {
    kind: 'footer',
    shapes: header.arrays.map(({ shape }) => extentsSoFar(shape)),
    missing,
    dropped: [],
    coverage: { arrays: [...referenced, ...skipped], notes: [...header.notes, ...notes] },
  }
}
