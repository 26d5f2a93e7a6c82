/** The body of an HDF5 file's reference set: array by array, straight to where the chunks are found. */
import { UnsupportedError } from '../../errors.ts'
import { chunkCount, extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, Header } from '../../model/metadata.ts'
import type { Coverage, Footer, Outcome, ReferenceBatch } from '../../model/reference-batch.ts'
import type { BodyOptions } from '../../model/reference-set.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { arrayRefusal } from '../refusal.ts'
import { batchesOf } from './array-batches.ts'
import { damageOrThrow } from './damage.ts'
import type { ChunkRange } from './decoded/string-chunks.ts'
import type { Hdf5File } from './file.ts'
import type { PlannedArray } from './planned-array.ts'

/** What is kept of a header until its body is read. */
export interface BodyPlan {
  readonly header: Header
  readonly arrays: readonly PlannedArray[]
  /** All of the file but its source, which is opened anew. */
  readonly file: Omit<Hdf5File, 'source'>
  readonly openAgain: OpenAgain
  readonly onUnsupported: FormatOptions['onUnsupported']
  readonly copies?: FormatOptions['copies']
}

/** What became of one array. */
interface ArrayEnd {
  readonly missing: number
  /** Why some of its chunks are in the set itself. */
  readonly copied?: string | undefined
  /** Why it cannot be referenced after all. */
  readonly dropped?: string
}

const NOT_ASKED: ArrayEnd = { missing: 0 }

const MASKED = 'chunks stored without some of their filters'
const CONVERTED = 'strings without the spaces, or the bytes behind a NUL, that fill them up in the file'
/** Arrays whose first batch is under way while the one before them is handed on: an index may be a round trip away. */
const ARRAYS_AHEAD = 8

/** Reads the chunk indexes. The source is opened at the first pull and closed when it ends, however it ends. */
export async function* scanBody(
  plan: BodyPlan,
  options: BodyOptions = {},
): AsyncGenerator<ReferenceBatch | Footer> {
  const asked = new Set(options.arrays ?? plan.arrays.keys())
  const wanted = [...plan.arrays.keys()].filter((array) => asked.has(array))
  const source = await plan.openAgain({ signal: options.signal })
  const open: ArrayScan[] = []
  try {
    const file = { ...plan.file, source }
    const ends: ArrayEnd[] = plan.arrays.map(() => NOT_ASKED)
    const queue = wanted[Symbol.iterator]()
    const start = (): void => {
      const { done, value: array } = queue.next()
      if (!done) open.push(startScan(file, plan, array, options))
    }
    for (let i = 0; i < ARRAYS_AHEAD; i++) start()
    for (let scan = open.at(0); scan; scan = open.at(0)) {
      ends[scan.array] = yield* scanArray(file, plan, scan)
      open.shift()
      start()
    }
    yield footerOf(plan, ends)
  } finally {
    await Promise.allSettled(open.map(({ batches }) => batches.return()))
    await source.close()
  }
}

/** An array whose first batch has been asked for. */
interface ArrayScan {
  readonly array: number
  readonly range: ChunkRange
  readonly batches: AsyncGenerator<ReferenceBatch, void>
  readonly first: Promise<IteratorResult<ReferenceBatch, void>>
  /** Whether chunks were copied because they skip some of their filters. */
  readonly masked: () => boolean
}

function startScan(
  file: Hdf5File,
  { arrays, copies = false }: BodyPlan,
  array: number,
  options: BodyOptions,
): ArrayScan {
  const planned = arrays[array]
  const range = rangeOf(planned.metadata, options)
  let masked = false
  const onMasked = () => {
    masked = true
  }
  const batches = batchesOf(file, planned, array, { ...range, copies, onMasked })
  const first = batches.next()
  // A failure waits for its turn, and is no unhandled rejection until then.
  first.catch(() => {})
  return { array, range, batches, first, masked: () => masked }
}

function rangeOf(metadata: ArrayMetadata, { from = 0, to, signal }: BodyOptions): ChunkRange {
  const count = chunkCount(gridShape(extentsSoFar(metadata.shape), metadata.chunkShape))
  const end = Math.min(count, to ?? count)
  return { from: Math.min(from, end), to: end, signal }
}

async function* scanArray(
  file: Hdf5File,
  plan: BodyPlan,
  { array, range, batches, first, masked }: ArrayScan,
): AsyncGenerator<ReferenceBatch, ArrayEnd> {
  const planned = plan.arrays[array]
  let found = 0
  let raw = false
  try {
    for (let next = await first; !next.done; next = await batches.next()) {
      found += next.value.rows
      raw ||= next.value.raw !== undefined
      yield next.value
    }
    const missing = range.to - range.from - found
    if (missing > 0 && planned.unfillable !== undefined) throw new UnsupportedError(planned.unfillable)
    return { missing, copied: masked() ? MASKED : raw ? rawReason(planned) : undefined }
  } catch (error) {
    const damage = damageOrThrow(error)
    if (plan.onUnsupported === 'fail') throw failure(damage, file, planned, plan.copies)
    const dropped = damage instanceof UnsupportedError ? damage.feature : damage.message
    return { missing: range.to - range.from - found, dropped }
  }
}

function rawReason({ storage }: PlannedArray): string {
  return storage.kind === 'foreign' ? storage.chunks.copied : CONVERTED
}

/** Damage as it is; what cannot be referenced with its place, and with the way round it. */
function failure(damage: Error, file: Hdf5File, { metadata }: PlannedArray, copies = false): Error {
  if (!(damage instanceof UnsupportedError)) return damage
  const { feature, copyable } = damage
  const refused = new UnsupportedError(feature, { url: file.source.url, array: metadata.path, copyable })
  return arrayRefusal(refused, { copies })
}

function footerOf({ header, arrays }: BodyPlan, ends: readonly ArrayEnd[]): Footer {
  const outcomes = arrays.map(({ metadata: { path }, storage, recoded }, i): Outcome => {
    const { dropped, copied } = ends[i]
    if (dropped !== undefined) return { path, outcome: 'skipped', reason: dropped }
    if (storage.kind === 'strings') return { path, outcome: 'copied', reason: 'variable-length strings' }
    if (storage.kind === 'compact')
      return { path, outcome: 'copied', reason: "compact: stored in the file's header" }
    const why = recoded ?? copied
    return why === undefined ? { path, outcome: 'referenced' } : { path, outcome: 'copied', reason: why }
  })
  const skipped = header.skipped.map(({ path, reason }): Outcome => ({ path, outcome: 'skipped', reason }))
  const coverage: Coverage = { arrays: [...outcomes, ...skipped], notes: header.notes }
  return {
    kind: 'footer',
    shapes: arrays.map(({ metadata }) => extentsSoFar(metadata.shape)),
    missing: ends.map(({ missing }) => missing),
    dropped: [...ends.keys()].filter((i) => ends[i].dropped !== undefined),
    coverage,
  }
}
