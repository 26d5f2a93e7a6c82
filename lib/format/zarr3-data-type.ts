/** `data_type` of Zarr v3, with zarr-python's extensions, as Zarr v2's. */
import { type DataType, type DataTypeField, itemSize } from '../model/data-type.ts'
import { ZARR3_NUMBERS, ZARR3_SIZED, ZARR3_TIMES } from '../model/zarr3-name.ts'
import { isJsonObject, type PythonJson } from './python-json.ts'
import { type Extension, parseExtension, parseWhole, type Zarr3Refusals } from './zarr3-extension.ts'

/** Structures within structures. */
const DEEPEST = 32
/** Bytes of one element: a fill value is one. */
const MOST_ITEM_BYTES = 1 << 26

function inverse(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(Array.from(names, ([code, name]) => [name, code]))
}

const NUMBERS = inverse(ZARR3_NUMBERS)
const SIZED = inverse(ZARR3_SIZED)
const TIMES = inverse(ZARR3_TIMES)

/** Of any length: Zarr v2 has them as objects, told apart by their codec. */
const OBJECTS = new Set(['string', 'variable_length_utf8', 'bytes', 'variable_length_bytes'])

const UNIT = /^(?:Y|M|W|D|h|m|s|ms|us|μs|ns|ps|fs|as)$/

/** How elements lie in a chunk's bytes. */
export type ByteOrder = '<' | '>'

/** `M8[10s]`: a unit, and how many of them make one step. */
function timeType(refusals: Zarr3Refusals, kind: string, { name, configuration }: Extension): string {
  const { unit } = configuration
  const factor = parseWhole(refusals, `the scale_factor of ${name}`, configuration.scale_factor ?? 1n, 1)
  if (unit === 'generic') return `${kind}8`
  if (typeof unit !== 'string' || !UNIT.test(unit))
    return refusals.refuse(`data_type ${name} has no unit of time`)
  return `${kind}8[${factor === 1 ? '' : factor}${unit}]`
}

function sizedType(
  refusals: Zarr3Refusals,
  kind: string,
  order: ByteOrder,
  { name, configuration }: Extension,
): string {
  const bytes = parseWhole(refusals, `the length_bytes of ${name}`, configuration.length_bytes, 1)
  if (kind !== 'U') return `|${kind}${bytes}`
  return bytes % 4 === 0 ? `${order}U${bytes / 4}` : refusals.refuse(`data_type ${name} has ${bytes} bytes`)
}

/** `r24`: bits. */
function rawType(name: string): string | undefined {
  const bits = Number(/^r(\d{1,12})$/.exec(name)?.[1] ?? 0)
  return bits > 0 && bits % 8 === 0 ? `|V${bits / 8}` : undefined
}

function scalarType(refusals: Zarr3Refusals, order: ByteOrder, extension: Extension): string {
  const { name } = extension
  const number = NUMBERS.get(name)
  if (number !== undefined) return `${number.endsWith('1') ? '|' : order}${number}`
  if (OBJECTS.has(name)) return '|O'
  const sized = SIZED.get(name)
  if (sized !== undefined) return sizedType(refusals, sized, order, extension)
  const time = TIMES.get(name)
  if (time !== undefined) return order + timeType(refusals, time, extension)
  return rawType(name) ?? refusals.unsupported(`the Zarr data type ${name}`)
}

function parseField(refusals: Zarr3Refusals, json: PythonJson, depth: number): DataTypeField {
  if (!Array.isArray(json) || json.length !== 2 || typeof json[0] !== 'string')
    return refusals.refuse('data_type has a field that is no name and type')
  const type = parseType(refusals, '<', json[1], depth)
  return type === '|O' ? refusals.unsupported('a structure with text of any length in it') : [json[0], type]
}

/** Whatever the order of the array's bytes: zarr-python reads all fields as little-endian. */
function structureType(
  refusals: Zarr3Refusals,
  order: ByteOrder,
  { configuration }: Extension,
  depth: number,
): DataType {
  const { fields } = configuration
  if (!Array.isArray(fields) || fields.length === 0)
    return refusals.refuse('data_type is a structure without fields')
  if (order === '>') refusals.unsupported('a structure in big-endian bytes')
  if (depth === DEEPEST) refusals.refuse(`data_type has structures more than ${DEEPEST} deep`)
  return fields.map((field) => parseField(refusals, field, depth + 1))
}

function parseType(
  refusals: Zarr3Refusals,
  order: ByteOrder,
  json: PythonJson | undefined,
  depth: number,
): DataType {
  const extension = parseExtension(refusals, 'data_type', json)
  return extension.name === 'structured'
    ? structureType(refusals, order, extension, depth)
    : scalarType(refusals, order, extension)
}

/** The type of an array whose bytes have this order, as its `bytes` codec says. */
export function parseZarr3Type(
  refusals: Zarr3Refusals,
  order: ByteOrder,
  json: PythonJson | undefined,
): DataType {
  const type = parseType(refusals, order, json, 0)
  return itemSize(type) <= MOST_ITEM_BYTES
    ? type
    : refusals.refuse(`data_type has elements over ${MOST_ITEM_BYTES} bytes`)
}

/** Whether a type is text of any length, not bytes. */
export function isZarr3Text(json: PythonJson | undefined): boolean {
  const name = isJsonObject(json) ? json.name : json
  return name === 'string' || name === 'variable_length_utf8'
}
