/** How messages name a datatype. */
import type { Datatype } from './datatype.ts'

/** A short name: 'a 24-bit integer', 'an object reference'. */
export function datatypeName(type: Datatype): string {
  switch (type.class) {
    case 'fixed-point':
      return `an integer of ${type.precision} bits at bit ${type.bitOffset} of ${type.size} bytes`
    case 'floating-point':
      return `a ${type.byteOrder === 'vax' ? 'VAX ' : ''}floating-point number of ${type.size} bytes with a ${
        type.mantissaSize
      }-bit mantissa`
    case 'bitfield':
      return `a bitfield of ${type.precision} bits at bit ${type.bitOffset} of ${type.size} bytes`
    case 'reference':
      return REFERENCE_NAMES[type.kind]
    case 'vlen-sequence':
      return 'a variable-length sequence'
    case 'vlen-string':
      return 'a variable-length string'
    case 'array':
      return `an array of ${type.shape.join(' x ')}, each ${datatypeName(type.base)}`
    case 'complex':
      return `a complex number, each part ${datatypeName(type.base)}`
    case 'opaque':
      return 'opaque bytes'
    case 'compound':
      return 'a compound'
    case 'enum':
      return `an enumeration over ${datatypeName(type.base)}`
    default:
      return `a ${type.class}`
  }
}

const REFERENCE_NAMES = {
  object: 'an object reference',
  region: 'a region reference',
  'object-2': 'an object reference (version 2)',
  'region-2': 'a region reference (version 2)',
  attribute: 'an attribute reference',
} as const
