/** Zarr v2 data types: a NumPy type string, or the fields of a structure. */

/** One field of a structure: name, type, and the extents of a sub-array. */
export type DataTypeField =
  | readonly [name: string, type: DataType]
  | readonly [name: string, type: DataType, shape: readonly number[]]

/** `'<f4'`, `'|S12'`, `'|O'`, or a list of fields whose offsets follow from the sizes before them. */
export type DataType = string | readonly DataTypeField[]

/** The parts of a NumPy type string. */
export interface ScalarType {
  readonly byteOrder: '<' | '>' | '|'
  /** NumPy's kind: b, i, u, f, c, S, U, V, O, M, m. */
  readonly kind: string
  /** Bytes of one element; 8 for objects. */
  readonly size: number
}

/** Takes `'<f4'` apart, or returns undefined where it is no NumPy type string. */
export function parseScalarType(type: string): ScalarType | undefined {
  const match = /^([<>|=])([biufcSUVOMm])(\d*)(?:\[[^\]]*\])?$/.exec(type)
  if (!match) return undefined
  const kind = match[2]
  const width = kind === 'O' ? 8 : Number(match[3])
  const byteOrder = match[1] === '=' ? '<' : (match[1] as '<' | '>' | '|')
  return { byteOrder, kind, size: kind === 'U' ? width * 4 : width }
}

/** Bytes of one element. */
export function itemSize(type: DataType): number {
  if (typeof type === 'string') return parseScalarType(type)?.size ?? 0
  let size = 0
  for (const [, fieldType, shape = []] of type) size += itemSize(fieldType) * shape.reduce((a, b) => a * b, 1)
  return size
}
