/** HDF5 and netCDF-4 files as reference sets. */
import { Interning } from '../../model/interning.ts'
import type { ReferenceSet, SourceInfo } from '../../model/reference-set.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { fileRefusal } from '../refusal.ts'
import { placesOf, withoutPlaces, withPlaces } from './array-places.ts'
import { OtherFiles, sourcesOf } from './foreign/other-files.ts'
import { IN_FLIGHT } from './in-flight.ts'
import { withReadLimit } from './read-limit.ts'
import { type BodyPlan, scanBody } from './reference-body.ts'
import { readHeader } from './reference-header.ts'
import { hasHdf5Signature, openHdf5 } from './superblock.ts'

/** Whether a file that begins with `head` is HDF5: also behind a user block, as far as `head` reaches. */
export function detect(head: Uint8Array): boolean {
  return hasHdf5Signature(head)
}

/**
 * Reads the header of an HDF5 file. Its body opens the source again and goes straight to the chunk indexes.
 * @throws UnsupportedError with `onUnsupported: 'fail'`, where references cannot express some of it: all of that is
 * in the message. FormatError where the file is damaged, SourceError where it cannot be read.
 */
export async function open(
  source: ByteSource,
  openAgain: OpenAgain,
  options: FormatOptions,
): Promise<ReferenceSet> {
  const { onUnsupported, copies = false, openExternal, interning = new Interning(), signal } = options
  const file = await openHdf5(withReadLimit(source, IN_FLIGHT), { signal })
  const others = new OtherFiles(file, { openExternal, openAgain, copies, signal })
  const read = await readHeader(file, { copies, others, signal }).finally(() => others.close())
  const header = interning.share(read.header, 'header')
  if (onUnsupported === 'fail' && header.skipped.length > 0)
    throw fileRefusal(source.url, header.skipped, { copies, copyable: read.copyable })
  const { source: _closed, ...facts } = file
  const shared = interning.share({ file: facts, arrays: withoutPlaces(read.arrays) }, 'plan')
  const plan = { header, ...shared, openAgain, onUnsupported, copies }
  return setOf(plan, placesOf(read.arrays), sourcesOf(source.info, read.arrays))
}

/**
 * A set that keeps its own places and shares the rest of its plan with the sets of similar files.
 * Apart from `open`, whose closures would keep all that it has read.
 */
function setOf(shared: BodyPlan, places: readonly number[], sources: readonly SourceInfo[]): ReferenceSet {
  return {
    header: shared.header,
    sources,
    replayable: true,
    body: (options) => scanBody({ ...shared, arrays: withPlaces(shared.arrays, places) }, options),
  }
}
