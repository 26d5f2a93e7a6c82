/** One `zarr.json` of Zarr v3 ("Metadata documents" of the v3 specification) in the model's words, which are Zarr v2's. */
import { UnsupportedError } from '../errors.ts'
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import type { DataType } from '../model/data-type.ts'
import type { ArrayMetadata, Attributes, FillValue, GroupMetadata } from '../model/metadata.ts'
import { isJsonObject, type JsonObject, type PythonJson } from './python-json.ts'
import { parseExtents, type Refuse } from './zarr-metadata.ts'
import { zarrNameProblem } from './zarr-name.ts'
import { parseByteOrder, parseCodecChain, translateCodecs } from './zarr3-codec.ts'
import { isZarr3Text, parseZarr3Type } from './zarr3-data-type.ts'
import { parseExtension, type Zarr3Refusals } from './zarr3-extension.ts'
import { parseZarr3FillAttribute, parseZarr3FillValue } from './zarr3-fill-value.ts'

/** How a chunk's key follows from its place in the grid: `c/0/1`, or `0.1`. */
export interface ChunkKeyEncoding {
  readonly prefix: 'c' | ''
  readonly separator: '/' | '.'
}

/** What a document is about. */
export type Zarr3Node =
  | { readonly kind: 'group'; readonly group: GroupMetadata }
  | { readonly kind: 'array'; readonly array: ArrayMetadata; readonly chunkKeys: ChunkKeyEncoding }

const DOCUMENT = 'zarr.json'

/** Members that the specification knows, and zarr-python's copy of all that lies below a group. */
const MEMBERS: Record<'group' | 'array', ReadonlySet<string>> = {
  group: new Set(['zarr_format', 'node_type', 'attributes', 'consolidated_metadata']),
  array: new Set([
    ...['zarr_format', 'node_type', 'shape', 'data_type', 'chunk_grid', 'chunk_key_encoding', 'fill_value'],
    ...['codecs', 'attributes', 'storage_transformers', 'dimension_names'],
  ]),
}

function parsePath(refuse: Refuse, key: string): string {
  if (key === DOCUMENT) return ''
  const path = key.endsWith(`/${DOCUMENT}`)
    ? key.slice(0, -DOCUMENT.length - 1)
    : refuse(key, `is no ${DOCUMENT}`)
  for (const name of path.split('/')) {
    const problem = zarrNameProblem(name)
    if (problem !== undefined) refuse(key, `is nowhere: ${problem}`)
  }
  return path
}

/** Members that readers do not know may be passed over only where they say so. */
function checkMembers({ unsupported }: Zarr3Refusals, json: JsonObject, known: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(json))
    if (!known.has(name) && !(isJsonObject(value) && value.must_understand === false))
      unsupported(`the Zarr extension ${JSON.stringify(name)}`)
  const { storage_transformers: transformers } = json
  if (Array.isArray(transformers) && transformers.length > 0) unsupported('Zarr storage transformers')
}

function parseAttributes({ refuse }: Zarr3Refusals, json: PythonJson | undefined): Attributes & JsonObject {
  if (json === undefined) return {}
  return isJsonObject(json) ? json : refuse('attributes is no object')
}

function parseChunkShape(
  refuse: Refuse,
  key: string,
  refusals: Zarr3Refusals,
  json: PythonJson | undefined,
): number[] {
  const { name, configuration } = parseExtension(refusals, 'chunk_grid', json)
  if (name !== 'regular') refusals.unsupported(`the Zarr chunk grid ${name}`)
  return parseExtents(refuse, `${key} chunk_grid`, configuration.chunk_shape, 1)
}

function parseChunkKeys(refusals: Zarr3Refusals, json: PythonJson | undefined): ChunkKeyEncoding {
  const { name, configuration } = parseExtension(refusals, 'chunk_key_encoding', json)
  if (name !== 'default' && name !== 'v2') return refusals.unsupported(`the Zarr chunk key encoding ${name}`)
  const { separator = name === 'v2' ? '.' : '/' } = configuration
  if (separator !== '/' && separator !== '.')
    return refusals.refuse('chunk_key_encoding has no such separator')
  return { prefix: name === 'v2' ? '' : 'c', separator }
}

/** `dim_N` for axes without a name, as far as no other axis has that. */
function parseDims({ refuse }: Zarr3Refusals, json: PythonJson | undefined, rank: number): string[] {
  const names = json === undefined || json === null ? Array.from({ length: rank }, () => null) : json
  if (!Array.isArray(names) || names.length !== rank)
    return refuse('dimension_names is no list of a name an axis')
  return names.map((name, axis) => {
    if (typeof name === 'string') return name
    if (name !== null) return refuse('dimension_names has one that is no text')
    let free = `dim_${axis}`
    while (names.includes(free)) free += '_'
    return free
  })
}

/** Text has no bytes of one element; empty text is what readers take anyway. */
function parseFill(refusals: Zarr3Refusals, dataType: DataType, json: PythonJson | undefined): FillValue {
  if (dataType !== '|O')
    return parseZarr3FillValue(dataType, json) ?? refusals.refuse('fill_value does not fit the data type')
  return json === '' ? null : refusals.unsupported('a fill value of text that is not empty')
}

function withoutDimensions(
  { _ARRAY_DIMENSIONS, ...attributes }: Attributes & JsonObject,
  dataType: DataType,
): Attributes {
  if (!Object.hasOwn(attributes, '_FillValue')) return attributes
  return { ...attributes, _FillValue: parseZarr3FillAttribute(dataType, attributes._FillValue) }
}

function parseArray(
  refuse: Refuse,
  key: string,
  path: string,
  json: JsonObject,
  refusals: Zarr3Refusals,
): Zarr3Node {
  checkMembers(refusals, json, MEMBERS.array)
  const shape = parseExtents(refuse, `${key} shape`, json.shape, 0)
  const chunkShape = parseChunkShape(refuse, key, refusals, json.chunk_grid)
  if (chunkShape.length !== shape.length) refusals.refuse('has extents and chunk extents of different ranks')
  if (!Number.isSafeInteger(chunkCount(gridShape(shape, chunkShape))))
    refusals.refuse('has chunks beyond count')
  const chain = parseCodecChain(refusals, json.codecs)
  const order = parseByteOrder(refusals, chain)
  const dataType = parseZarr3Type(refusals, order, json.data_type)
  const array: ArrayMetadata = {
    path,
    dims: parseDims(refusals, json.dimension_names, shape.length),
    attributes: withoutDimensions(parseAttributes(refusals, json.attributes), dataType),
    shape,
    chunkShape,
    dataType,
    fillValue: parseFill(refusals, dataType, json.fill_value),
    codecs: translateCodecs(chain, { refusals, dataType, order, isText: isZarr3Text(json.data_type) }),
  }
  return { kind: 'array', array, chunkKeys: parseChunkKeys(refusals, json.chunk_key_encoding) }
}

/**
 * What a `zarr.json` says.
 * @param refuse raises what is wrong with the document.
 * @param key `temp/zarr.json`, or `zarr.json` for the root.
 * @throws UnsupportedError, with the array's or group's path, for what Zarr v2 has no words for: shards, other grids,
 *   codecs and data types.
 */
export function parseZarr3Node(refuse: Refuse, key: string, json: JsonObject): Zarr3Node {
  const path = parsePath(refuse, key)
  const refusals: Zarr3Refusals = {
    refuse: (problem) => refuse(key, problem),
    unsupported: (feature) => {
      throw new UnsupportedError(feature, { array: path })
    },
  }
  if (json.zarr_format !== 3n) refuse(`${key} zarr_format`, 'is not 3')
  if (json.node_type === 'array') return parseArray(refuse, key, path, json, refusals)
  if (json.node_type !== 'group') refuse(`${key} node_type`, 'is neither array nor group')
  checkMembers(refusals, json, MEMBERS.group)
  return { kind: 'group', group: { path, attributes: parseAttributes(refusals, json.attributes) } }
}
