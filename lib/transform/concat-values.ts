/** The values that decide whether and how files are concatenated: coordinates gathered, fixed arrays compared. */
import { PlanError } from '../errors.ts'
import type { ArrayMetadata, Skipped } from '../model/metadata.ts'
import { barrierError } from '../plan/barriers.ts'
import type { ConcatPlan } from '../plan/concat-plan.ts'
import type { Part } from '../plan/layout.ts'
import type { PlannedArray } from '../plan/planned-array.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { ChunkReader } from '../store/chunk-reader.ts'
import { compareValues } from '../store/compare-values.ts'
import { bytesThrough, stringsThrough } from '../store/read-values.ts'
import { isVlenString } from '../store/zarr-metadata.ts'
import { mapOrdered } from '../stream/map-ordered.ts'
import { GatheredValues } from './gathered-values.ts'

export interface ValueOptions {
  readonly open: OpenSource
  readonly signal?: AbortSignal | undefined
}

/** What the values settle: the final arrays, and the chunk of each gathered one, by its index. */
export interface SettledArrays {
  readonly arrays: readonly ArrayMetadata[]
  readonly chunks: ReadonlyMap<number, Uint8Array>
  readonly notes: readonly Skipped[]
}

/** Files whose values are read at the same time. */
const CONCURRENCY = 4
/** Stored bytes of the first file's fixed arrays kept for comparing them with all others. */
const KEPT_BYTES = 2 ** 25

/**
 * Reads each file once: gathers what is to be gathered, checks the order of the coordinates, and compares the fixed
 * arrays with the first file's.
 * @throws PlanError naming both files and both values.
 */
export async function settleValues(plan: ConcatPlan, options: ValueOptions): Promise<SettledArrays> {
  const [first] = plan.parts
  checkReplayable(plan)
  const wanted = plan.arrays.filter((planned) => isRead(planned))
  const gathering = wanted.map((planned) => new GatheredValues(planned, first.layout))
  const base = new ChunkReader(first.set, { ...options, keepBytes: KEPT_BYTES })
  const visit = async (part: Part, signal: AbortSignal) => {
    const reader = part === first ? base : new ChunkReader(part.set, { ...options, signal })
    try {
      await reader.prefetch(readArrays(plan, part))
      const values = await readAll(part, wanted, reader)
      if (part !== first) await compareFixed(plan, base, part, reader)
      return { part, values }
    } finally {
      if (reader !== base) await reader.close()
    }
  }
  try {
    for await (const { part, values } of mapOrdered(plan.parts, visit, {
      ...options,
      concurrency: CONCURRENCY,
    })) {
      for (const [at, bytes] of values.entries()) gathering[at].add(part, bytes)
    }
  } finally {
    await base.close()
  }
  return settle(plan, wanted, gathering)
}

/** Gathered arrays, and coordinates too large for it, whose order is checked all the same. */
function isRead({ role, array, coordinate }: PlannedArray): boolean {
  return role === 'gathered' || (role === 'along' && coordinate === array.path)
}

function checkReplayable({ parts, arrays }: ConcatPlan): void {
  const once = parts.find(({ set }) => !set.replayable)
  const needed = arrays.some((planned) => isRead(planned)) || parts.length > 1
  if (!once || !needed) return
  const message = `${once.name}: its references can be read only once, and concatenating needs values before them; write it to a reference set first`
  throw new PlanError(message, { inputs: [once.name] })
}

/** Indexes in this very set of all arrays that are read or compared. */
function readArrays({ arrays, parts }: ConcatPlan, part: Part): number[] {
  const read = arrays.filter((planned) => isRead(planned) || (planned.role === 'fixed' && parts.length > 1))
  return read.map(({ array }) => indexIn(part, array.path))
}

async function readAll(
  part: Part,
  wanted: readonly PlannedArray[],
  reader: ChunkReader,
): Promise<(Uint8Array | string[])[]> {
  const values: (Uint8Array | string[])[] = []
  for (const { array } of wanted) {
    const index = indexIn(part, array.path)
    values.push(isVlenString(array) ? await stringsThrough(reader, index) : await bytesThrough(reader, index))
  }
  return values
}

/** The array's index in this very set: layouts that are equal list their arrays in the same order. */
function indexIn(part: Part, path: string): number {
  return part.layout.indexOf.get(path) ?? -1
}

async function compareFixed(
  plan: ConcatPlan,
  base: ChunkReader,
  part: Part,
  reader: ChunkReader,
): Promise<void> {
  const [first] = plan.parts
  for (const { role, array } of plan.arrays) {
    if (role !== 'fixed') continue
    const a = { reader: base, index: indexIn(first, array.path) }
    const difference = await compareValues(a, { reader, index: indexIn(part, array.path) })
    if (!difference) continue
    const { index, values } = difference
    throw barrierError([
      {
        kind: 'values',
        array: array.path,
        subject: `the value at [${index.join(', ')}]`,
        inputs: [first.name, part.name],
        values,
        advice: `it has no dimension ${plan.dim}, so it must be the same in all files: leave the array out, or the files that differ`,
      },
    ])
  }
}

function settle(
  plan: ConcatPlan,
  wanted: readonly PlannedArray[],
  gathering: readonly GatheredValues[],
): SettledArrays {
  const chunks = new Map<number, Uint8Array>()
  const notes: Skipped[] = []
  const arrays = plan.arrays.map((planned, index) => {
    if (planned.role !== 'gathered') return planned.array
    const finished = gathering[wanted.indexOf(planned)].finish()
    chunks.set(index, finished.bytes)
    notes.push(...finished.notes)
    return finished.array
  })
  return { arrays, chunks, notes }
}
