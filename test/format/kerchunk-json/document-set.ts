/** JSON documents read as sets: helpers of the tests. */
import assert from 'node:assert/strict'
import type { FormatOptions } from '../../../lib/format/format.ts'
import type { DocumentOptions } from '../../../lib/format/kerchunk-json/document.ts'
import { openDocument } from '../../../lib/format/kerchunk-json/index.ts'
import { chunkKey, gridShape } from '../../../lib/model/chunk-grid.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { collect } from '../../stream/collect.ts'

/** `.zarray` as text. */
export const zarray = (shape: number[], chunks: number[], extra: object = {}) =>
  JSON.stringify({ zarr_format: 2, shape, chunks, dtype: '<f4', fill_value: null, order: 'C', ...extra })

/** Sources that are open. */
let opened = 0

/** How many sources are open. */
export const openedSources = () => opened

type Options = Partial<Pick<FormatOptions, 'onUnsupported' | 'memoryBytes'>> &
  Pick<DocumentOptions, 'plain' | 'pieces'>

/** The set of a document, which messages call `/r.json`. */
export async function openSet(document: string | object, options: Options = {}): Promise<ReferenceSet> {
  const { onUnsupported = 'fail', memoryBytes, ...reading } = options
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const again = async () => {
    opened++
    const source = openMemory(Buffer.from(text), '/r.json')
    return {
      ...source,
      async close() {
        opened--
        await source.close()
      },
    }
  }
  const source = await again()
  try {
    return await openDocument(source, again, { onUnsupported, memoryBytes }, reading)
  } finally {
    await source.close()
  }
}

/** What a body gives. */
export interface Body {
  readonly batches: readonly ReferenceBatch[]
  readonly footer: Footer
}

/** Reads a body to its end: the footer comes last, and nothing stays open. */
export async function bodyOf(set: ReferenceSet, options?: BodyOptions): Promise<Body> {
  const items = await collect(set.body(options))
  const batches = items.filter((item) => item.kind === 'batch')
  const footers = items.filter((item) => item.kind === 'footer')
  assert.equal(footers.length, 1)
  assert.equal(items.at(-1), footers[0])
  assert.equal(opened, 0)
  return { batches, footer: footers[0] }
}

/** Rows by Zarr's keys: `[url, offset, length]`, or inlined bytes in hexadecimal; chunks must ascend. */
export function refsOf(
  { header }: ReferenceSet,
  batches: readonly ReferenceBatch[],
): Record<string, unknown> {
  const refs: Record<string, unknown> = {}
  const last = header.arrays.map(() => -1)
  for (const { array, rows, chunk, path, paths, offset, length, raw } of batches) {
    const { path: name, shape, chunkShape } = header.arrays[array]
    const grid = gridShape(
      shape.map((extent) => extent ?? 0),
      chunkShape,
    )
    for (let row = 0; row < rows; row++) {
      assert.ok(chunk[row] > last[array], `${name} ascends`)
      last[array] = chunk[row]
      const inlined = path[row] === INLINE
      const bytes = Buffer.from(raw?.[row] ?? []).toString('hex')
      refs[`${name}/${chunkKey(chunk[row], grid)}`] = inlined
        ? bytes
        : [paths[path[row]], offset[row], length[row]]
    }
  }
  return refs
}

/** The rows of a document. */
export async function readRefs(
  document: string | object,
  options?: Options,
): Promise<Record<string, unknown>> {
  const set = await openSet(document, options)
  return refsOf(set, (await bodyOf(set)).batches)
}
