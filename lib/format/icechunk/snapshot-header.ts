/** The nodes of a snapshot as a header: each node's `zarr.json`, Zarr v3's metadata. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import { extentsSoFar, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, GroupMetadata, Header, Skipped } from '../../model/metadata.ts'
import { isJsonObject, type JsonObject, type PythonJson, parsePythonJson } from '../python-json.ts'
import type { Refuse } from '../zarr-metadata.ts'
import { parseZarr3Node } from '../zarr3-metadata.ts'
import type { ManifestRef, Snapshot, SnapshotNode } from './snapshot.ts'

/** An array of the header, and where its chunks are told. */
export interface SnapshotArray {
  /** Of the node, as manifests have it. */
  readonly node: string
  readonly grid: readonly number[]
  readonly manifests: readonly ManifestRef[]
}

export interface SnapshotHeader {
  readonly header: Header
  /** One for each array of the header. */
  readonly arrays: readonly SnapshotArray[]
}

function parseJson(text: string, key: string, refuse: Refuse): JsonObject {
  let json: PythonJson
  try {
    json = parsePythonJson(text)
  } catch {
    // Or so deep that there is no stack for it.
    return refuse(key, 'is not JSON')
  }
  return isJsonObject(json) ? json : refuse(key, 'is no object')
}

function parseNode({ path, metadata }: SnapshotNode, refuse: Refuse): ReturnType<typeof parseZarr3Node> {
  const key = path === '' ? 'zarr.json' : `${path}/zarr.json`
  return parseZarr3Node(refuse, key, parseJson(metadata, key, refuse))
}

/**
 * The header; arrays that references cannot express are in its `skipped`.
 * @throws FormatError where metadata is broken; `url` is the snapshot's file.
 */
export function headerOf({ nodes }: Snapshot, url: string): SnapshotHeader {
  const refuse: Refuse = (key, problem) => {
    throw new FormatError({ url, offset: 0, structure: 'Icechunk snapshot' }, `${key} ${problem}`)
  }
  const groups: GroupMetadata[] = []
  const metadata: ArrayMetadata[] = []
  const arrays: SnapshotArray[] = []
  const skipped: Skipped[] = []
  for (const node of nodes) {
    try {
      const parsed = parseNode(node, refuse)
      if ((parsed.kind === 'array') !== (node.manifests !== undefined))
        refuse(node.path, `is one thing in the snapshot, and in its metadata a ${parsed.kind}`)
      if (parsed.kind === 'group') groups.push(parsed.group)
      else {
        const grid = gridShape(extentsSoFar(parsed.array.shape), parsed.array.chunkShape)
        metadata.push(parsed.array)
        arrays.push({ node: node.id, grid, manifests: node.manifests ?? [] })
      }
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error
      skipped.push({ path: node.path, reason: error.feature })
    }
  }
  return { header: { kind: 'header', groups, arrays: metadata, skipped, notes: [] }, arrays }
}
