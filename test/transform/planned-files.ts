/** Sets of small files in memory for plans, and the values that come of them. */
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { readValues } from '../../lib/store/read-values.ts'
import { type Combination, type ConcatOptions, planSets } from '../../lib/transform/plan-sets.ts'
import type { MemoryArray, MemoryFiles } from '../store/memory-set.ts'

async function* streamOf(sets: readonly ReferenceSet[]): AsyncGenerator<ReferenceSet> {
  yield* sets
}

/** The plan of joining sets that lie in `files`. */
export function plan(
  files: MemoryFiles,
  sets: readonly ReferenceSet[],
  dims: string | readonly string[] | undefined,
  options: ConcatOptions = {},
): Promise<Combination> {
  return planSets(streamOf(sets), dims, { open: files.open, ...options })
}

/** All values of one array, read through its references. */
export async function values(files: MemoryFiles, set: ReferenceSet, path: string): Promise<unknown[]> {
  const index = set.header.arrays.findIndex((array) => array.path === path)
  const { data } = await readValues(set, index, { open: files.open })
  return Array.from(data as ArrayLike<unknown>)
}

/** The values of all arrays, by path. */
export async function allValues(files: MemoryFiles, set: ReferenceSet): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {}
  for (const { path } of set.header.arrays) all[path] = await values(files, set, path)
  return all
}

/** An array of one dimension. */
export const line = (path: string, dim: string, ...numbers: number[]): MemoryArray => ({
  path,
  dims: [dim],
  shape: [numbers.length],
  bytes: Float64Array.from(numbers),
})

/** The coordinate `time`. */
export const time = (...times: number[]): MemoryArray => line('time', 'time', ...times)

/** An array along time, in one chunk a step. */
export const field = (path: string, ...numbers: number[]): MemoryArray => ({
  path,
  dims: ['time', 'x'],
  shape: [numbers.length, 1],
  chunkShape: [1, 1],
  bytes: Float64Array.from(numbers),
})

/** What kind each barrier is, and of which array. */
export const kinds = ({ report }: Combination) => report.barriers.map(({ kind, array }) => [kind, array])
