/** HDF5 datatypes as Zarr v2 data types. */
import { UnsupportedError } from '../../errors.ts'
import { chunkCoordinates } from '../../model/chunk-grid.ts'
import { type DataType, type DataTypeField, itemSize } from '../../model/data-type.ts'
import type { Attributes } from '../../model/metadata.ts'
import { isBoolean } from './attribute-value.ts'
import type { Datatype } from './message/datatype.ts'
import { datatypeName } from './message/datatype-name.ts'
import { integerValue, isFullWidth, isIeee } from './number-value.ts'

/** A datatype in Zarr's terms. */
export interface ZarrType {
  readonly dataType: DataType
  /** Extents that an array type adds behind the axes of the dataset. */
  readonly extraShape: readonly number[]
  /** What the data type cannot say: the meanings of an enumeration's values. */
  readonly attributes: Attributes
  /** Strings of variable length, which references cannot point at. */
  readonly variableLength: boolean
}

const NO_ATTRIBUTES: Attributes = {}
/** How h5py stores NumPy's dates: opaque bytes with their type as tag. */
const NUMPY_TAG = /^NUMPY:([<>][Mm]8\[[0-9a-zA-Z]+\])$/
const NUMPY_TAG_SIZE = 8
const MAX_FIELDS = 1024

/**
 * The Zarr data type of a dataset's elements, with the same bytes.
 * @throws UnsupportedError that names the datatype where there is none.
 */
export function zarrTypeOf(type: Datatype): ZarrType {
  if (type.class === 'vlen-string') {
    return { dataType: '|O', extraShape: [], attributes: NO_ATTRIBUTES, variableLength: true }
  }
  const { base, shape } = unwrapArray(type)
  const attributes = base.class === 'enum' && !isBoolean(base) ? flagsOf(base) : NO_ATTRIBUTES
  return { dataType: dataTypeOf(base), extraShape: shape, attributes, variableLength: false }
}

/** The type within array types, and their extents. */
export function unwrapArray(type: Datatype): { base: Datatype; shape: readonly number[] } {
  const shape: number[] = []
  let base = type
  while (base.class === 'array') {
    shape.push(...base.shape)
    base = base.base
  }
  return { base, shape }
}

function dataTypeOf(type: Datatype): DataType {
  switch (type.class) {
    case 'fixed-point':
      if (isFullWidth(type)) return integerType(type, type.signed ? 'i' : 'u')
      break
    case 'bitfield':
      if (isFullWidth(type)) return integerType(type, 'u')
      break
    case 'floating-point':
      if (isIeee(type)) return `${orderOf(type)}f${type.size}`
      break
    case 'string':
      return `|S${type.size}`
    case 'opaque':
      return opaqueType(type)
    case 'enum':
      return isBoolean(type) ? '|b1' : dataTypeOf(type.base)
    case 'complex':
      return complexType(type.base) ?? compoundType(type)
    case 'compound':
      return complexOfCompound(type) ?? compoundType(type)
  }
  throw new UnsupportedError(datatypeName(type))
}

function orderOf(type: { readonly byteOrder: string; readonly size: number }): string {
  if (type.size === 1) return '|'
  return type.byteOrder === 'big' ? '>' : '<'
}

function integerType(type: Datatype & { readonly byteOrder: string }, kind: string): string {
  if (![1, 2, 4, 8].includes(type.size)) throw new UnsupportedError(datatypeName(type))
  return `${orderOf(type)}${kind}${type.size}`
}

function opaqueType(type: Datatype & { readonly class: 'opaque' }): string {
  const tagged = NUMPY_TAG.exec(type.tag)
  return tagged && type.size === NUMPY_TAG_SIZE ? tagged[1] : `|V${type.size}`
}

/** NumPy has no complex number of two half-precision parts. */
function complexType(part: Datatype): string | undefined {
  if (part.class !== 'floating-point' || !isIeee(part) || part.size < 4) return undefined
  return `${orderOf(part)}c${part.size * 2}`
}

/** h5py's complex numbers: a compound of r and i. */
function complexOfCompound(type: Datatype & { readonly class: 'compound' }): string | undefined {
  const [real, imaginary] = type.members
  if (type.members.length !== 2 || real.name !== 'r' || imaginary.name !== 'i') return undefined
  const part = complexType(real.type)
  const fits = real.offset === 0 && imaginary.offset === real.type.size && type.size === 2 * real.type.size
  return part === complexType(imaginary.type) && fits ? part : undefined
}

/**
 * Fields in the order of their offsets; the gaps between them are fields of plain bytes. Zarr's readers take no
 * structures within structures and no arrays within them, so those are spread: `a.x`, `a.y`; `b.0.0`, `b.0.1`.
 */
function compoundType(type: Datatype): DataType {
  const fields: { readonly name: string; readonly offset: number; readonly type: string }[] = []
  for (const field of spread('', 0, type)) {
    if (fields.push(field) > MAX_FIELDS)
      throw new UnsupportedError(`a compound of more than ${MAX_FIELDS} fields`)
  }
  fields.sort((a, b) => a.offset - b.offset)
  const names = new Set(fields.map(({ name }) => name))
  if (names.size < fields.length) throw new UnsupportedError('a compound with two members of one name')
  const result: DataTypeField[] = []
  let position = 0
  const padTo = (offset: number) => {
    if (offset < position) throw new UnsupportedError('a compound whose members overlap')
    if (offset > position) result.push([paddingName(names), `|V${offset - position}`])
  }
  for (const field of fields) {
    padTo(field.offset)
    result.push([field.name, field.type])
    position = field.offset + itemSize(field.type)
  }
  padTo(type.size)
  return result
}

function* spread(
  name: string,
  offset: number,
  type: Datatype,
): Generator<{ name: string; offset: number; type: string }> {
  const within = (part: string) => (name === '' ? part : `${name}.${part}`)
  const { base, shape } = unwrapArray(type)
  if (shape.length > 0) {
    const count = shape.reduce((product, extent) => product * extent, 1)
    for (let i = 0; i < count; i++) {
      yield* spread(within(chunkCoordinates(i, shape).join('.')), offset + i * base.size, base)
    }
  } else if (type.class === 'compound' && complexOfCompound(type) === undefined) {
    for (const member of type.members) yield* spread(within(member.name), offset + member.offset, member.type)
  } else if (type.class === 'complex' && complexType(type.base) === undefined) {
    yield* spread(within('r'), offset, type.base)
    yield* spread(within('i'), offset + type.base.size, type.base)
  } else {
    yield { name, offset, type: memberType(type) }
  }
}

/** The type of a member that has no parts. */
function memberType(type: Datatype): string {
  try {
    const dataType = dataTypeOf(type)
    if (typeof dataType === 'string') return dataType
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error
  }
  throw new UnsupportedError(`a compound with a member that is ${datatypeName(type)}`)
}

/** A name that no member has. */
function paddingName(names: Set<string>): string {
  let number = 0
  while (names.has(`_padding${number}`)) number++
  const name = `_padding${number}`
  names.add(name)
  return name
}

/** CF's attributes for an enumeration; its meanings are separated by blanks, so none may be in a name. */
function flagsOf(type: Datatype & { readonly class: 'enum' }): Attributes {
  const { base } = type
  if (base.class !== 'fixed-point' && base.class !== 'bitfield') return NO_ATTRIBUTES
  if (type.members.length === 0) return NO_ATTRIBUTES
  return {
    flag_values: type.members.map(({ value }) => integerValue(base, value)),
    flag_meanings: type.members.map(({ name }) => name.replace(/\s+/g, '_')).join(' '),
  }
}

/**
 * The fill value of one Zarr element, from the bytes of one HDF5 element; undefined where an array type's parts
 * differ, so that no single value can stand for them.
 * @throws UnsupportedError where the bytes are none of this type.
 */
export function fillValueOf(bytes: Uint8Array, type: ZarrType): Uint8Array | undefined {
  const size = itemSize(type.dataType)
  const count = type.extraShape.reduce((product, extent) => product * extent, 1)
  if (bytes.length !== size * count) {
    throw new UnsupportedError(`a fill value of ${bytes.length} bytes for elements of ${size * count}`)
  }
  const first = bytes.slice(0, size)
  return bytes.every((byte, i) => byte === first[i % size]) ? first : undefined
}
