/** The journal's side of the sink: which shards are stored, and the rows of the open ones, after each part of the body. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { FileQueue } from '../file-queue.ts'
import { ProgressLog } from '../journal/progress-log.ts'
import type { Journal, JournalledSink } from '../journal.ts'
import { sourcesText } from '../records.ts'
import {
  type ArrayProgress,
  ArrayProgressReader,
  type ProgressSource,
  type RestoredArray,
  restoreArrays,
  type StoredShard,
} from './array-progress.ts'
import { areThere } from './stored-files.ts'

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
  #protocol: string | undefined
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
   * it); undefined where nothing is, or a file is not as it was recorded. What is not recorded is removed.
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
      const { stored = [], counters, open } = restored[array] ?? {}
      if (path === undefined || counters?.dropped !== undefined) continue
      const growing = open && counters ? { shard: open.number, copied: counters.copied } : undefined
      if (!(await areThere(join(this.#journal.setFolder, path), stored, growing))) {
        this.#log.close()
        return undefined
      }
      this.#stored[array].push(...stored)
    }
    this.#protocol = records.at(-1)?.protocol
    return restored
  }

  /** Of all references so far. */
  get protocol(): string | undefined {
    return this.#protocol
  }

  keepProtocol(protocol: string): void {
    this.#protocol = protocol
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
    return { ...record, protocol: this.#protocol }
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
