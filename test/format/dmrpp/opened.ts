/** Opens documents as a scan does: fixtures, and texts with a data file beside them that has so many bytes. */

import { open } from '../../../lib/format/dmrpp/index.ts'
import type { FormatOptions } from '../../../lib/format/format.ts'
import type { Footer, ReferenceBatch } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { externalFiles } from '../../../lib/source/external.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { openSource } from '../../../lib/source/open.ts'
import { fixture } from '../../fixture.ts'

const DATA_BYTES = 1_000_000

export const NAMESPACES =
  'xmlns="http://xml.opendap.org/ns/DAP/4.0#" xmlns:dmrpp="http://xml.opendap.org/dap/dmrpp/1.0.0#"'

/** Opens `fixtures/dmrpp/NAME`. */
export async function openFixture(name: string, options: Partial<FormatOptions> = {}): Promise<ReferenceSet> {
  const path = fixture(`dmrpp/${name}`)
  const source = await openSource(path)
  const openExternal = externalFiles(path, [], openSource)
  try {
    return await open(source, (read) => openSource(path, read), {
      onUnsupported: 'fail',
      openExternal,
      ...options,
    })
  } finally {
    await source.close()
  }
}

/** Opens bytes as /d/x.h5.dmrpp; every local file is there. */
export function openBytes(bytes: Uint8Array, options: Partial<FormatOptions> = {}): Promise<ReferenceSet> {
  const document = () => openMemory(bytes, '/d/x.h5.dmrpp')
  const openExternal = async (name: string) => openMemory(new Uint8Array(DATA_BYTES), `/d/${name}`)
  return open(document(), async () => document(), { onUnsupported: 'fail', openExternal, ...options })
}

/** Opens a document with these elements in its root. */
export function openText(
  body: string,
  options: Partial<FormatOptions> = {},
  root = '',
): Promise<ReferenceSet> {
  const href = root.includes('dmrpp:href') ? '' : ' dmrpp:href="x.h5" dmrpp:version="3.21"'
  const text = `<Dataset ${NAMESPACES} name="x.h5"${href}${root}>${body}</Dataset>`
  return openBytes(new TextEncoder().encode(text), options)
}

/** A variable with chunks of 2 elements: `<Int32 name="v">`, four of them. */
export function variable(chunks: string, { attributes = '', type = 'Int32', size = 4 } = {}): string {
  const shape = '<dmrpp:chunkDimensionSizes>2</dmrpp:chunkDimensionSizes>'
  return `<${type} name="v"><Dim size="${size}"/><dmrpp:chunks ${attributes}>${shape}${chunks}</dmrpp:chunks></${type}>`
}

/** All of a body. */
export async function bodyOf(set: ReferenceSet): Promise<{ batches: ReferenceBatch[]; footer: Footer }> {
  const batches: ReferenceBatch[] = []
  for await (const part of set.body()) {
    if (part.kind === 'footer') return { batches, footer: part }
    batches.push(part)
  }
  throw new Error('a body without a footer')
}

/** The references of one array as [chunk, offset, length]. */
export async function rowsOf(set: ReferenceSet, array = 0): Promise<number[][]> {
  const { batches } = await bodyOf(set)
  return batches
    .filter((batch) => batch.array === array)
    .flatMap(({ rows, chunk, offset, length }) =>
      Array.from({ length: rows }, (_, row) => [chunk[row], offset[row], length[row]]),
    )
}
