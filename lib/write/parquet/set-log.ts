/** The journal's side of the sink: which shards are stored, and the rows of the open ones, after each part of the body. */
import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { FileQueue } from '../file-queue.ts'
import { ProgressLog } from '../journal/progress-log.ts'
import type { Journal, JournalledSink } from '../journal.ts'
import { ignoreMissing } from '../leftovers.ts'
import { sourcesText } from '../records.ts'
import {
  type ArrayProgress,
  ArrayProgressReader,
  type ProgressSource,
  type RestoredArray,
  restoreArrays,
  type StoredShard,
} from './array-progress.ts'

/** A shard that is on its way to disk, and what to record when it is there. */
interface Closing {
  readonly record: ArrayProgress
  readonly stored: StoredShard
  done: boolean
}

/** Rows that are recorded at a time; recording many small arrays together is cheaper. */
const MOST_ROWS = 10_000

/** Records how far the writers of a set have come. */
export class SetLog implements JournalledSink {
  /** Of all references so far. */
  protocol: string | undefined
  readonly #journal: Journal
  readonly #files: FileQueue
  readonly #log: ProgressLog<ArrayProgress>
  readonly #readers: readonly ArrayProgressReader[]
  readonly #stored: StoredShard[][]
  /** In the order in which the shards were closed, in which they are recorded too. */
  readonly #closings: Closing[] = []

  constructor(journal: Journal, writers: readonly ProgressSource[], files: FileQueue) {
    this.#journal = journal
    this.#files = files
    this.#log = new ProgressLog(journal.workFolder)
    this.#readers = writers.map((writer, array) => new ArrayProgressReader(array, writer))
    this.#stored = writers.map(() => [])
  }

  /**
   * What is recorded of a set of this signature, for each of the arrays with these paths (undefined: no folder is made for
   * it); undefined where nothing is, or a shard is not as it was recorded. Files that are not recorded are removed.
   */
  async resume(
    signature: string,
    paths: readonly (string | undefined)[],
    recordSize: number,
  ): Promise<(RestoredArray | undefined)[] | undefined> {
    const records = this.#log.resume(signature)
    if (!records) return undefined
    const restored = restoreArrays(records, paths.length, recordSize)
    for (const [array, path] of paths.entries()) {
      const { stored = [], counters } = restored[array] ?? {}
      if (path === undefined || counters?.dropped !== undefined) continue
      if (!(await areThere(join(this.#journal.setFolder, path), stored))) {
        this.#log.close()
        return undefined
      }
      this.#stored[array].push(...stored)
    }
    this.protocol = records.at(-1)?.protocol
    return restored
  }

  /** Records all that the writers have now, as the first of what they will. */
  start(signature: string, stored: readonly (readonly StoredShard[])[]): void {
    for (const [array, shards] of stored.entries()) this.#stored[array].push(...shards)
    this.#log.start(signature, this.#everything())
  }

  /** To be called when an array has closed a shard; returns what to call when it is stored. */
  closed(array: number, stored: StoredShard): () => void {
    const closing: Closing = { record: this.#readers[array].closed(stored), stored, done: false }
    this.#closings.push(closing)
    return () => {
      closing.done = true
      this.#recordClosings()
    }
  }

  /** A shard is recorded after those that its array closed before, so that rows are never taken for there that are not. */
  async flush(): Promise<void> {
    await this.#files.drain()
    if (this.#log.isLong) {
      this.#log.restart(this.#everything())
      return
    }
    let records: ArrayProgress[] = []
    let rows = 0
    for (const reader of this.#readers) {
      const record = reader.changes()
      if (!record) continue
      records.push(this.#stamped(record))
      rows += record.open?.rows.rows.length ?? 0
      if (rows < MOST_ROWS) continue
      this.#log.append(...records)
      records = []
      rows = 0
    }
    if (records.length > 0) this.#log.append(...records)
  }

  close(): void {
    this.#log.close()
  }

  *#everything(): Generator<ArrayProgress> {
    for (const [array, reader] of this.#readers.entries()) {
      yield this.#stamped(reader.everything(this.#stored[array]))
    }
  }

  #stamped(record: ArrayProgress): ArrayProgress {
    return { ...record, protocol: this.protocol }
  }

  #recordClosings(): void {
    while (this.#closings[0]?.done) {
      const { record, stored } = this.#closings[0]
      this.#closings.shift()
      this.#log.append(this.#stamped(record))
      this.#stored[record.array].push(stored)
    }
  }
}

/** Whether the recorded shards are in the folder; others go, which were being written when the build died. */
async function areThere(folder: string, stored: readonly StoredShard[]): Promise<boolean> {
  const sizes = new Map(stored.map(({ shard, bytes }) => [`refs.${shard}.parq`, bytes]))
  const names = (await readdir(folder).catch(ignoreMissing)) ?? []
  let found = 0
  for (const name of names) {
    const size = sizes.get(name)
    const path = join(folder, name)
    if (size !== undefined && (await stat(path)).size === size) found++
    else if (/^refs\.\d+\.parq(\.part)?$/.test(name)) await rm(path)
  }
  return found === sizes.size
}

/** Tells sets apart whose shards could not stand in one folder: everything that is known before the body. */
export function signatureOf(set: ReferenceSet, options: readonly (string | number)[]): string {
  const hash = createHash('sha256')
  for (const part of [JSON.stringify(set.header, plain), sourcesText(set.sources), ...options]) {
    hash.update(`${part}\0`)
  }
  return hash.digest('hex')
}

/** A replacer for `JSON.stringify`, which would call the `toJSON` of a Buffer first, and loses what is no number. */
function plain(this: unknown, key: string, value: unknown): unknown {
  const holder = this as Readonly<Record<string, unknown>>
  const own = holder[key]
  if (own instanceof Uint8Array) return { bytes: Buffer.from(own).toString('hex') }
  if (typeof value === 'bigint') return { integer: String(value) }
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { number: Object.is(value, -0) ? '-0' : String(value) }
  }
  return value
}
