/** The header of a netCDF classic file: CDF-1, CDF-2 and CDF-5 (specification: header). */
import { type AttributeList, AttributeParser } from './attribute-list.ts'
import { type ExternalType, externalType } from './external-type.ts'
import type { ClassicVersion, HeaderCursor } from './header-cursor.ts'
import { parseList, parseName } from './name.ts'

/** A named extent. */
export interface ClassicDimension {
  readonly name: string
  /** 0: the record dimension, as long as there are records. */
  readonly length: number
}

/** A variable as the header has it. Its `vsize` is left out: it follows from the shape, and often lies. */
export interface ClassicVariable {
  readonly name: string
  readonly dimensions: readonly ClassicDimension[]
  readonly list: AttributeList
  readonly type: ExternalType
  /** Where its values begin in the file. */
  readonly begin: number
}

/** All that the header says. */
export interface ClassicHeader {
  /** undefined: as many as the file has room for. */
  readonly recordCount: number | undefined
  readonly dimensions: readonly ClassicDimension[]
  readonly list: AttributeList
  readonly variables: readonly ClassicVariable[]
  /** Bytes of the header. */
  readonly length: number
}

const NC_DIMENSION = 0x0a
const NC_VARIABLE = 0x0b
const VERSIONS: readonly number[] = [1, 2, 5] satisfies ClassicVersion[]
/** libnetcdf's limit. */
const MOST_AXES = 1024
const MAGIC = [0x43, 0x44, 0x46]

/** Whether a file that begins with `head` is of the netCDF classic formats. */
export function hasClassicMagic(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte) && VERSIONS.includes(head[3])
}

/**
 * Parses the header from the start of the file.
 * @throws FormatError where it breaks the specification, or where the bytes end within it: then the cursor tells
 * in `wanted` how many there should be.
 */
export function parseHeader(cursor: HeaderCursor): ClassicHeader {
  const magic = cursor.padded(4)
  if (!hasClassicMagic(magic)) throw cursor.error('no magic number of netCDF', 0)
  cursor.version = magic[3] === 5 ? 5 : magic[3] === 2 ? 2 : 1
  const wide = cursor.version === 5
  const recordCount = cursor.recordCount()
  cursor.structure = 'dimension list'
  const dimensions: ClassicDimension[] = []
  parseList(cursor, NC_DIMENSION, wide ? 16 : 8, () => {
    dimensions.push({ name: parseName(cursor), length: cursor.nonNegative() })
  })
  cursor.structure = 'attribute list'
  const attributes = new AttributeParser()
  const list = attributes.parse(cursor)
  cursor.structure = 'variable list'
  const variables: ClassicVariable[] = []
  parseList(cursor, NC_VARIABLE, wide ? 48 : 28, () => {
    variables.push(parseVariable(cursor, dimensions, attributes))
  })
  return { recordCount, dimensions, list, variables, length: cursor.position }
}

function parseVariable(
  cursor: HeaderCursor,
  all: readonly ClassicDimension[],
  attributes: AttributeParser,
): ClassicVariable {
  cursor.structure = 'variable list'
  const name = parseName(cursor)
  cursor.structure = `variable ${name}`
  const dimensions = parseShape(cursor, all)
  const list = attributes.parse(cursor)
  const from = cursor.position
  const ncType = cursor.u32()
  const type = externalType(ncType)
  if (!type) throw cursor.error(`no type has the number ${ncType}`, from)
  parseVsize(cursor)
  return { name, dimensions, list, type, begin: cursor.offset() }
}

/** The dimensions of a variable, by their numbers in the file's list. */
function parseShape(cursor: HeaderCursor, all: readonly ClassicDimension[]): ClassicDimension[] {
  const rank = cursor.count(cursor.version === 5 ? 8 : 4)
  if (rank > MOST_AXES) throw cursor.error(`${rank} dimensions`)
  const dimensions: ClassicDimension[] = []
  for (let axis = 0; axis < rank; axis++) {
    const from = cursor.position
    const id = cursor.nonNegative()
    const dimension = all.at(id)
    if (!dimension) throw cursor.error(`dimension ${id} of ${all.length}`, from)
    if (dimension.length === 0 && axis > 0) {
      throw cursor.error(`${dimension.name}, the record dimension, is not the first`, from)
    }
    dimensions.push(dimension)
  }
  return dimensions
}

/** Any bits: 2^32 - 1 or what overflowed stands there for large variables. */
function parseVsize(cursor: HeaderCursor): void {
  cursor.padded(cursor.version === 5 ? 8 : 4)
}
