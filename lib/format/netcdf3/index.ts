/** NetCDF classic files (netCDF-3: CDF-1, CDF-2, and CDF-5) as reference sets. */
import { Interning } from '../../model/interning.ts'
import type { ReferenceSet, SourceInfo } from '../../model/reference-set.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import type { FormatOptions, OpenAgain } from '../format.ts'
import { fileRefusal } from '../refusal.ts'
import { planFile } from './array-plan.ts'
import { hasClassicMagic } from './header.ts'
import { readClassicHeader } from './header-reader.ts'
import { type BodyPlan, scanBody } from './reference-body.ts'

/** Whether a file that begins with `head` is of the netCDF classic formats. */
export function detect(head: Uint8Array): boolean {
  return hasClassicMagic(head)
}

/**
 * Reads the header of a netCDF classic file; its body computes the references without reading more. With `copies`,
 * zeros stand for values past the end of the file, as libnetcdf reads them.
 * @throws UnsupportedError with `onUnsupported: 'fail'`, where references cannot express some of it: all of that is
 * in the message. FormatError where the header is damaged, SourceError where it cannot be read.
 */
export async function open(
  source: ByteSource,
  openAgain: OpenAgain,
  options: FormatOptions,
): Promise<ReferenceSet> {
  const { onUnsupported, copies = false, interning = new Interning(), signal } = options
  const file = planFile(await readClassicHeader(source, signal), source.size, copies)
  const header = interning.share(file.header, 'header')
  if (onUnsupported === 'fail' && header.skipped.length > 0) throw fileRefusal(source.url, header.skipped)
  return setOf({ header, ...interning.share(file.plan, 'plan'), openAgain }, file.begins, source.info)
}

/** A set that keeps its own places and shares the rest. Apart from `open`, whose closures would keep what it has read. */
function setOf(shared: BodyPlan, begins: readonly number[], info: SourceInfo): ReferenceSet {
  return {
    header: shared.header,
    sources: [info],
    replayable: true,
    body: (options) => scanBody(shared, begins, options),
  }
}
