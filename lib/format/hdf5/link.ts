/** The links of a group, however it stores them (HDF5 File Format 3.0, III.A to III.C, IV.A.2.c and IV.A.2.g). */
import type { Cursor } from './cursor.ts'
import { LINK_INDEX, readDense } from './dense-storage.ts'
import type { Hdf5File } from './file.ts'
import { readGroupBtree } from './group-btree.ts'
import { mapInFlight } from './in-flight.ts'
import { readLocalHeap } from './local-heap.ts'
import { type Link, type LinkMessage, parseLink } from './message/link.ts'
import { parseLinkInfo } from './message/link-info.ts'
import { parseSymbolTable } from './message/symbol-table.ts'
import { findMessage, MESSAGE, type ObjectHeader, resolveMessage } from './object-header.ts'
import { parseSymbolNode, readSymbolNode } from './symbol-node.ts'

export type { Link } from './message/link.ts'

/**
 * The links of a group: by creation order where the group tracks it, else by the bytes of their names, as h5py
 * lists them.
 */
export async function readLinks(
  file: Hdf5File,
  header: ObjectHeader,
  signal?: AbortSignal,
): Promise<readonly Link[]> {
  const table = findMessage(header, MESSAGE.symbolTable)
  if (table !== undefined) return readSymbolTable(file, await resolveMessage(file, table, signal), signal)
  const info = findMessage(header, MESSAGE.linkInfo)
  const storage = info && parseLinkInfo(file, await resolveMessage(file, info, signal))
  const messages = header.messages.filter(({ type }) => type === MESSAGE.link)
  const compact = await mapInFlight(messages, (message) => resolveMessage(file, message, signal))
  const dense = storage && (await readDense(file, storage, LINK_INDEX, signal))
  const stored = dense ? await mapInFlight(dense.records, ({ heapId }) => dense.heap.object(heapId)) : []
  const links = [...compact, ...stored].map((cursor) => parseLink(file, cursor))
  return links.sort(storage?.creationOrderTracked ? byOrder : byName).map(({ link }) => link)
}

const byName = (a: LinkMessage, b: LinkMessage): number => Buffer.compare(a.nameBytes, b.nameBytes)
const byOrder = (a: LinkMessage, b: LinkMessage): number =>
  (a.creationOrder ?? 0) - (b.creationOrder ?? 0) || byName(a, b)

async function readSymbolTable(file: Hdf5File, message: Cursor, signal?: AbortSignal): Promise<Link[]> {
  const { btreeAddress, heapAddress } = parseSymbolTable(file, message)
  const [nodes, heap] = await Promise.all([
    readGroupBtree(file, btreeAddress, signal).then((addresses) =>
      mapInFlight(addresses, (address) => readSymbolNode(file, address, signal)),
    ),
    readLocalHeap(file, heapAddress, signal),
  ])
  return nodes.flatMap((node) => parseSymbolNode(file, node, heap))
}
