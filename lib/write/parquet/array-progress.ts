/** How far an array's writer has come, as records of a log that add up: what a build goes on from when it was killed. */
import { Shard, type ShardMark, type ShardRows } from './shard.ts'

/** A shard that is written. */
export interface StoredShard {
  readonly shard: number
  /** Of its file. */
  readonly bytes: number
  /** Of the file beside it that holds its large chunks; left out where there is none. */
  readonly copied?: number
}

/** What an array's writer knows beside its rows. */
export interface ArrayCounters {
  readonly references: number
  readonly inlined: number
  readonly referencedBytes: number
  /** Bytes of the chunks that came with their bytes. */
  readonly copiedBytes: number
  /** Of them, those in the file beside the open shard. */
  readonly copied: number
  /** The chunk after the last one seen. */
  readonly next: number
  /** Whether missing chunks are written out as the fill value. */
  readonly gapless: boolean
  readonly dropped: string | undefined
}

/** A record: counters as they are, and what came since the record before. */
export interface ArrayProgress {
  readonly array: number
  /** Of all references of the set so far. */
  readonly protocol?: string | undefined
  readonly counters: ArrayCounters
  readonly filled: readonly number[]
  readonly stored: readonly StoredShard[]
  /** The open shard and the rows it got; undefined where none is open. */
  readonly open?: { readonly shard: number; readonly rows: ShardRows } | undefined
}

/** What the records of an array add up to. */
export interface RestoredArray {
  readonly counters: ArrayCounters
  readonly filled: readonly number[]
  readonly stored: readonly StoredShard[]
  readonly open?: { readonly number: number; readonly shard: Shard } | undefined
}

/** What is asked of an array's writer. */
export interface ProgressSource {
  readonly counters: ArrayCounters
  readonly filledChunks: readonly number[]
  readonly open: RestoredArray['open']
}

/** Tells what came to a writer since it was asked last. */
export class ArrayProgressReader {
  readonly #array: number
  readonly #writer: ProgressSource
  #shard: Shard | undefined
  #mark: ShardMark | undefined
  #filled = 0
  #told: ArrayCounters | undefined

  constructor(array: number, writer: ProgressSource) {
    this.#array = array
    this.#writer = writer
  }

  /** Undefined where nothing came. */
  changes(): ArrayProgress | undefined {
    const { next, dropped } = this.#writer.counters
    const same = this.#told && this.#told.next === next && this.#told.dropped === dropped
    return same ? undefined : this.#tell([])
  }

  /** A shard is closed, and will be stored before this is recorded. */
  closed(stored: StoredShard): ArrayProgress {
    return this.#tell([stored])
  }

  /** All there is, in one record, on which the next ones build. */
  everything(stored: readonly StoredShard[]): ArrayProgress {
    this.#shard = undefined
    this.#filled = 0
    return this.#tell(stored)
  }

  #tell(stored: readonly StoredShard[]): ArrayProgress {
    const { counters, filledChunks, open } = this.#writer
    const filled = filledChunks.slice(this.#filled)
    this.#filled = filledChunks.length
    this.#told = counters
    if (this.#shard !== open?.shard) this.#mark = undefined
    this.#shard = open?.shard
    if (!open) return { array: this.#array, counters, filled, stored }
    const rows = open.shard.rowsSince(this.#mark)
    this.#mark = open.shard.mark
    return { array: this.#array, counters, filled, stored, open: { shard: open.number, rows } }
  }
}

/** Adds up records; undefined for an array of which there are none. */
export function restoreArrays(
  records: Iterable<ArrayProgress>,
  arrays: number,
  recordSize: number,
): (RestoredArray | undefined)[] {
  const found = new Array<RestoredArray | undefined>(arrays).fill(undefined)
  for (const record of records) found[record.array] = add(found[record.array], record, recordSize)
  return found
}

function add(before: RestoredArray | undefined, record: ArrayProgress, recordSize: number): RestoredArray {
  const { counters, filled, stored, open } = record
  const known = before?.open?.number === open?.shard ? before?.open : undefined
  const shard = open && (known?.shard ?? new Shard(recordSize))
  if (open) shard?.addRows(open.rows)
  return {
    counters,
    filled: filled.length > 0 || !before ? [...(before?.filled ?? []), ...filled] : before.filled,
    stored: stored.length > 0 || !before ? [...(before?.stored ?? []), ...stored] : before.stored,
    ...(open && shard && { open: { number: open.shard, shard } }),
  }
}
