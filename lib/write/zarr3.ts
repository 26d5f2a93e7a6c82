/** `zarr.json` of groups and arrays (Zarr v3), worded so that zarr-python and xarray read what the files say. */
import type { ArrayMetadata, Attributes, AttributeValue, GroupMetadata, Skipped } from '../model/metadata.ts'
import { type JsonValue, jsonText } from './json-text.ts'
import { codecProblem, zarr3Codecs } from './zarr3-codec.ts'
import { zarr3Fill, zarr3Type } from './zarr3-type.ts'

const FILL = '_FillValue'

/** Why an array cannot be said in Zarr v3; undefined where it can. */
export function zarr3Problem(array: ArrayMetadata): string | undefined {
  const type = zarr3Type(array.dataType)
  return 'problem' in type ? type.problem : codecProblem(array)
}

/** The text of a node's `zarr.json`, and what users of it should know. */
export interface NodeDocument {
  readonly text: string
  readonly notes: readonly Skipped[]
}

/** The document of a group. */
export function groupDocument({ path, attributes }: GroupMetadata): NodeDocument {
  const entries = new Map(Object.entries(attributes))
  const text = jsonText({ zarr_format: 3n, node_type: 'group', attributes: entries })
  return { text, notes: nonFiniteNotes(path, attributes) }
}

/** The document of an array without a `zarr3Problem`. */
export function arrayDocument(array: ArrayMetadata, shape: readonly number[]): NodeDocument {
  const type = zarr3Type(array.dataType)
  const { json, endian, kind } = 'problem' in type ? { json: null, endian: undefined, kind: 'V' } : type
  const { attributes, notes } = arrayAttributes(array, kind)
  const text = jsonText({
    zarr_format: 3n,
    node_type: 'array',
    shape: shape.map(BigInt),
    data_type: json,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: array.chunkShape.map(BigInt) } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: zarr3Fill(array.fillValue, array.dataType),
    codecs: zarr3Codecs(array, endian),
    attributes,
    dimension_names: array.dims,
    storage_transformers: [],
  })
  return { text, notes }
}

/** `_ARRAY_DIMENSIONS` became `dimension_names`; xarray has a spelling of its own for `_FillValue`, by the array's type. */
function arrayAttributes(
  { path, attributes }: ArrayMetadata,
  kind: string,
): { attributes: JsonValue; notes: Skipped[] } {
  const notes = nonFiniteNotes(path, attributes)
  const entries = Object.entries(attributes).flatMap(([name, value]): [string, JsonValue][] => {
    if (name === '_ARRAY_DIMENSIONS') return []
    if (name !== FILL) return [[name, value]]
    const fill = fillAttribute(value, kind)
    if (fill !== undefined) return [[name, fill]]
    notes.push({
      path,
      reason: `its attribute ${FILL} is left out: xarray takes none of this kind with Zarr v3`,
    })
    return []
  })
  return { attributes: new Map(entries), notes }
}

/** Python writes and reads `NaN` in JSON, and xarray needs the number; other readers of JSON may refuse the document. */
function nonFiniteNotes(path: string, attributes: Attributes): Skipped[] {
  const names = Object.keys(attributes).filter((name) => name !== FILL && isNonFinite(attributes[name]))
  const reason = `of its attributes ${names.join(', ')} hold NaN or Infinity, which JSON has in Python alone`
  return names.length > 0 ? [{ path, reason }] : []
}

function isNonFinite(value: AttributeValue): boolean {
  if (typeof value === 'number') return !Number.isFinite(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(isNonFinite)
}

/** What xarray's `FillValueCoder` decodes to the value; undefined where it would fail, or give another. */
function fillAttribute(attribute: AttributeValue, kind: string): JsonValue | undefined {
  if (kind === 'c') return complexFill(attribute)
  const value = Array.isArray(attribute) && attribute.length === 1 ? attribute[0] : attribute
  if (kind === 'O') return typeof value === 'string' ? value : undefined
  if (typeof value === 'boolean' && kind === 'b') return value
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  if (kind === 'f') return doubleText(Number(value))
  if (kind === 'b') return Number(value) !== 0
  if (kind !== 'i' && kind !== 'u') return undefined
  if (typeof value === 'bigint') return value
  return Number.isInteger(value) ? BigInt(value) : undefined
}

function complexFill(attribute: AttributeValue): JsonValue | undefined {
  if (!Array.isArray(attribute) || attribute.length !== 2) return undefined
  const parts: AttributeValue[] = [...attribute]
  if (!parts.every((part) => typeof part === 'number' || typeof part === 'bigint')) return undefined
  return parts.map((part) => doubleText(Number(part)))
}

/** The eight bytes of a little-endian double, in base64. */
function doubleText(value: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes.toString('base64')
}
