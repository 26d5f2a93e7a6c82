/** The attributes of a netCDF classic file (specification: att_list), as netCDF4-python gives them. */
import type { Attributes, AttributeValue } from '../../model/metadata.ts'
import { type ExternalType, externalType } from './external-type.ts'
import type { HeaderCursor } from './header-cursor.ts'
import { decodeText, parseList, parseName } from './name.ts'

/** The attributes of one variable, or of the file. */
export interface AttributeList {
  readonly attributes: Attributes
  /** What is not as the file has it, an attribute each. */
  readonly problems: readonly string[]
}

const NC_ATTRIBUTE = 0x0c
/** Numbers kept of all attributes of a file: more would be an array in the wrong place. */
const MOST_NUMBERS = 1 << 20
/** Zarr's own, which the dimensions fill. */
const RESERVED = '_ARRAY_DIMENSIONS'
const FILL_VALUE = '_FillValue'

/** Parses lists of attributes; what it has kept of a file's numbers counts over all of them. */
export class AttributeParser {
  #numbers = 0

  /** The list at the cursor. Where a name occurs twice, the first counts, as for libnetcdf. */
  parse(cursor: HeaderCursor): AttributeList {
    const values = new Map<string, AttributeValue>()
    const problems: string[] = []
    parseList(cursor, NC_ATTRIBUTE, cursor.version === 5 ? 20 : 12, () => {
      const name = parseName(cursor)
      const { value, problem } = this.#parseValue(cursor, name)
      const refusal =
        name === RESERVED
          ? 'the name has a meaning in Zarr'
          : values.has(name)
            ? 'there is another'
            : undefined
      if (refusal === undefined && value !== undefined) values.set(name, value)
      const reason = refusal ?? problem
      if (reason !== undefined) problems.push(`attribute ${name}: ${reason}`)
    })
    return { attributes: Object.fromEntries(values), problems }
  }

  #parseValue(cursor: HeaderCursor, name: string): { value?: AttributeValue; problem?: string } {
    const from = cursor.position
    const ncType = cursor.u32()
    const type = externalType(ncType)
    if (!type) throw cursor.error(`attribute ${name}: no type has the number ${ncType}`, from)
    const count = cursor.count(type.size)
    const bytes = cursor.padded(count * type.size)
    if (type.number === undefined) return textValue(bytes, name)
    this.#numbers += count
    if (this.#numbers > MOST_NUMBERS) return { problem: `${count} numbers are too many for an attribute` }
    return { value: numberValue(bytes, count, type.number, type.size) }
  }
}

/** Text without its NULs, except for what fills arrays of characters. */
function textValue(bytes: Uint8Array, name: string): { value: AttributeValue; problem?: string } {
  const { text, isUtf8 } = decodeText(bytes)
  const value = name === FILL_VALUE ? text : text.replaceAll('\0', '')
  return isUtf8 ? { value } : { value, problem: 'its text is not UTF-8, and read as Latin-1' }
}

/** One number alone, several or none as a list. */
function numberValue(
  bytes: Uint8Array,
  count: number,
  number: NonNullable<ExternalType['number']>,
  size: number,
): AttributeValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (count === 1) return number(view, 0)
  return Array.from({ length: count }, (_, i) => number(view, i * size))
}
