/** Opens fixtures/hdf5/values, and reads a set's chunks as a Zarr reader would find them. */
import { readFileSync } from 'node:fs'
import { open } from '../../../lib/format/hdf5/index.ts'
import type { AttributeValue } from '../../../lib/model/metadata.ts'
import { type Footer, INLINE } from '../../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

export const EXPECTED = JSON.parse(readFileSync(fixture('hdf5/values/expected.json'), 'utf8'))

export function fileBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(`hdf5/values/${name}`)))
}

export function openFixture(name: string, onUnsupported: 'fail' | 'skip' = 'skip'): Promise<ReferenceSet> {
  const bytes = fileBytes(name)
  return open(openMemory(bytes, name), async () => openMemory(bytes, name), { onUnsupported })
}

interface ReadBody {
  /** By the array's path: chunk number to bytes as stored. */
  readonly chunks: ReadonlyMap<string, ReadonlyMap<number, Uint8Array>>
  /** By the array's path: [chunk, offset, length] of what is not inlined. */
  readonly references: ReadonlyMap<string, readonly (readonly [number, number, number])[]>
  readonly footer: Footer
}

export async function readBody(
  set: ReferenceSet,
  bytes: Uint8Array,
  options?: BodyOptions,
): Promise<ReadBody> {
  const chunks = new Map<string, Map<number, Uint8Array>>()
  const references = new Map<string, [number, number, number][]>()
  let footer: Footer | undefined
  for await (const item of set.body(options)) {
    if (item.kind === 'footer') {
      footer = item
      continue
    }
    const { path } = set.header.arrays[item.array]
    const stored = chunks.get(path) ?? new Map<number, Uint8Array>()
    const rows = references.get(path) ?? []
    for (let row = 0; row < item.rows; row++) {
      const [chunk, offset, length] = [item.chunk[row], item.offset[row], item.length[row]]
      const raw = item.path[row] === INLINE ? item.raw?.[row] : undefined
      if (!raw) rows.push([chunk, offset, length])
      stored.set(chunk, raw ?? bytes.subarray(offset, offset + length))
    }
    chunks.set(path, stored)
    references.set(path, rows)
  }
  if (!footer) throw new Error('a body without a footer')
  return { chunks, references, footer }
}

/** An attribute's value as the expectations spell it: integers and floats apart, floats as Python's hex. */
export function fromExpected(value: unknown): AttributeValue {
  if (Array.isArray(value)) return value.map(fromExpected)
  if (typeof value === 'object' && value !== null) {
    if ('int' in value) return BigInt(String(value.int))
    if ('float' in value) return hexFloat(String(value.float))
  }
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  throw new Error(`no expectation: ${JSON.stringify(value)}`)
}

function hexFloat(text: string): number {
  if (text === 'nan') return Number.NaN
  if (text.endsWith('inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const parts = /^(-?)0x([01])\.?([0-9a-f]*)p([+-]\d+)$/.exec(text)
  if (!parts) throw new Error(`no float: ${text}`)
  const [, sign, lead, fraction, exponent] = parts
  const mantissa = Number.parseInt(lead + fraction, 16) / 16 ** fraction.length
  return (sign ? -1 : 1) * mantissa * 2 ** Number(exponent)
}
