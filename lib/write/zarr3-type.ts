/** Data types and fill values as Zarr v3 spells them, in the forms that zarr-python 3.1 reads. */
import { type DataType, itemSize, parseScalarType, type ScalarType } from '../model/data-type.ts'
import type { FillValue } from '../model/metadata.ts'
import { ZARR3_NUMBERS, ZARR3_SIZED, ZARR3_TIMES } from '../model/zarr3-name.ts'
import { fillJson } from './fill-value.ts'
import type { JsonValue } from './json-text.ts'

/** Whether a type can be said, and how. */
export type Zarr3Type =
  | {
      /** The `data_type` of `zarr.json`. */
      readonly json: JsonValue
      /** What the `bytes` codec is told; undefined for types of single bytes. */
      readonly endian: 'little' | 'big' | undefined
      /** NumPy's kind; V for structures. */
      readonly kind: string
    }
  | { readonly problem: string }

/** Translates Zarr v2's type. */
export function zarr3Type(type: DataType): Zarr3Type {
  if (typeof type !== 'string') return structure(type)
  const scalar = parseScalarType(type)
  if (!scalar) return { problem: `Zarr v3 has no type '${type}'` }
  const json = scalar.kind === 'O' ? 'string' : scalarJson(type, scalar)
  if (json === undefined) return { problem: `Zarr v3 has no type '${type}'` }
  return { json, endian: endianOf(scalar), kind: scalar.kind }
}

/** The JSON of `fill_value`: what the bytes say, or zero where there are none. */
export function zarr3Fill(bytes: FillValue, type: DataType): JsonValue {
  const scalar = typeof type === 'string' ? parseScalarType(type) : undefined
  if (scalar?.kind === 'O') return ''
  return fillJson(bytes ?? new Uint8Array(itemSize(type)), type)
}

function scalarJson(type: string, { kind, size }: ScalarType): JsonValue | undefined {
  const time = ZARR3_TIMES.get(kind)
  if (time !== undefined) return timeJson(time, type)
  const name = ZARR3_SIZED.get(kind)
  if (name === undefined) return ZARR3_NUMBERS.get(`${kind}${size}`)
  return size > 0 ? { name, configuration: { length_bytes: BigInt(size) } } : undefined
}

/** `<M8[10s]`: a unit, and how many of them make one step. */
function timeJson(name: string, type: string): JsonValue {
  const [, factor, unit] = /\[(\d*)([A-Za-zμ]+)\]$/.exec(type) ?? []
  const configuration = { unit: unit ?? 'generic', scale_factor: BigInt(factor || 1) }
  return { name, configuration }
}

/** Zarr v3 has one byte order for a whole structure, and zarr-python reads its fields as little-endian. */
function structure(fields: Exclude<DataType, string>): Zarr3Type {
  const members: JsonValue[] = []
  for (const [name, type, shape] of fields) {
    if (shape !== undefined)
      return { problem: `zarr-python reads no structure with a list in it ('${name}')` }
    const member = zarr3Type(type)
    if ('problem' in member) return member
    if (member.kind === 'O') return { problem: `zarr-python reads no structure with texts in it ('${name}')` }
    if (member.endian === 'big') {
      return { problem: `zarr-python reads no big-endian field of a structure ('${name}')` }
    }
    members.push([name, member.json])
  }
  return { json: { name: 'structured', configuration: { fields: members } }, endian: 'little', kind: 'V' }
}

function endianOf({ kind, size, byteOrder }: ScalarType): 'little' | 'big' | undefined {
  const width = { U: 4, S: 1, V: 1, O: 1 }[kind] ?? size
  if (width === 1) return undefined
  return byteOrder === '>' ? 'big' : 'little'
}
