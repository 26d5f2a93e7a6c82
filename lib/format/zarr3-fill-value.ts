/** `fill_value` of Zarr v3 as the bytes of one element ("Fill value" of the v3 specification), and the attribute `_FillValue`. */
import { type DataType, itemSize, parseScalarType, type ScalarType } from '../model/data-type.ts'
import type { AttributeValue } from '../model/metadata.ts'
import type { PythonJson } from './python-json.ts'
import { parseFillAttribute, parseFillValue } from './zarr-fill-value.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** `0x7fc00000`: the bits of a floating-point number, the highest first. */
function hexBytes(json: PythonJson | undefined, size: number, little: boolean): Uint8Array | undefined {
  if (typeof json !== 'string' || json.length !== 2 + 2 * size || !/^0x[0-9A-Fa-f]+$/.test(json))
    return undefined
  const bytes = Uint8Array.from(Buffer.from(json.slice(2), 'hex'))
  return little ? bytes.reverse() : bytes
}

function floatBytes(json: PythonJson | undefined, { byteOrder, size }: ScalarType): Uint8Array | undefined {
  if (json === null || json === undefined) return undefined
  const bits = hexBytes(json, size, byteOrder !== '>')
  return bits ?? parseFillValue(`${byteOrder}f${size}`, json) ?? undefined
}

function complexBytes(json: PythonJson, type: ScalarType): Uint8Array | undefined {
  if (!Array.isArray(json) || json.length !== 2) return undefined
  const parts = json.map((part) => floatBytes(part, { ...type, size: type.size / 2 }))
  const [real, imaginary] = parts
  return real && imaginary && Uint8Array.from([...real, ...imaginary])
}

/** A list of bytes, as the specification has it, or base64, as zarr-python writes it. */
function plainBytes(json: PythonJson, size: number, mayBeShorter: boolean): Uint8Array | undefined {
  const bytes = new Uint8Array(size)
  if (Array.isArray(json)) {
    const values = json.map((value) => (typeof value === 'bigint' ? Number(value) : Number.NaN))
    if (values.length !== size || !values.every((value) => value >= 0 && value <= 255)) return undefined
    bytes.set(values)
    return bytes
  }
  if (typeof json !== 'string' || !BASE64.test(json)) return undefined
  const decoded = Buffer.from(json, 'base64')
  if (decoded.length > size || (decoded.length < size && !mayBeShorter)) return undefined
  bytes.set(decoded)
  return bytes
}

/**
 * The bytes of one element; undefined where the JSON does not fit the type.
 * @param dataType none of objects.
 */
export function parseZarr3FillValue(
  dataType: DataType,
  json: PythonJson | undefined,
): Uint8Array | undefined {
  if (json === null || json === undefined) return undefined
  const type = typeof dataType === 'string' ? parseScalarType(dataType) : undefined
  if (!type) return plainBytes(json, itemSize(dataType), false)
  if (type.kind === 'f') return floatBytes(json, type)
  if (type.kind === 'c') return complexBytes(json, type)
  if (type.kind === 'S' || type.kind === 'V') return plainBytes(json, type.size, type.kind === 'S')
  return parseFillValue(dataType, json) ?? undefined
}

/**
 * The attribute `_FillValue` where xarray has encoded it for Zarr (`FillValueCoder`), by the array's type: numbers of
 * doubles in base64, text of its bytes in base64. As it is where it is anything else.
 */
export function parseZarr3FillAttribute(dataType: DataType, json: PythonJson): AttributeValue {
  const type = typeof dataType === 'string' ? parseScalarType(dataType) : undefined
  if (type?.kind === 'f') return parseFillAttribute(dataType, json) ?? json
  if (type?.kind === 'c' && Array.isArray(json) && json.length === 2)
    return json.map((part) => parseFillAttribute('<f8', part) ?? part)
  if (type?.kind !== 'S' || typeof json !== 'string' || !BASE64.test(json)) return json
  const text = Buffer.from(json, 'base64')
  return text.every((byte) => byte < 0x80) ? text.toString('latin1') : json
}
