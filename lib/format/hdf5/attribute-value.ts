/** The values of attributes, as plain data. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import type { AttributeValue } from '../../model/metadata.ts'
import { Cursor } from './cursor.ts'
import type { GlobalHeap, HeapId } from './global-heap.ts'
import type { Dataspace } from './message/dataspace.ts'
import type { Datatype } from './message/datatype.ts'
import { datatypeName } from './message/datatype-name.ts'
import { floatValue, integerValue, isIeee } from './number-value.ts'

/** An attribute's message with its nested messages parsed. */
export interface RawAttribute {
  readonly name: string
  readonly datatype: Datatype
  readonly dataspace: Dataspace
  readonly data: Uint8Array
}

interface Context {
  readonly heap: GlobalHeap
  readonly url: string
  readonly offsetSize: number
}

/**
 * The value as xarray's netCDF engines give it: one element alone, several as a list, a string array as a list.
 * @throws UnsupportedError for a datatype that JSON has no form for, FormatError where the bytes are damaged.
 */
export async function readAttributeValue(attribute: RawAttribute, context: Context): Promise<AttributeValue> {
  const { datatype, dataspace, data } = attribute
  if (dataspace.kind === 'null') return isText(datatype) ? '' : []
  const count = dataspace.shape.reduce((product, extent) => product * extent, 1)
  const values = await readElements(datatype, data, count, context)
  if (dataspace.shape.length < 2 && count === 1) return values[0]
  return nest(values, dataspace.shape)
}

function isText(type: Datatype): boolean {
  return type.class === 'string' || type.class === 'vlen-string'
}

/** Lists within lists, one level an axis after the first. */
function nest(values: readonly AttributeValue[], shape: readonly number[]): AttributeValue {
  let level = values
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const extent = shape[axis]
    const rows = extent === 0 ? 0 : level.length / extent
    level = Array.from({ length: rows }, (_, row) => level.slice(row * extent, (row + 1) * extent))
  }
  return level
}

async function readElements(
  type: Datatype,
  data: Uint8Array,
  count: number,
  context: Context,
): Promise<AttributeValue[]> {
  if (count * type.size > data.length) {
    const at = { url: context.url, structure: 'attribute', offset: 0 }
    throw new FormatError(at, `${count} values of ${type.size} bytes in ${data.length} bytes`)
  }
  if (type.class === 'vlen-string' || type.class === 'vlen-sequence') {
    return readVlen(type, data, count, context)
  }
  if (type.class === 'array') {
    const inner = type.shape.reduce((product, extent) => product * extent, 1)
    const values = await readElements(type.base, data, count * inner, context)
    return Array.from({ length: count }, (_, i) => nest(values.slice(i * inner, (i + 1) * inner), type.shape))
  }
  const decode = decoderOf(type)
  return Array.from({ length: count }, (_, i) => decode(data.subarray(i * type.size, (i + 1) * type.size)))
}

function decoderOf(type: Datatype): (bytes: Uint8Array) => AttributeValue {
  if (type.class === 'string') return (bytes) => fixedString(type, bytes)
  if (type.class === 'floating-point' && isIeee(type)) return (bytes) => floatValue(type, bytes)
  if (type.class === 'enum' && isBoolean(type)) return (bytes) => bytes[0] !== 0
  const integer = type.class === 'enum' ? type.base : type
  if ((integer.class === 'fixed-point' || integer.class === 'bitfield') && integer.byteOrder !== 'vax') {
    return (bytes) => integerValue(integer, bytes)
  }
  throw new UnsupportedError(datatypeName(type))
}

/** h5py's and netCDF's boolean: an enumeration of FALSE = 0 and TRUE = 1 over one byte. */
export function isBoolean(type: Datatype & { readonly class: 'enum' }): boolean {
  if (type.size !== 1 || type.members.length !== 2) return false
  const value = (name: string) => type.members.find((member) => member.name === name)?.value[0]
  return value('FALSE') === 0 && value('TRUE') === 1
}

async function readVlen(
  type: Datatype & { readonly class: 'vlen-string' | 'vlen-sequence' },
  data: Uint8Array,
  count: number,
  context: Context,
): Promise<AttributeValue[]> {
  const pointers = parseVlenPointers(data, count, context.offsetSize, context.url)
  const objects = await context.heap.read(pointers.map(({ id }) => id))
  const read = async (bytes: Uint8Array, length: number) =>
    type.class === 'vlen-string'
      ? decodeText(beforeNul(bytes.subarray(0, length)))
      : await readElements(type.base, bytes, length, context)
  const values: AttributeValue[] = []
  for (const [i, { length }] of pointers.entries()) {
    values.push(await read(objects[i] ?? new Uint8Array(), objects[i] ? length : 0))
  }
  return values
}

/** How a value of variable length is stored: its length, and where in the global heap it lies. */
export interface VlenPointer {
  /** Elements of the base type; bytes for a string. */
  readonly length: number
  /** undefined for an empty value. */
  readonly id: HeapId | undefined
}

/** The references to the global heap that stand for `count` values of variable length. */
export function parseVlenPointers(
  data: Uint8Array,
  count: number,
  offsetSize: number,
  url: string,
): VlenPointer[] {
  const cursor = new Cursor(data, { url, structure: 'variable-length values', offset: 0 })
  return Array.from({ length: count }, () => {
    const length = cursor.u32()
    const address = cursor.address(offsetSize)
    const index = cursor.u32()
    return { length, id: length === 0 || !address ? undefined : { address, index } }
  })
}

function fixedString(type: Datatype & { readonly class: 'string' }, bytes: Uint8Array): string {
  if (type.padding === 'null-terminated') return decodeText(beforeNul(bytes))
  const filler = type.padding === 'space-padded' ? 0x20 : 0
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === filler) end--
  return decodeText(bytes.subarray(0, end))
}

function beforeNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const latin1 = new TextDecoder('latin1')

/** UTF-8, or Latin-1 where it is not UTF-8: the two encodings of old files; their character set field is unused. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return latin1.decode(bytes)
  }
}
