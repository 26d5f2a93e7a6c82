/** The metadata of Zarr v2 ("Metadata" of the v2 specification) as a header: `.zarray`, `.zgroup` and `.zattrs` by their keys. */
import type { DataType, DataTypeField } from '../model/data-type.ts'
import type { ArrayMetadata, Attributes, CodecConfig, GroupMetadata, Header } from '../model/metadata.ts'
import { isJsonObject, type PythonJson } from './python-json.ts'
import { parseFillValue } from './zarr-fill-value.ts'

/** A JSON object as Python writes it. */
export type JsonObject = { readonly [key: string]: PythonJson }

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

function parseField(refuse: Refuse, key: string, json: PythonJson): DataTypeField {
  if (!Array.isArray(json) || typeof json[0] !== 'string') return refuse(key, 'has a field without a name')
  const type = parseDataType(refuse, key, json[1])
  return json[2] === undefined ? [json[0], type] : [json[0], type, parseExtents(refuse, key, json[2], 0)]
}

function parseDataType(refuse: Refuse, key: string, json: PythonJson | undefined): DataType {
  if (typeof json === 'string') return json
  if (!Array.isArray(json)) return refuse(key, 'is no data type')
  return json.map((field) => parseField(refuse, key, field))
}

function parseCodec(refuse: Refuse, key: string, json: PythonJson): CodecConfig {
  if (!isJsonObject(json) || typeof json.id !== 'string') return refuse(key, 'has a codec without an id')
  const config: { id: string; [parameter: string]: string | number | boolean } = { id: json.id }
  for (const [name, value] of Object.entries(json)) {
    if (typeof value === 'bigint') config[name] = Number(value)
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      config[name] = value
  }
  return config
}

function parseCodecs(refuse: Refuse, key: string, zarray: JsonObject): CodecConfig[] {
  const filters = Array.isArray(zarray.filters) ? zarray.filters : []
  const all = isJsonObject(zarray.compressor) ? [...filters, zarray.compressor] : filters
  return all.map((json) => parseCodec(refuse, key, json))
}

function parseDims(attributes: JsonObject, rank: number): string[] {
  const named = attributes._ARRAY_DIMENSIONS
  const names = Array.isArray(named) ? named.filter((name) => typeof name === 'string') : []
  return names.length === rank ? names : Array.from({ length: rank }, (_, axis) => `dim_${axis}`)
}

function parseArray(refuse: Refuse, path: string, zarray: JsonObject, zattrs: JsonObject): ArrayMetadata {
  const key = `${path}/.zarray`
  if (zarray.order === 'F') refuse(key, "has order 'F', which kstream cannot read")
  const shape = parseExtents(refuse, `${key} shape`, zarray.shape, 0)
  const chunkShape = parseExtents(refuse, `${key} chunks`, zarray.chunks, 1)
  if (chunkShape.length !== shape.length) refuse(key, 'has extents and chunk extents of different ranks')
  const dataType = parseDataType(refuse, `${key} dtype`, zarray.dtype)
  const fillValue = parseFillValue(dataType, zarray.fill_value)
  if (fillValue === undefined) return refuse(`${key} fill_value`, 'does not fit the data type')
  const { _ARRAY_DIMENSIONS, ...attributes } = zattrs
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

/** The groups and arrays among these documents, in their order. */
export function parseHeader(refuse: Refuse, metadata: JsonObject): Header {
  const groups: GroupMetadata[] = []
  const arrays: ArrayMetadata[] = []
  for (const [key, value] of Object.entries(metadata)) {
    const [, path, kind] = /^(?:(.*)\/)?\.(zarray|zgroup)$/.exec(key) ?? []
    if (kind === undefined) continue
    const name = path ?? ''
    const zattrs = metadata[name === '' ? '.zattrs' : `${name}/.zattrs`]
    const attributes: Attributes & JsonObject = isJsonObject(zattrs) ? zattrs : {}
    if (kind === 'zgroup') groups.push({ path: name, attributes })
    else if (isJsonObject(value)) arrays.push(parseArray(refuse, name, value, attributes))
    else refuse(key, 'is no object')
  }
  return { kind: 'header', groups, arrays, skipped: [], notes: [] }
}
