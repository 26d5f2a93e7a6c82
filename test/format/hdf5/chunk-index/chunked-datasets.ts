/** The chunked datasets in the root group of a file, ready for their chunk indexes to be scanned. */
import type { ChunkedDataset } from '../../../../lib/format/hdf5/chunk-index/index.ts'
import type { Hdf5File } from '../../../../lib/format/hdf5/file.ts'
import { parseDataLayout } from '../../../../lib/format/hdf5/message/data-layout-parser.ts'
import { parseDataspace } from '../../../../lib/format/hdf5/message/dataspace.ts'
import { readObject } from '../../../../lib/format/hdf5/object.ts'
import {
  findMessage,
  MESSAGE,
  type ObjectHeader,
  resolveMessage,
} from '../../../../lib/format/hdf5/object-header.ts'

/** In the order of the group's links; whatever is not chunked is left out. */
export async function readChunkedDatasets(file: Hdf5File): Promise<ChunkedDataset[]> {
  const root = await readObject(file, file.rootAddress)
  const links = root.kind === 'group' ? root.links : []
  const found: ChunkedDataset[] = []
  for (const link of links) {
    const object = link.kind === 'hard' ? await readObject(file, link.address) : undefined
    const dataset = object?.kind === 'dataset' ? await readDataset(file, link.name, object.header) : undefined
    if (dataset !== undefined) found.push(dataset)
  }
  return found
}

async function readDataset(file: Hdf5File, path: string, header: ObjectHeader) {
  const space = findMessage(header, MESSAGE.dataspace)
  const layoutMessage = findMessage(header, MESSAGE.dataLayout)
  if (space === undefined || layoutMessage === undefined) return undefined
  const layout = parseDataLayout(await resolveMessage(file, layoutMessage), file)
  if (layout.kind !== 'chunked') return undefined
  const { shape, maxShape } = parseDataspace(await resolveMessage(file, space), file.lengthSize)
  const filtered = findMessage(header, MESSAGE.filterPipeline) !== undefined
  return { path, shape, maxShape, layout, filtered }
}
