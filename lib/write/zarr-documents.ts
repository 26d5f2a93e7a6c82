/** The metadata documents of Zarr v2 nodes, as JSON texts: `.zgroup`, `.zattrs`, `.zarray`. */
import type { ArrayMetadata, Attributes, CodecConfig } from '../model/metadata.ts'
import { type JsonValue, jsonText } from './json-text.ts'

/** An array as it ended. */
export interface FinalArray {
  readonly metadata: ArrayMetadata
  readonly shape: readonly number[]
  readonly fill: JsonValue
}

/** The text of every `.zgroup`. */
export const ZGROUP_TEXT = '{"zarr_format": 2}'

/** The text of a group's `.zattrs`. */
export function groupAttributesText(attributes: Attributes): string {
  return jsonText(attributes)
}

/** The text of an array's `.zattrs`. */
export function arrayAttributesText({ attributes, dims }: ArrayMetadata): string {
  const entries = Object.entries(attributes).filter(([name]) => name !== '_ARRAY_DIMENSIONS')
  return jsonText(new Map<string, JsonValue>([...entries, ['_ARRAY_DIMENSIONS', dims]]))
}

/** The text of `.zarray`. */
export function zarrayText({ metadata, shape, fill }: FinalArray): string {
  return jsonText({
    chunks: metadata.chunkShape.map(BigInt),
    compressor: null,
    dimension_separator: '.',
    dtype: dataType(metadata.dataType),
    fill_value: fill,
    filters: metadata.codecs.length === 0 ? null : metadata.codecs.map(codec),
    order: 'C',
    shape: shape.map(BigInt),
    zarr_format: 2n,
  })
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
