/** NDJSON in memory as a set, and sets as rows that compare. */
import assert from 'node:assert/strict'
import { open } from '../../../lib/format/ndjson/index.ts'
import { chunkKey, gridShape } from '../../../lib/model/chunk-grid.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { ndjson } from '../../../lib/write/ndjson.ts'
import { collect } from '../../stream/collect.ts'

/** Sources that are open. */
let opened = 0

/** How many sources are open that a set opened. */
export function openSources(): number {
  return opened
}

export interface OpenOptions {
  readonly memoryBytes?: number
}

/** The set in a file of these bytes, or lines, named /set.ndjson. */
export async function openLines(
  file: string | Uint8Array | readonly (object | string)[],
  options: OpenOptions = {},
): Promise<ReferenceSet> {
  const bytes =
    file instanceof Uint8Array ? file : Buffer.from(typeof file === 'string' ? file : textOf(file))
  const again = async () => {
    opened++
    const source = openMemory(bytes, '/set.ndjson')
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
    return await open(source, again, { onUnsupported: 'fail', ...options })
  } finally {
    await source.close()
  }
}

function textOf(lines: readonly (object | string)[]): string {
  return lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
}

/** The text that `kstream scan` prints of a set. */
export async function linesOf(set: ReferenceSet): Promise<string> {
  async function* one() {
    yield set
  }
  return (await collect(ndjson()(one()))).join('')
}

export interface Rows {
  /** By array and chunk: [path, offset, length, mask], or the bytes in hexadecimal instead of the first three. */
  readonly rows: Readonly<Record<string, unknown>>
  readonly footer: Footer
}

/** All rows; each array's chunks must ascend and the footer come last. */
export async function rowsOf(set: ReferenceSet, options?: BodyOptions): Promise<Rows> {
  const rows: Record<string, unknown> = {}
  const last = set.header.arrays.map(() => -1)
  let footer: Footer | undefined
  for await (const item of set.body(options)) {
    assert.equal(footer, undefined, 'the footer comes last')
    if (item.kind === 'footer') footer = item
    else addRows(rows, item, set, last)
  }
  assert.ok(footer)
  return { rows, footer }
}

function addRows(
  rows: Record<string, unknown>,
  batch: ReferenceBatch,
  { header }: ReferenceSet,
  last: number[],
): void {
  const { path: name, shape, chunkShape } = header.arrays[batch.array]
  const extents = shape.map((extent) => extent ?? Number.MAX_SAFE_INTEGER)
  const grid = gridShape(extents, chunkShape)
  for (let row = 0; row < batch.rows; row++) {
    const chunk = batch.chunk[row]
    assert.ok(chunk > last[batch.array], `${name} ascends`)
    last[batch.array] = chunk
    const mask = batch.filterMask?.[row] ?? 0
    const place =
      batch.path[row] === INLINE
        ? [Buffer.from(batch.raw?.[row] ?? []).toString('hex')]
        : [batch.paths[batch.path[row]], batch.offset[row], batch.length[row]]
    rows[`${name}/${chunkKey(chunk, grid)}`] = [...place, mask]
  }
}
