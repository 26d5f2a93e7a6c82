/** The messages of a dataset's object header that say what its values are and where they lie. */
import { FormatError } from '../../errors.ts'
import type { Hdf5File } from './file.ts'
import type { ForeignDataset } from './foreign/foreign.ts'
import type { DataLayout } from './message/data-layout.ts'
import { parseDataLayout } from './message/data-layout-parser.ts'
import { type Dataspace, parseDataspace } from './message/dataspace.ts'
import type { Datatype } from './message/datatype.ts'
import { parseDatatype } from './message/datatype-parser.ts'
import { type ExternalFileList, parseExternalFiles } from './message/external-files.ts'
import { type FillValueMessage, parseFillValue, parseOldFillValue } from './message/fill-value.ts'
import { type Filter, parseFilterPipeline } from './message/filter-pipeline.ts'
import { findMessage, MESSAGE, type ObjectHeader, resolveMessage } from './object-header.ts'

/** The parsed messages of a dataset. */
export interface Dataset {
  readonly datatype: Datatype
  readonly dataspace: Dataspace
  readonly layout: DataLayout
  /** In the order in which they are applied when writing. */
  readonly filters: readonly Filter[]
  readonly fillValue: FillValueMessage
  /** Raw files beside the HDF5 file that hold the values; undefined: they are in an HDF5 file. */
  readonly externalFiles: ExternalFileList | undefined
  /** The values, where they are in other files that have been opened. @throws Damage: why they cannot be had. */
  readonly foreign?: () => ForeignDataset
}

/** Parses the messages. @throws FormatError where one is missing or damaged. */
export async function readDataset(
  file: Hdf5File,
  header: ObjectHeader,
  signal?: AbortSignal,
): Promise<Dataset> {
  const find = (type: number) => {
    const message = findMessage(header, type)
    return message && resolveMessage(file, message, signal)
  }
  const require = (type: number, name: string) => find(type) ?? missing(file, header, name)
  const filters = await find(MESSAGE.filterPipeline)
  const external = await find(MESSAGE.externalFiles)
  return {
    datatype: parseDatatype(await require(MESSAGE.datatype, 'datatype')),
    dataspace: parseDataspace(await require(MESSAGE.dataspace, 'dataspace'), file.lengthSize),
    layout: parseDataLayout(await require(MESSAGE.dataLayout, 'data layout'), file),
    filters: filters ? parseFilterPipeline(filters) : [],
    fillValue: await readFillValue(find),
    externalFiles: external && parseExternalFiles(external, file),
  }
}

function missing(file: Hdf5File, header: ObjectHeader, name: string): never {
  const at = { url: file.source.url, structure: 'object header', offset: file.base + header.address }
  throw new FormatError(at, `a dataset without a ${name} message`)
}

type Find = (type: number) => ReturnType<typeof resolveMessage> | undefined

/** The old message is written beside the new one for old readers: the new one counts. */
async function readFillValue(find: Find): Promise<FillValueMessage> {
  const message = await find(MESSAGE.fillValue)
  if (message) return parseFillValue(message)
  const old = await find(MESSAGE.fillValueOld)
  return old ? parseOldFillValue(old) : { state: 'undefined' }
}
