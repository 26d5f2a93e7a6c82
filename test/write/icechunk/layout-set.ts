/** The set of arrays that numpy wrote: test/python/check_parquet.py says in layout.json where their bytes lie. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PythonJson, parsePythonJson } from '../../../lib/format/python-json.ts'
import type { DataType } from '../../../lib/model/data-type.ts'
import type { ArrayMetadata, Attributes, CodecConfig } from '../../../lib/model/metadata.ts'
import type { Row, SetOptions } from '../synthetic.ts'

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

/** What `syntheticSet` makes the set of. */
export function layoutSet(folder: string): SetOptions {
  const text = readFileSync(join(folder, 'layout.json'), 'utf8')
  const layout = parsePythonJson(text) as unknown as { arrays: ArrayLayout[]; attributes: Attributes }
  return {
    groups: [{ path: '', attributes: layout.attributes }],
    rows: layout.arrays.map(({ rows }) => rows.map(rowOf)),
    arrays: layout.arrays.map(arrayOf),
  }
}

function rowOf([chunk, first, offset, length]: readonly PythonJson[]): Row {
  if (offset === undefined) return { chunk: Number(chunk), raw: Buffer.from(String(first), 'base64') }
  return { chunk: Number(chunk), path: String(first), offset: Number(offset), length: Number(length) }
}

function arrayOf({ path, dtype, shape, chunks, attributes, fill, codecs }: ArrayLayout): ArrayMetadata {
  return {
    path,
    dims: shape.map((extent) => `x${extent}`),
    attributes,
    shape: shape.map(Number),
    chunkShape: chunks.map(Number),
    dataType: dtype,
    fillValue: fill === null ? null : Buffer.from(fill, 'base64'),
    codecs: codecs.map(codecOf),
  }
}

function codecOf(codec: ArrayLayout['codecs'][number]): CodecConfig {
  const parameters = Object.entries(codec).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? Number(value) : value,
  ])
  return Object.fromEntries(parameters) as CodecConfig
}
