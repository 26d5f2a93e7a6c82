/** DAP4's types as Zarr v2 data types: the bytes are HDF5's, in the order that `byteOrder` tells. */
import { UnsupportedError } from '../../errors.ts'
import { chunkCoordinates } from '../../model/chunk-grid.ts'
import { type DataType, type DataTypeField, itemSize } from '../../model/data-type.ts'
import type { Attributes } from '../../model/metadata.ts'
import { type Enumeration, type Member, pathIn, type Variable, wholeNumber } from './variable.ts'

/** NumPy's kind and bytes. */
const NUMBERS: Readonly<Record<string, readonly [kind: string, size: number]>> = {
  Byte: ['u', 1],
  Int8: ['i', 1],
  UInt8: ['u', 1],
  Int16: ['i', 2],
  UInt16: ['u', 2],
  Int32: ['i', 4],
  UInt32: ['u', 4],
  Int64: ['i', 8],
  UInt64: ['u', 8],
  Float32: ['f', 4],
  Float64: ['f', 8],
}

const MOST_FIELDS = 1024
const MOST_STRING_BYTES = 1 << 26

/** A type in Zarr's terms. */
export interface ZarrType {
  readonly dataType: DataType
  /** Bytes of one element. */
  readonly size: number
  /** The numbers of an element, in the order in which documents list them in fill values; undefined for strings. */
  readonly parts: readonly Part[] | undefined
  /** What the data type cannot say: the meanings of an enumeration's values. */
  readonly attributes: Attributes
}

/** A number within an element. */
export interface Part {
  readonly offset: number
  /** '<f4' */
  readonly type: string
}

/**
 * The data type of numbers, enumerations and structures.
 * @throws UnsupportedError that names the type where there is none.
 */
export function zarrTypeOf(variable: Variable, enumerations: ReadonlyMap<string, Enumeration>): ZarrType {
  const order = orderOf(variable.storage.byteOrder)
  if (variable.type === 'Structure') return structureType(variable, order)
  if (variable.type === 'Enum') return enumType(variable, enumerations, order)
  return numberType(variable.type, order)
}

/** Hyrax takes values without a byte order as those of a little-endian machine. */
function orderOf(byteOrder: string | undefined): '<' | '>' {
  if (byteOrder !== undefined && byteOrder !== '' && byteOrder !== 'LE' && byteOrder !== 'BE')
    throw new UnsupportedError(`byte order ${byteOrder}`)
  return byteOrder === 'BE' ? '>' : '<'
}

function numberType(name: string, order: '<' | '>'): ZarrType {
  const number = NUMBERS[name]
  if (!number) throw new UnsupportedError(`values of type ${name}`)
  const [kind, size] = number
  const dataType = `${size === 1 ? '|' : order}${kind}${size}`
  return { dataType, size, parts: [{ offset: 0, type: dataType }], attributes: {} }
}

function enumType(
  { group, enumeration: name = '' }: Variable,
  enumerations: ReadonlyMap<string, Enumeration>,
  order: '<' | '>',
): ZarrType {
  const enumeration = enumerations.get(name.startsWith('/') ? name.slice(1) : pathIn(group, name))
  if (!enumeration) throw new UnsupportedError(`an enumeration that is declared nowhere: ${name}`)
  const type = numberType(enumeration.base, order)
  const { members } = enumeration
  if (typeof type.dataType === 'string' && type.dataType.includes('f'))
    throw new UnsupportedError(`an enumeration of ${enumeration.base}`)
  if (isBoolean(enumeration, type.size)) return { ...type, dataType: '|b1' }
  if (members.length === 0) return type
  const attributes = {
    flag_values: members.map(({ value }) => value),
    flag_meanings: members.map((member) => member.name.replace(/\s+/g, '_')).join(' '),
  }
  return { ...type, attributes }
}

/** h5py's and netCDF's boolean. */
function isBoolean({ members }: Enumeration, size: number): boolean {
  const value = (name: string) => members.find((member) => member.name === name)?.value
  return size === 1 && members.length === 2 && value('FALSE') === 0n && value('TRUE') === 1n
}

/** Strings of one length. */
export function stringType(length: number): ZarrType {
  if (length < 1 || length > MOST_STRING_BYTES) throw new UnsupportedError(`strings of ${length} bytes`)
  return { dataType: `|S${length}`, size: length, parts: undefined, attributes: {} }
}

interface Field extends Part {
  readonly name: string
}

/**
 * Fields by their offsets, the gaps between them plain bytes; a member with axes is spread: `b.0.0`, `b.0.1`.
 * `structOffset` lists where the members after the first begin, and in the end the size of all.
 */
function structureType(variable: Variable, order: '<' | '>'): ZarrType {
  const { members } = variable
  if (members.length === 0) throw new UnsupportedError('a structure without members')
  const sizes = members.map((member) => memberSize(member, order))
  const ends = memberEnds(variable, sizes)
  if (!ends || ends.length !== members.length)
    throw new UnsupportedError('a structure without the offsets of its members')
  const offsets = [0, ...ends.slice(0, -1)]
  const size = ends.at(-1) ?? 0
  const fields: Field[] = []
  for (const [i, member] of members.entries()) {
    const offset = offsets[i]
    if (offset === undefined || offset + sizes[i] > (ends[i] ?? 0))
      throw new UnsupportedError('a structure whose members overlap')
    fields.push(...fieldsOf(member, offset, order))
  }
  const complex = complexOf(fields, size)
  return { dataType: complex ?? withPadding(fields, size), size, parts: fields, attributes: {} }
}

/** Where each member ends at most. Older documents leave it out: then there may be no room between the members. */
function memberEnds(
  { storage: { structOffset, filters, chunkShape, chunks }, dims }: Variable,
  sizes: readonly number[],
): readonly (number | undefined)[] | undefined {
  if (structOffset !== undefined) return structOffset.trim().split(/\s+/).map(wholeNumber)
  const extents = chunkShape ?? dims.map(({ size }) => size ?? Number.NaN)
  const count = extents.reduce((product, extent) => product * extent, 1)
  const packed = sizes.reduce((sum, size) => sum + size, 0)
  if (filters || chunks.count === 0 || chunks.length !== count * packed) return undefined
  return sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0))
}

function memberSize({ type, nested, dims }: Member, order: '<' | '>'): number {
  if (nested || !NUMBERS[type]) throw new UnsupportedError(`a structure with a member of type ${type}`)
  const extents = dims.map(({ size }) => size ?? Number.NaN)
  const count = extents.reduce((product, extent) => product * extent, 1)
  if (!(count >= 1 && count <= MOST_FIELDS))
    throw new UnsupportedError(`a structure of other than 1 to ${MOST_FIELDS} numbers in a member`)
  return count * numberType(type, order).size
}

function fieldsOf({ type, name, dims }: Member, offset: number, order: '<' | '>'): Field[] {
  const number = numberType(type, order)
  const shape = dims.map(({ size }) => size ?? 1)
  if (shape.length === 0) return [{ name, offset, type: String(number.dataType) }]
  const count = shape.reduce((product, extent) => product * extent, 1)
  return Array.from({ length: count }, (_, i) => {
    const place = chunkCoordinates(i, shape).join('.')
    return { name: `${name}.${place}`, offset: offset + i * number.size, type: String(number.dataType) }
  })
}

/** h5py's complex numbers: r and i. */
function complexOf(fields: readonly Field[], size: number): string | undefined {
  const [real, imaginary] = fields
  if (fields.length !== 2 || real.name !== 'r' || imaginary.name !== 'i') return undefined
  const isOne = real.type === imaginary.type && real.type[1] === 'f' && size === 2 * imaginary.offset
  return isOne && imaginary.offset === itemSize(real.type) ? `${real.type[0]}c${size}` : undefined
}

function withPadding(fields: readonly Field[], size: number): DataType {
  if (fields.length > MOST_FIELDS)
    throw new UnsupportedError(`a structure of more than ${MOST_FIELDS} numbers`)
  const names = new Set(fields.map(({ name }) => name))
  if (names.size < fields.length) throw new UnsupportedError('a structure with two members of one name')
  const result: DataTypeField[] = []
  let at = 0
  let paddings = 0
  const padTo = (offset: number): void => {
    if (offset === at) return
    while (names.has(`_padding${paddings}`)) paddings++
    result.push([`_padding${paddings++}`, `|V${offset - at}`])
  }
  for (const field of fields) {
    padTo(field.offset)
    result.push([field.name, field.type])
    at = field.offset + itemSize(field.type)
  }
  padTo(size)
  return result
}
