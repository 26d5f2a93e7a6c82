/** The set that test/python/check_parquet.py prepares: bytes that numpy wrote, and where they lie. */
import { type PythonJson, parsePythonJson } from '../../lib/format/python-json.ts'
import type { DataType } from '../../lib/model/data-type.ts'
import type { Attributes, CodecConfig } from '../../lib/model/metadata.ts'
import type { Row, SetOptions } from './synthetic.ts'

interface ArrayLayout {
  readonly path: string
  readonly dtype: DataType
  readonly shape: readonly bigint[]
  readonly chunks: readonly bigint[]
  readonly attributes: Attributes
  readonly fill: string | null
  readonly codecs: readonly { readonly id: string; readonly [name: string]: string | bigint }[]
  readonly rows: readonly (readonly PythonJson[])[]
}

function rowOf([chunk, first, offset, length]: readonly PythonJson[]): Row {
  if (offset === undefined) return { chunk: Number(chunk), raw: Buffer.from(String(first), 'base64') }
  return { chunk: Number(chunk), path: String(first), offset: Number(offset), length: Number(length) }
}

function codecOf(codec: ArrayLayout['codecs'][number]): CodecConfig {
  const entries = Object.entries(codec).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? Number(value) : value,
  ])
  return Object.fromEntries(entries) as CodecConfig
}

/** @param text that of `layout.json`. */
export function layoutSet(text: string): SetOptions {
  const layout = parsePythonJson(text) as unknown as {
    readonly arrays: readonly ArrayLayout[]
    readonly attributes: Attributes
  }
  return {
    groups: [{ path: '', attributes: layout.attributes }],
    rows: layout.arrays.map(({ rows }) => rows.map(rowOf)),
    arrays: layout.arrays.map(({ path, dtype, shape, chunks, attributes, fill, codecs }) => ({
      path,
      dims: shape.map((extent) => `x${extent}`),
      attributes,
      shape: shape.map(Number),
      chunkShape: chunks.map(Number),
      dataType: dtype,
      fillValue: fill === null ? null : Buffer.from(fill, 'base64'),
      codecs: codecs.map(codecOf),
    })),
  }
}
