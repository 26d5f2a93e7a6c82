/** The Parquet sink: one reference set into a folder of shards, published in one step (kerchunk's Parquet layout). */
import { resolve } from 'node:path'
import { UsageError } from '../../errors.ts'
import type { ReferenceSet } from '../../model/reference-set.ts'
import { anySignal, type Sink } from '../../stream/stage.ts'
import { recoverLeftovers } from '../leftovers.ts'
import { onlySet } from '../only-set.ts'
import { alreadyThere, checkTarget, publish, type Target } from '../publish.ts'
import { checkedLocation } from '../reference-paths.ts'
import { checkSourcesKept, identityOf, readAppendedSet, replacedMeanwhile } from './appended-set.ts'
import { readCompleteSet } from './complete-set.ts'
import { INLINE_LIMIT, type WriteParquetOptions, type WriteReport } from './report.ts'
import { SetWriter } from './set-writer.ts'

const RECORD_SIZE = 100_000
const MOST_RECORDS = 10_000_000

/**
 * Writes the one reference set that comes to the folder `path`, which appears when it is complete.
 * The same set gives the same bytes, however its body is cut into batches, killed and resumed, or added to a part of it.
 * @throws UsageError where no set comes, PlanError where two do, WriteError where it cannot be written or breaks the
 * order of references, UnsupportedError for an array that the set could not say.
 */
export function writeParquet(path: string, options: WriteParquetOptions = {}): Sink<WriteReport> {
  const { journal, append } = options
  checkNumbers(options)
  return async (source, context) => {
    const signal = anySignal(options.signal, context?.signal)
    try {
      signal?.throwIfAborted()
      const { overwrite = false } = options
      const resume = journal?.resumes ?? false
      const target = await checkTarget(path, { overwrite, append: append !== undefined, resume })
      if (!journal) await recoverLeftovers(target.path)
      const location = checkedLocation(options.location, target.path)
      const set = await onlySet(source, 'writeParquet')
      if (target.replaces && resume && append === undefined) {
        const complete = await findComplete(set, target, path, { ...options, location })
        if (complete) {
          await journal?.close()
          return complete
        }
      }
      const places = [target.path, resolve(path), ...(append?.name === undefined ? [] : [append.name])]
      return await writeSet(set, target, { ...options, location, places, signal })
    } catch (error) {
      // Where writing failed that is done already.
      await journal?.close(error)
      throw error
    }
  }
}

function checkNumbers({ recordSize = RECORD_SIZE, inlineLimit = INLINE_LIMIT }: WriteParquetOptions): void {
  if (!(Number.isInteger(recordSize) && recordSize >= 1 && recordSize <= MOST_RECORDS)) {
    const problem = `the record size must be a whole number from 1 to ${MOST_RECORDS}, not ${recordSize}`
    throw new UsageError(problem)
  }
  if (!(Number.isSafeInteger(inlineLimit) && inlineLimit >= 0)) {
    throw new UsageError(`the limit of inlined chunks must be a number of bytes, not ${inlineLimit}`)
  }
}

interface PlacedOptions extends WriteParquetOptions {
  readonly location: string
  readonly places: readonly string[]
}

async function writeSet(
  set: ReferenceSet,
  target: Target,
  { append, ...options }: PlacedOptions,
): Promise<WriteReport> {
  const appended = append && (await readAppendedSet(target.path, append))
  if (appended) checkSourcesKept(target.path, appended, set)
  const given = options.recordSize
  const recordSize = appended?.summary.recordSize ?? given ?? RECORD_SIZE
  if (given !== undefined && given !== recordSize) {
    throw new UsageError(`the record size of the set that is added to is ${recordSize}, not ${given}`)
  }
  const { inlineLimit = INLINE_LIMIT } = options
  const build = async (folder: string): Promise<WriteReport> => {
    const writer = new SetWriter(set, folder, { ...options, recordSize, inlineLimit, appended })
    const report = { path: target.path, ...(await writer.write()) }
    if (appended && (await identityOf(target.path)) !== appended.identity)
      throw replacedMeanwhile(target.path)
    return report
  }
  return publish(target, build, options.journal)
}

/** The set that is there, where it is what shall be written. @throws WriteError where it is not, nor may be replaced. */
async function findComplete(
  set: ReferenceSet,
  target: Target,
  path: string,
  { recordSize = RECORD_SIZE, overwrite = false, journal, location }: Omit<PlacedOptions, 'places'>,
): Promise<WriteReport | undefined> {
  // Who replaces a set wants it made anew, unless that was just done.
  const complete =
    overwrite && !journal?.published
      ? undefined
      : await readCompleteSet(set, target.path, { recordSize, location })
  if (!complete && !overwrite) throw alreadyThere(path)
  return complete
}
