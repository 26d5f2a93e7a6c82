/** The Icechunk sink: one reference set into a folder that is an Icechunk repository, published in one step. */
import { UsageError } from '../../errors.ts'
import { anySignal, type Sink } from '../../stream/stage.ts'
import { onlySet } from '../only-set.ts'
import { publish } from '../publish.ts'
import type { IcechunkReport, WriteIcechunkOptions } from './report.ts'
import { RepositoryWriter } from './repository-writer.ts'
import { checkRepositoryTarget } from './target.ts'

/**
 * Writes the one reference set that comes to the folder `path`, an Icechunk repository of specification version 1 (which
 * Icechunk 1 and 2 read) with a branch `main`; it appears when it is complete. References are virtual chunks with the
 * ETag or the time of change of their source, arrays are Zarr v3. The same set gives the same bytes: ids are made of
 * content, and the time of the commits is that of the newest source.
 * @throws UsageError where no set comes, PlanError where two do, WriteError where it cannot be written or breaks the
 * order of references, UnsupportedError for an array or a path that Zarr v3 or Icechunk could not say.
 */
export function writeIcechunk(path: string, options: WriteIcechunkOptions = {}): Sink<IcechunkReport> {
  const { commitReferences = 1, manifestReferences = 1, overwrite = false } = options
  for (const [name, value] of Object.entries({ commitReferences, manifestReferences })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new UsageError(`${name} must be a whole number from 1, not ${value}`)
    }
  }
  return async (source, context) => {
    const signal = anySignal(options.signal, context?.signal)
    signal?.throwIfAborted()
    const target = await checkRepositoryTarget(path, overwrite)
    const set = await onlySet(source, 'writeIcechunk')
    return publish(target, (folder) =>
      new RepositoryWriter(set, folder, target.path, { ...options, signal }).write(),
    )
  }
}
