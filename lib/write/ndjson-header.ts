/** The header's line of a set as NDJSON (ndjson.ts says what is in it): strict JSON, and no number is lost. */
import { parseFillValue } from '../format/zarr-fill-value.ts'
import type { ArrayMetadata, Attributes, AttributeValue } from '../model/metadata.ts'
import type { ReferenceSet, SourceInfo } from '../model/reference-set.ts'
import { fillJson } from './fill-value.ts'
import { type JsonValue, jsonText } from './json-text.ts'

/** Of the lines' layout; what an older reader would read wrong needs another. */
const VERSION = 1n

/** How non-finite numbers are spelt. */
const NON_FINITE = /^(?:NaN|-?Infinity)$/

/** Steps from an attribute to a value within it: members of objects and places in lists. */
type Steps = readonly (string | bigint)[]

/** What JSON cannot tell of one attribute's value. */
interface Findings {
  /** Where its non-finite numbers are. */
  readonly numbers: Steps[]
  /** Whether some text is spelt like one. */
  alike: boolean
}

/** The value as strict JSON. */
function strictJson(value: AttributeValue, steps: Steps, findings: Findings): JsonValue {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    findings.numbers.push(steps)
    return String(value)
  }
  if (typeof value === 'string') findings.alike ||= NON_FINITE.test(value)
  if (Array.isArray(value)) {
    return value.map((item: AttributeValue, index) => strictJson(item, [...steps, BigInt(index)], findings))
  }
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]): [string, JsonValue] => [
    key,
    strictJson(member, [...steps, key], findings),
  ])
  return new Map(members)
}

/** `attributes`, and `nonFinite` where it is needed. */
function attributeMembers(attributes: Attributes): Record<string, JsonValue> {
  const nonFinite: JsonValue[] = []
  const members = new Map<string, JsonValue>()
  for (const [name, value] of Object.entries(attributes)) {
    const findings: Findings = { numbers: [], alike: false }
    members.set(name, strictJson(value, [name], findings))
    if (findings.numbers.length === 0) continue
    if (findings.alike) nonFinite.push(...findings.numbers)
    else nonFinite.push(name)
  }
  return { attributes: members, ...(nonFinite.length > 0 && { nonFinite }) }
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

/** `fillValue`, and `fill` where that would be read as other bytes: another NaN, half of a surrogate pair. */
function fillMembers({ fillValue, dataType }: ArrayMetadata): Record<string, JsonValue> {
  if (fillValue === null) return { fillValue: null }
  const json = fillJson(fillValue, dataType)
  const read = typeof json === 'object' && !Array.isArray(json) ? undefined : parseFillValue(dataType, json)
  const exact = read ? Buffer.compare(read, fillValue) === 0 : false
  return { fillValue: json, ...(!exact && { fill: Buffer.from(fillValue).toString('hex') }) }
}

function arrayJson(array: ArrayMetadata): JsonValue {
  return {
    path: array.path,
    dims: array.dims,
    shape: integers(array.shape),
    chunkShape: integers(array.chunkShape),
    dataType: dataTypeJson(array.dataType),
    ...fillMembers(array),
    codecs: array.codecs.map(codecJson),
    ...attributeMembers(array.attributes),
  }
}

function sourceJson({ url, size, external, etag, lastModified }: SourceInfo): JsonValue {
  return {
    url,
    size: BigInt(size),
    ...(external && { external }),
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  }
}

/** The header's line, without its end, of a set whose body ends in a footer. */
export function headerLine({ header, sources }: ReferenceSet): string {
  const { groups, arrays, skipped, notes } = header
  return jsonText({
    kind: 'header',
    version: VERSION,
    sorted: true,
    footer: true,
    sources: sources.map(sourceJson),
    groups: groups.map(({ path, unlimitedDims, ...group }) => ({
      path,
      ...attributeMembers(group.attributes),
      ...(unlimitedDims && { unlimitedDims }),
    })),
    arrays: arrays.map(arrayJson),
    skipped: skipped.map(({ path, reason }) => ({ path, reason })),
    notes: notes.map(({ path, reason }) => ({ path, reason })),
  })
}
