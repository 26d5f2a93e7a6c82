/** Parses the datatype message, 0x0003, versions 1 to 5 (HDF5 File Format 3.0, IV.A.2.d; class 11: HDF5 2.0). */
import type { Cursor } from '../cursor.ts'
import { LIMITS } from '../file.ts'
import type { ByteOrder, Charset, CompoundMember, Datatype, StringPadding } from './datatype.ts'

const PADDINGS: readonly StringPadding[] = ['null-terminated', 'null-padded', 'space-padded']
const CHARSETS: readonly Charset[] = ['ascii', 'utf-8']
const REFERENCE_KINDS = ['object', 'region', 'object-2', 'region-2', 'attribute'] as const
const NAME_ALIGNMENT = 8

interface Prefix {
  readonly version: number
  /** The class bit field, 24 bits. */
  readonly bits: number
  readonly size: number
  readonly depth: number
}

const utf8 = new TextDecoder()

/**
 * The datatype at the cursor, which is left behind its last byte.
 * @throws FormatError where it breaks the specification or nests deeper than `LIMITS.typeDepth`.
 */
export function parseDatatype(cursor: Cursor): Datatype {
  return parseNested(cursor, 0)
}

function parseNested(cursor: Cursor, depth: number): Datatype {
  if (depth > LIMITS.typeDepth) throw cursor.error(`datatypes nest deeper than ${LIMITS.typeDepth}`)
  const from = cursor.position
  const first = cursor.u8()
  const version = first >> 4
  if (version < 1 || version > 5) throw cursor.error(`version 1 to 5 expected, ${version} found`, from)
  const prefix = { version, bits: cursor.uint(3), size: cursor.u32(), depth }
  if (prefix.size === 0 && (first & 15) !== 3) throw cursor.error('an element size of 0', from)
  return parseClass(cursor, first & 15, prefix, from)
}

function parseClass(cursor: Cursor, type: number, prefix: Prefix, from: number): Datatype {
  const { bits, size } = prefix
  switch (type) {
    case 0:
      return { class: 'fixed-point', size, signed: (bits & 8) !== 0, ...parseNumber(cursor, bits) }
    case 1:
      return parseFloatingPoint(cursor, prefix, from)
    case 2:
      return { class: 'time', size, byteOrder: order(bits), precision: cursor.u16() }
    case 3:
      return { class: 'string', size, ...textOf(cursor, bits, 0, from) }
    case 4:
      return { class: 'bitfield', size, ...parseNumber(cursor, bits) }
    case 5:
      return { class: 'opaque', size, tag: textBeforeNul(cursor.take(bits & 0xff)) }
    case 6:
      return parseCompound(cursor, prefix)
    case 7:
      return { class: 'reference', size, kind: referenceKind(cursor, bits, from) }
    case 8:
      return parseEnum(cursor, prefix)
    case 9:
      return parseVlen(cursor, prefix, from)
    case 10:
      return parseArray(cursor, prefix, from)
    case 11:
      return parseComplex(cursor, prefix, from)
    default:
      throw cursor.error(`unknown datatype class ${type}`, from)
  }
}

function order(bits: number): ByteOrder {
  return bits & 1 ? 'big' : 'little'
}

function parseNumber(cursor: Cursor, bits: number) {
  return { byteOrder: order(bits), bitOffset: cursor.u16(), precision: cursor.u16() }
}

function parseFloatingPoint(cursor: Cursor, { bits, size }: Prefix, from: number): Datatype {
  if ((bits & 0x41) === 0x40) throw cursor.error('a reserved floating-point byte order', from)
  const byteOrder = bits & 0x40 ? 'vax' : order(bits)
  const number = { bitOffset: cursor.u16(), precision: cursor.u16() }
  return {
    class: 'floating-point',
    size,
    byteOrder,
    ...number,
    signLocation: (bits >> 8) & 0xff,
    exponentLocation: cursor.u8(),
    exponentSize: cursor.u8(),
    mantissaLocation: cursor.u8(),
    mantissaSize: cursor.u8(),
    exponentBias: cursor.u32(),
    normalization: (bits >> 4) & 3,
  }
}

/** Padding in the four bits from `shift`, character set in the four after them. */
function textOf(cursor: Cursor, bits: number, shift: number, from: number) {
  const padding = PADDINGS[(bits >> shift) & 15]
  const charset = CHARSETS[(bits >> (shift + 4)) & 15]
  if (!padding || !charset) throw cursor.error('a reserved string padding or character set', from)
  return { padding, charset }
}

function referenceKind(cursor: Cursor, bits: number, from: number) {
  const kind = REFERENCE_KINDS[bits & 15]
  if (!kind) throw cursor.error(`a reserved reference type ${bits & 15}`, from)
  return kind
}

/** A name up to its NUL; before version 3 filled up to a multiple of 8 bytes. */
function parseName(cursor: Cursor, version: number): string {
  const from = cursor.position
  const name = utf8.decode(cursor.takeToNul())
  const used = cursor.position - from
  if (version < 3) cursor.skip((NAME_ALIGNMENT - (used % NAME_ALIGNMENT)) % NAME_ALIGNMENT)
  return name
}

function parseCompound(cursor: Cursor, prefix: Prefix): Datatype {
  const count = prefix.bits & 0xffff
  if (count === 0) throw cursor.error('a compound without members')
  const members: CompoundMember[] = []
  for (let i = 0; i < count; i++) members.push(parseMember(cursor, prefix))
  return { class: 'compound', size: prefix.size, members }
}

function parseMember(cursor: Cursor, prefix: Prefix): CompoundMember {
  const from = cursor.position
  const name = parseName(cursor, prefix.version)
  const offset = prefix.version < 3 ? cursor.u32() : cursor.uint(bytesToHold(prefix.size))
  const shape = prefix.version === 1 ? parseMemberShape(cursor, from) : []
  const base = parseNested(cursor, prefix.depth + 1)
  const size = shape.reduce((product, extent) => product * extent, base.size)
  if (offset + size > prefix.size) throw cursor.error(`member ${name} ends outside its compound`, from)
  return { name, offset, type: shape.length === 0 ? base : { class: 'array', size, base, shape } }
}

/** Version 1 keeps the extents of an array member with the member: rank, a permutation, four extents. */
function parseMemberShape(cursor: Cursor, from: number): number[] {
  const rank = cursor.u8()
  if (rank > 4) throw cursor.error(`a member of rank ${rank}`, from)
  cursor.skip(3 + 4 + 4)
  const extents = [cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32()]
  return extents.slice(0, rank)
}

function bytesToHold(size: number): number {
  return size < 0x100 ? 1 : size < 0x10000 ? 2 : size < 0x1000000 ? 3 : 4
}

function parseEnum(cursor: Cursor, prefix: Prefix): Datatype {
  const base = parseNested(cursor, prefix.depth + 1)
  const count = prefix.bits & 0xffff
  const names: string[] = []
  for (let i = 0; i < count; i++) names.push(parseName(cursor, prefix.version))
  const members = names.map((name) => ({ name, value: new Uint8Array(cursor.take(base.size)) }))
  return { class: 'enum', size: prefix.size, base, members }
}

function parseVlen(cursor: Cursor, { bits, size, depth }: Prefix, from: number): Datatype {
  const base = parseNested(cursor, depth + 1)
  const kind = bits & 15
  if (kind === 0) return { class: 'vlen-sequence', size, base }
  if (kind === 1) return { class: 'vlen-string', size, ...textOf(cursor, bits, 4, from) }
  throw cursor.error(`a reserved variable-length type ${kind}`, from)
}

function parseArray(cursor: Cursor, { version, size, depth }: Prefix, from: number): Datatype {
  const rank = cursor.u8()
  if (rank > LIMITS.rank) throw cursor.error(`an array type of rank ${rank}`, from)
  if (version < 3) cursor.skip(3)
  const shape = Array.from({ length: rank }, () => cursor.u32())
  if (version < 3) cursor.skip(rank * 4)
  const base = parseNested(cursor, depth + 1)
  if (shape.reduce((product, extent) => product * extent, base.size) !== size) {
    throw cursor.error(`an array type of ${shape.join(' x ')} elements that has ${size} bytes`, from)
  }
  return { class: 'array', size, base, shape }
}

/** Bit 0: both parts are of one type; bits 1 and 2: the form, 0 rectangular. No other exists yet. */
function parseComplex(cursor: Cursor, { version, bits, size, depth }: Prefix, from: number): Datatype {
  if (version < 5 || bits !== 1) throw cursor.error('a complex number of a reserved form', from)
  const base = parseNested(cursor, depth + 1)
  if (base.size * 2 !== size) throw cursor.error('a complex number that is not two of its parts', from)
  return { class: 'complex', size, base }
}

function textBeforeNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end))
}
