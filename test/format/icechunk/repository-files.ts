/** What the tests of Icechunk repositories share: the fixtures, and what other readers found in them. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { OpenIcechunkOptions } from '../../../lib/format/icechunk/index.ts'
import { INLINE } from '../../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import type { ByteSource, OpenSource } from '../../../lib/source/byte-source.ts'
import { openFile } from '../../../lib/source/file.ts'
import { fixture } from '../../fixture.ts'

export const FAIL: OpenIcechunkOptions = { onUnsupported: 'fail' }

/** What icechunk and zarr-python read of one version of version1. */
interface Described {
  readonly groups: readonly string[]
  /** Stored bytes in hexadecimal digits, by array and chunk number. */
  readonly arrays: Readonly<
    Record<string, { shape: number[]; chunks: Record<string, string>; dtype: string }>
  >
  readonly locations: readonly string[]
}

export const EXPECTED: { readonly first: string; readonly main: Described; readonly tag: Described } =
  JSON.parse(readFileSync(fixture('icechunk/version1.json'), 'utf8'))

/** Files of the archive lie with the fixtures. */
export const openArchive: OpenSource = (url, options): Promise<ByteSource> => {
  return openFile(
    url.startsWith('/archive/') ? fixture(join('icechunk/archive', basename(url))) : url,
    options,
  )
}

/** One chunk as a set has it. */
export interface Chunk {
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly raw: Uint8Array | null
}

/** All chunks, by array and number; the numbers ascend, or it throws. */
export async function chunksOf(
  set: ReferenceSet,
  options?: BodyOptions,
): Promise<Map<string, Map<number, Chunk>>> {
  const found = new Map<string, Map<number, Chunk>>()
  const last = new Map<number, number>()
  for await (const batch of set.body(options)) {
    if (batch.kind === 'footer') continue
    const { path: array } = set.header.arrays[batch.array]
    const chunks = found.get(array) ?? new Map<number, Chunk>()
    found.set(array, chunks)
    for (let row = 0; row < batch.rows; row++) {
      const chunk = batch.chunk[row]
      if (chunk <= (last.get(batch.array) ?? -1)) throw new Error(`${array}: chunk ${chunk} does not ascend`)
      last.set(batch.array, chunk)
      const path = batch.path[row] === INLINE ? '' : batch.paths[batch.path[row]]
      const [offset, length] = [batch.offset[row], batch.length[row]]
      chunks.set(chunk, { path, offset, length, raw: batch.raw?.[row] ?? null })
    }
  }
  return found
}

/** The stored bytes of a chunk in hexadecimal digits. */
export async function storedBytes({ path, offset, length, raw }: Chunk): Promise<string> {
  if (raw) return Buffer.from(raw).toString('hex')
  const source = await openArchive(path)
  try {
    return Buffer.from(await source.read(offset, length)).toString('hex')
  } finally {
    await source.close()
  }
}
