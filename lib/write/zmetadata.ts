/** `.zmetadata` of a Parquet set (Zarr v2 consolidated metadata plus `record_size`), for the root and every group. */
import type { GroupMetadata } from '../model/metadata.ts'
import { jsonText } from './json-text.ts'
import { ancestors } from './names.ts'
import {
  arrayAttributesText,
  type FinalArray,
  groupAttributesText,
  ZGROUP_TEXT,
  zarrayText,
} from './zarr-documents.ts'

/** A node of the set: its path and the texts of its metadata documents, by their names. */
interface Node {
  readonly path: string
  readonly documents: readonly (readonly [name: string, text: string])[]
}

/** The groups of the header, and those that its paths imply, each after its parent. */
export function allGroups(
  groups: readonly GroupMetadata[],
  arrays: readonly { path: string }[],
): GroupMetadata[] {
  const known = new Map(groups.map((group) => [group.path, group]))
  const all = new Map<string, GroupMetadata>()
  const add = (path: string) => all.set(path, known.get(path) ?? { path, attributes: {} })
  add('')
  for (const { path } of groups) for (const group of [...ancestors(path), path]) add(group)
  for (const { path } of arrays) for (const group of ancestors(path)) add(group)
  return [...all.values()]
}

/**
 * The text of `.zmetadata` for each group, by path: everything below it, with names relative to it, so that the
 * group's folder can be opened as a set of its own. Only the text of one group is made at a time.
 */
export function* zmetadataTexts(
  groups: readonly GroupMetadata[],
  arrays: readonly FinalArray[],
  recordSize: number,
): Generator<[path: string, text: string]> {
  const nodes = [...groups.map(groupNode), ...arrays.map(arrayNode)]
  const below = new Map<string, Node[]>(groups.map((group) => [group.path, []]))
  for (const node of nodes) {
    for (const path of [...ancestors(node.path), node.path]) below.get(path)?.push(node)
  }
  for (const [path, members] of below) yield [path, zmetadataText(path, members, recordSize)]
}

function zmetadataText(root: string, members: readonly Node[], recordSize: number): string {
  const skip = root === '' ? 0 : root.length + 1
  const entries = members.flatMap(({ path, documents }) => {
    const relative = path.slice(skip)
    const prefix = relative === '' ? '' : `${relative}/`
    return documents.map(([name, text]) => `${jsonText(prefix + name)}: ${text}`)
  })
  return `{"metadata": {${entries.join(', ')}}, "record_size": ${recordSize}}`
}

function groupNode({ path, attributes }: GroupMetadata): Node {
  return {
    path,
    documents: [
      ['.zgroup', ZGROUP_TEXT],
      ['.zattrs', groupAttributesText(attributes)],
    ],
  }
}

function arrayNode(array: FinalArray): Node {
  return {
    path: array.metadata.path,
    documents: [
      ['.zarray', zarrayText(array)],
      ['.zattrs', arrayAttributesText(array.metadata)],
    ],
  }
}
