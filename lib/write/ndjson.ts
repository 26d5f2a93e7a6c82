/** Sets as NDJSON: a line for the header, one for each reference, one for the footer, each told apart by `kind`. */
import { chunkKey, gridShape } from '../model/chunk-grid.ts'
import type { ArrayMetadata, Attributes, AttributeValue, Header } from '../model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { Stage } from '../stream/stage.ts'
import { fillJson } from './fill-value.ts'
import { type JsonValue, jsonText } from './json-text.ts'

/** NDJSON is for any reader: what JSON has no number for becomes the string that Zarr uses. */
function strictJson(value: AttributeValue): JsonValue {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value)) return value.map(strictJson)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, member]) => [key, strictJson(member)]))
}

function attributesJson(attributes: Attributes): JsonValue {
  return new Map(Object.entries(attributes).map(([name, value]) => [name, strictJson(value)]))
}

function integers(extents: readonly (number | null)[]): JsonValue {
  return extents.map((extent) => (extent === null ? null : BigInt(extent)))
}

/** Parameters of codecs are integers wherever they are whole. */
function codecJson(codec: ArrayMetadata['codecs'][number]): JsonValue {
  const members = Object.entries(codec).map(([name, value]): [string, JsonValue] => [
    name,
    typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value,
  ])
  return new Map(members)
}

function dataTypeJson(dataType: ArrayMetadata['dataType']): JsonValue {
  if (typeof dataType === 'string') return dataType
  return dataType.map(([name, type, shape]): JsonValue => {
    const field = [name, dataTypeJson(type)]
    return shape ? [...field, integers(shape)] : field
  })
}

function arrayJson(array: ArrayMetadata): JsonValue {
  return {
    path: array.path,
    dims: array.dims,
    shape: integers(array.shape),
    chunkShape: integers(array.chunkShape),
    dataType: dataTypeJson(array.dataType),
    fillValue: array.fillValue === null ? null : fillJson(array.fillValue, array.dataType),
    codecs: array.codecs.map(codecJson),
    attributes: attributesJson(array.attributes),
  }
}

function headerLine(set: ReferenceSet): string {
  const { groups, arrays, skipped, notes } = set.header
  return jsonText({
    kind: 'header',
    sources: set.sources.map(({ url, size }) => ({ url, size: BigInt(size) })),
    groups: groups.map(({ path, attributes }) => ({ path, attributes: attributesJson(attributes) })),
    arrays: arrays.map(arrayJson),
    skipped: skipped.map(({ path, reason }) => ({ path, reason })),
    notes: notes.map(({ path, reason }) => ({ path, reason })),
  })
}

function footerLine(footer: Footer, { arrays }: Header): string {
  const { shapes, missing, dropped, coverage } = footer
  return JSON.stringify({
    kind: 'footer',
    arrays: arrays.map(({ path }, index) => ({ path, shape: shapes[index], missing: missing[index] })),
    dropped: dropped.map((index) => arrays[index].path),
    notes: coverage.notes,
  })
}

/** The keys need the grid's trailing extents only, so an array that still grows along its first axis has them too. */
function batchLines(batch: ReferenceBatch, array: ArrayMetadata): string {
  const shape = array.shape.map((extent, axis) => extent ?? (axis === 0 ? Number.MAX_SAFE_INTEGER : 0))
  const grid = gridShape(shape, array.chunkShape)
  const start = `{"kind":"reference","array":${JSON.stringify(array.path)},"chunk":"`
  const paths = batch.paths.map((path) => JSON.stringify(path))
  let text = ''
  for (let row = 0; row < batch.rows; row++) {
    text += `${start}${chunkKey(batch.chunk[row], grid)}",`
    if (batch.path[row] === INLINE) {
      text += `"inline":"${Buffer.from(batch.raw?.[row] ?? []).toString('base64')}"`
    } else
      text += `"path":${paths[batch.path[row]]},"offset":${batch.offset[row]},"length":${batch.length[row]}`
    const mask = batch.filterMask?.[row] ?? 0
    text += mask === 0 ? '}\n' : `,"filterMask":${mask}}\n`
  }
  return text
}

/** A stage from sets to blocks of whole lines. Inlined bytes are base64; offsets and lengths are bytes. */
export function ndjson(): Stage<ReferenceSet, string> {
  return async function* (source, context) {
    for await (const set of source) {
      yield `${headerLine(set)}\n`
      for await (const item of set.body({ signal: context?.signal })) {
        if (item.kind === 'footer') yield `${footerLine(item, set.header)}\n`
        else yield batchLines(item, set.header.arrays[item.array])
      }
    }
  }
}
