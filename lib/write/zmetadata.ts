/** `.zmetadata` of a Parquet set (Zarr v2 consolidated metadata plus `record_size`), for the root and every group. */
import type { ArrayMetadata, Attributes, CodecConfig, GroupMetadata } from '../model/metadata.ts'
import { type JsonValue, jsonText } from './json-text.ts'
import { ancestors } from './names.ts'

/** An array as it ended. */
export interface FinalArray {
  readonly metadata: ArrayMetadata
  readonly shape: readonly number[]
  readonly fill: JsonValue
}

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
      ['.zgroup', '{"zarr_format": 2}'],
      ['.zattrs', jsonText(attributes)],
    ],
  }
}

function arrayNode({ metadata, shape, fill }: FinalArray): Node {
  return {
    path: metadata.path,
    documents: [
      ['.zarray', jsonText(zarray(metadata, shape, fill))],
      ['.zattrs', jsonText(zattrs(metadata.attributes, metadata.dims))],
    ],
  }
}

function zarray(metadata: ArrayMetadata, shape: readonly number[], fill: JsonValue): JsonValue {
  return {
    chunks: metadata.chunkShape.map(BigInt),
    compressor: null,
    dimension_separator: '.',
    dtype: dataType(metadata.dataType),
    fill_value: fill,
    filters: metadata.codecs.length === 0 ? null : metadata.codecs.map(codec),
    order: 'C',
    shape: shape.map(BigInt),
    zarr_format: 2n,
  }
}

function zattrs(attributes: Attributes, dims: readonly string[]): JsonValue {
  const entries = Object.entries(attributes).filter(([name]) => name !== '_ARRAY_DIMENSIONS')
  return new Map<string, JsonValue>([...entries, ['_ARRAY_DIMENSIONS', dims]])
}

function dataType(type: ArrayMetadata['dataType']): JsonValue {
  if (typeof type === 'string') return type
  return type.map(([name, field, shape]) =>
    shape ? [name, dataType(field), shape.map(BigInt)] : [name, dataType(field)],
  )
}

function codec(config: CodecConfig): JsonValue {
  const integer = (value: CodecConfig[string]) => (Number.isInteger(value) ? BigInt(value) : value)
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, integer(value)]))
}
