/** The Parquet sink: one reference set into a folder of shards, published in one step (kerchunk's Parquet layout). */
import { PlanError, UsageError } from '../../errors.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import type { Sink } from '../../stream/stage.ts'
import { checkTarget, publish } from '../publish.ts'
import type { WriteParquetOptions, WriteReport } from './report.ts'
import { SetWriter } from './set-writer.ts'

const RECORD_SIZE = 100_000
const MOST_RECORDS = 10_000_000

/**
 * Writes the one reference set that comes to the folder `path`, which appears when it is complete.
 * The same set gives the same bytes, however its body is cut into batches.
 * @throws UsageError where no set comes, PlanError where two do, WriteError where it cannot be written or breaks the
 * order of references, UnsupportedError for an array that the set could not say.
 */
export function writeParquet(path: string, options: WriteParquetOptions = {}): Sink<WriteReport> {
  const recordSize = options.recordSize ?? RECORD_SIZE
  if (!Number.isInteger(recordSize) || recordSize < 1 || recordSize > MOST_RECORDS) {
    throw new UsageError(
      `the record size must be a whole number from 1 to ${MOST_RECORDS}, not ${recordSize}`,
    )
  }
  return async (source, context) => {
    const signals = [options.signal, context?.signal].filter((each) => each !== undefined)
    const signal = signals.length > 0 ? AbortSignal.any(signals) : undefined
    signal?.throwIfAborted()
    const target = await checkTarget(path, options)
    const set = await onlySet(source)
    return publish(target, async (folder) => {
      const writer = new SetWriter(set, folder, { ...options, recordSize, signal })
      return { path: target.path, ...(await writer.write()) }
    })
  }
}

/** Sets are opened when their body is read, so the next one may be asked for before. */
async function onlySet(source: AsyncIterable<ReferenceSet>): Promise<ReferenceSet> {
  let only: ReferenceSet | undefined
  for await (const set of source) {
    if (only) throw new PlanError('writeParquet takes one reference set: concat them first')
    only = set
  }
  if (!only) throw new UsageError('no input')
  return only
}
