/** Rows of references sorted by array and chunk, in bounded memory: what has no room is kept in a temporary file. */
import { tmpdir } from 'node:os'
import { PlanError } from '../errors.ts'
import type { ReferenceBatch } from '../model/reference-batch.ts'
import { HeldRows, SharedPaths } from './held-rows.ts'
import { mergeSorted } from './merge-sorted.ts'
import { RunFile, type StoredRun } from './run-file.ts'
import type { DuplicateError } from './sort-runs.ts'

/** How much is held in memory, and what is done about the rest. */
export interface SortOptions {
  /** Bytes of rows, inlined chunks included, that are held before they go to disk; 64 MiB by default. */
  readonly memoryBytes?: number | undefined
  /** Where the temporary file is made; the system's folder for such by default. */
  readonly folder?: string
  /** The error for two rows with the same array and chunk; a PlanError with the numbers by default. */
  readonly onDuplicate?: DuplicateError
  readonly signal?: AbortSignal | undefined
}

const MEMORY = 1 << 26

/** Memory that a run takes while it is merged at least: a block of rows and its inlined chunks, and as much that is waiting to be freed. */
const RUN_MEMORY = 1 << 20
const MOST_RUNS = 64
/** Bytes of paths that are held for all runs however little memory there is; a quarter of it otherwise. */
const LEAST_PATHS = 1 << 16

function duplicateRow(array: number, chunk: number): Error {
  return new PlanError(`chunk ${chunk} of array ${array} is given twice`)
}

/** One call at a time: `add` as often as wanted, then `batches`, and `close` however it ends. */
export class ReferenceSorter {
  readonly #memory: number
  readonly #folder: string
  readonly #duplicate: DuplicateError
  readonly #signal: AbortSignal | undefined
  readonly #shared = new SharedPaths()
  /** The one list of paths of all runs; undefined where there are too many, and blocks have lists of their own. */
  #paths: readonly string[] | undefined = this.#shared.paths
  /** How many paths the runs have that share the list. */
  #sharedPaths = 0
  readonly #held: HeldRows
  #file: RunFile | undefined
  #runs: StoredRun[] = []

  constructor({ memoryBytes, folder, onDuplicate, signal }: SortOptions = {}) {
    this.#memory = memoryBytes ?? MEMORY
    this.#held = new HeldRows(this.#shared, this.#memory)
    this.#folder = folder ?? tmpdir()
    this.#duplicate = onDuplicate ?? duplicateRow
    this.#signal = signal
  }

  /**
   * Copies the rows of a batch. Ascending chunks sort fastest; any order is right, within a batch and between them.
   * @throws WriteError where there is no room on disk.
   */
  async add(batch: ReferenceBatch): Promise<void> {
    this.#signal?.throwIfAborted()
    this.#held.add(batch)
    if (this.#held.bytes >= this.#memory) await this.#spill()
  }

  async #spill(): Promise<void> {
    this.#file ??= await RunFile.create(this.#folder)
    if (this.#shared.bytes > Math.max(LEAST_PATHS, this.#memory / 4)) this.#paths = undefined
    this.#runs.push(await this.#file.write(this.#held.sorted(this.#duplicate), this.#paths, this.#signal))
    this.#held.reset()
    if (this.#paths) this.#sharedPaths = this.#paths.length
    else this.#shared.renew(this.#sharedPaths)
  }

  /**
   * All rows in batches of some thousands: array by array ascending, each array's chunks ascending. The batches'
   * `paths` is one list of all paths, unless these are too many to be held.
   * @throws what `onDuplicate` makes where two rows have the same array and chunk: here, or in `add`.
   */
  async *batches(): AsyncGenerator<ReferenceBatch> {
    this.#signal?.throwIfAborted()
    if (this.#runs.length === 0) {
      for (const batch of this.#held.sorted(this.#duplicate)) {
        yield batch
        this.#signal?.throwIfAborted()
      }
      return
    }
    if (this.#held.rows > 0) await this.#spill()
    this.#held.clear()
    const most = this.#mostRuns()
    while (this.#runs.length > most) await this.#mergeRuns(most)
    if (this.#file) yield* this.#merged(this.#file, this.#runs)
  }

  /** Runs that are merged at a time: a block that holds one large chunk is larger than all others. */
  #mostRuns(): number {
    const largest = this.#runs.reduce((most, { blocks }) => blocks.reduce((a, b) => Math.max(a, b), most), 0)
    const memory = Math.max(RUN_MEMORY, 2 * largest)
    return Math.max(2, Math.min(MOST_RUNS, Math.floor(this.#memory / memory)))
  }

  #merged(file: RunFile, runs: readonly StoredRun[]): AsyncGenerator<ReferenceBatch> {
    const flows = runs.map((run) => file.read(run, this.#signal))
    return mergeSorted(flows, this.#paths, this.#duplicate)
  }

  /** Merges `most` runs at a time into longer ones, in a new file. */
  async #mergeRuns(most: number): Promise<void> {
    const old = this.#file
    if (!old) return
    const file = await RunFile.create(this.#folder)
    const runs: StoredRun[] = []
    try {
      for (let from = 0; from < this.#runs.length; from += most) {
        const group = this.#runs.slice(from, from + most)
        runs.push(await file.write(this.#merged(old, group), this.#paths, this.#signal))
      }
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
    this.#runs = runs
    await old.close()
  }

  /** Forgets all rows, in memory and on disk. */
  async close(): Promise<void> {
    this.#held.clear()
    this.#runs = []
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
