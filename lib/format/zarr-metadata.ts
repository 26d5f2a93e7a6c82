/** The metadata of Zarr v2 ("Metadata" of the v2 specification) as a header: `.zarray`, `.zgroup` and `.zattrs` by their keys. */
import { chunkCount, gridShape } from '../model/chunk-grid.ts'
import { type DataType, type DataTypeField, itemSize, parseScalarType } from '../model/data-type.ts'
import type {
  ArrayMetadata,
  Attributes,
  CodecConfig,
  GroupMetadata,
  Header,
  Skipped,
} from '../model/metadata.ts'
import { isJsonObject, type JsonObject, type PythonJson } from './python-json.ts'
import { impliedFillAttribute, masksUnsaid, parseFillAttribute, parseFillValue } from './zarr-fill-value.ts'

/** Raises what is wrong with which key. */
export type Refuse = (key: string, problem: string) => never

/** A list of whole numbers, each at least `least`. */
export function parseExtents(
  refuse: Refuse,
  key: string,
  json: PythonJson | undefined,
  least: number,
): number[] {
  if (!Array.isArray(json)) return refuse(key, 'is no list of extents')
  return json.map((value) => {
    const extent = typeof value === 'bigint' ? Number(value) : Number.NaN
    return Number.isSafeInteger(extent) && extent >= least ? extent : refuse(key, 'is no list of extents')
  })
}

/**
 * Extents of chunks, each 1 at least; 0 is taken for 1 where the array has none itself: so kerchunk describes an array
 * without elements.
 */
export function parseChunkExtents(
  refuse: Refuse,
  key: string,
  json: PythonJson | undefined,
  shape: readonly number[],
): number[] {
  const extents = parseExtents(refuse, key, json, 0)
  if (extents.some((extent, axis) => extent === 0 && shape[axis] !== 0)) refuse(key, 'is no list of extents')
  return extents.map((extent) => Math.max(1, extent))
}

/** Structures within structures. */
const DEEPEST_TYPE = 32
/** Bytes of one element: a fill value is one. */
const MOST_ITEM_BYTES = 1 << 26

function parseField(refuse: Refuse, key: string, json: PythonJson, depth: number): DataTypeField {
  if (!Array.isArray(json) || typeof json[0] !== 'string') return refuse(key, 'has a field without a name')
  const type = parseType(refuse, key, json[1], depth)
  return json[2] === undefined ? [json[0], type] : [json[0], type, parseExtents(refuse, key, json[2], 0)]
}

function parseType(refuse: Refuse, key: string, json: PythonJson | undefined, depth: number): DataType {
  if (typeof json === 'string' && parseScalarType(json)) return json
  if (!Array.isArray(json)) return refuse(key, 'is no data type')
  if (depth === DEEPEST_TYPE) return refuse(key, `has structures more than ${DEEPEST_TYPE} deep`)
  return json.map((field) => parseField(refuse, key, field, depth + 1))
}

/** A data type of bounded size and depth. */
export function parseDataType(refuse: Refuse, key: string, json: PythonJson | undefined): DataType {
  const type = parseType(refuse, key, json, 0)
  return itemSize(type) <= MOST_ITEM_BYTES ? type : refuse(key, `has elements over ${MOST_ITEM_BYTES} bytes`)
}

/**
 * Parameters that are null are as good as left out. Lists and objects cannot be kept, but are of encoders only in
 * numcodecs' json2.
 */
export function parseCodec(refuse: Refuse, key: string, json: PythonJson): CodecConfig {
  if (!isJsonObject(json) || typeof json.id !== 'string') return refuse(key, 'has a codec without an id')
  const config: { id: string; [parameter: string]: string | number | boolean } = { id: json.id }
  for (const [name, value] of Object.entries(json)) {
    if (typeof value === 'bigint') config[name] = Number(value)
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      config[name] = value
    else if (value !== null && json.id !== 'json2')
      refuse(key, `has the codec ${json.id} with a list or an object, ${name}, which kstream cannot keep`)
  }
  return config
}

function parseCodecs(refuse: Refuse, key: string, zarray: JsonObject): CodecConfig[] {
  const filters = zarray.filters ?? []
  const compressor = zarray.compressor ?? null
  if (!Array.isArray(filters)) return refuse(key, 'has filters that are no list')
  const all = compressor === null ? filters : [...filters, compressor]
  return all.map((json) => parseCodec(refuse, key, json))
}

function parseDims(attributes: JsonObject, rank: number): string[] {
  const named = attributes._ARRAY_DIMENSIONS
  const names = Array.isArray(named) ? named.filter((name) => typeof name === 'string') : []
  return names.length === rank ? names : Array.from({ length: rank }, (_, axis) => `dim_${axis}`)
}

/** The attribute `_FillValue` as xarray takes it: decoded, and that of `.zarray` where it is left out. */
function withFillAttribute(
  attributes: JsonObject,
  dataType: DataType,
  fill: PythonJson | undefined,
): JsonObject {
  const given = Object.hasOwn(attributes, '_FillValue')
  const _FillValue = given
    ? parseFillAttribute(dataType, attributes._FillValue)
    : impliedFillAttribute(dataType, fill)
  return _FillValue === undefined ? attributes : { ...attributes, _FillValue }
}

function parseArray(
  refuse: Refuse,
  path: string,
  { zarray, zattrs, xarrayFills }: ArrayDocuments,
): ArrayMetadata {
  const key = `${path}/.zarray`
  const unsafe = path.split('/').some((name) => name === '.' || name === '..' || name.includes('\0'))
  if (unsafe || path.startsWith('/')) refuse(key, 'leads out of the set')
  const { dimension_separator: separator } = zarray
  if (separator !== undefined && separator !== null && separator !== '.' && separator !== '/')
    refuse(key, "has a dimension_separator that is neither '.' nor '/'")
  if (zarray.order === 'F') refuse(key, "has order 'F', which kstream cannot read")
  const shape = parseExtents(refuse, `${key} shape`, zarray.shape, 0)
  const chunkShape = parseChunkExtents(refuse, `${key} chunks`, zarray.chunks, shape)
  if (chunkShape.length !== shape.length) refuse(key, 'has extents and chunk extents of different ranks')
  if (!Number.isSafeInteger(chunkCount(gridShape(shape, chunkShape)))) refuse(key, 'has chunks beyond count')
  const dataType = parseDataType(refuse, `${key} dtype`, zarray.dtype)
  const fillValue = parseFillValue(dataType, zarray.fill_value)
  if (fillValue === undefined) return refuse(`${key} fill_value`, 'does not fit the data type')
  const { _ARRAY_DIMENSIONS, ...given } = zattrs
  const attributes = xarrayFills ? withFillAttribute(given, dataType, zarray.fill_value) : given
  const codecs = parseCodecs(refuse, key, zarray)
  return {
    path,
    dims: parseDims(zattrs, shape.length),
    attributes,
    shape,
    chunkShape,
    dataType,
    fillValue,
    codecs,
  }
}

const UNSAID =
  'in the set that is read xarray takes its fill_value for missing values, though no attribute _FillValue says so; here they are values'

/** How documents become a header. */
export interface HeaderOptions {
  /** The attributes `_FillValue` are to be what xarray makes of them and of `fill_value`, not what is written there. */
  readonly xarrayFills?: boolean
}

interface ArrayDocuments extends HeaderOptions {
  readonly zarray: JsonObject
  readonly zattrs: JsonObject
}

/** The groups and arrays among these documents, in their order. */
export function parseHeader(refuse: Refuse, metadata: JsonObject, options: HeaderOptions = {}): Header {
  const groups: GroupMetadata[] = []
  const arrays: ArrayMetadata[] = []
  const notes: Skipped[] = []
  for (const [key, value] of Object.entries(metadata)) {
    const [, path, kind] = /^(?:(.*)\/)?\.(zarray|zgroup)$/.exec(key) ?? []
    if (kind === undefined) continue
    const name = path ?? ''
    const zattrs = metadata[name === '' ? '.zattrs' : `${name}/.zattrs`]
    const attributes: Attributes & JsonObject = isJsonObject(zattrs) ? zattrs : {}
    if (kind === 'zgroup') groups.push({ path: name, attributes })
    else if (isJsonObject(value)) {
      const array = parseArray(refuse, name, { zarray: value, zattrs: attributes, ...options })
      const isUnsaid =
        !Object.hasOwn(attributes, '_FillValue') && masksUnsaid(array.dataType, value.fill_value)
      if (options.xarrayFills && isUnsaid) notes.push({ path: name, reason: UNSAID })
      arrays.push(array)
    } else refuse(key, 'is no object')
  }
  return { kind: 'header', groups, arrays, skipped: [], notes }
}
