/** Opens fixtures/hdf5/external, and reads what its sets hold as a Zarr reader would find it. */
import { readFileSync } from 'node:fs'
import type { FormatOptions } from '../../../lib/format/format.ts'
import { open } from '../../../lib/format/hdf5/index.ts'
import type { Outcome } from '../../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { externalFiles } from '../../../lib/source/external.ts'
import { openSource } from '../../../lib/source/open.ts'
import { ChunkReader } from '../../../lib/store/chunk-reader.ts'
import { bytesThrough, stringsThrough } from '../../../lib/store/read-values.ts'
import { fixture } from '../../fixture.ts'

/** What h5py reads of a dataset. */
export interface ExpectedValues {
  readonly shape?: readonly number[]
  readonly hex?: string
  readonly strings?: readonly string[]
  readonly error?: string
}

export const EXPECTED: Record<string, Record<string, ExpectedValues>> = JSON.parse(
  readFileSync(fixture('hdf5/external/expected.json'), 'utf8'),
)

/** Opens a file on disk with the files beside it. */
export async function openOnDisk(
  path: string,
  options: Partial<FormatOptions> & { readonly folders?: readonly string[] } = {},
): Promise<ReferenceSet> {
  const { folders = [], ...given } = options
  const source = await openSource(path)
  try {
    const openExternal = externalFiles(path, folders, openSource)
    const openAgain = () => openSource(path)
    return await open(source, openAgain, { onUnsupported: 'skip', openExternal, ...given })
  } finally {
    await source.close()
  }
}

/** What became of one array of a set. */
export interface ReadArray {
  readonly shape: readonly (number | null)[]
  readonly hex?: string
  readonly strings?: readonly string[]
  readonly outcome: Outcome
  /** Rows that are references, and rows that carry their bytes. */
  readonly references: number
  readonly copies: number
}

/** Reads an array; undefined where the header has none of that path. */
export async function readArray(set: ReferenceSet, path: string): Promise<ReadArray | undefined> {
  const index = set.header.arrays.findIndex((array) => array.path === path)
  if (index < 0) return undefined
  const { shape, dataType } = set.header.arrays[index]
  let [references, copies] = [0, 0]
  let outcome: Outcome | undefined
  for await (const item of set.body({ arrays: [index] })) {
    if (item.kind === 'footer') outcome = item.coverage.arrays[index]
    else for (let row = 0; row < item.rows; row++) item.raw?.[row] ? copies++ : references++
  }
  if (!outcome) throw new Error('a body without a footer')
  const counted = { shape, outcome, references, copies }
  const reader = new ChunkReader(set, { open: openSource })
  try {
    if (dataType === '|O') return { ...counted, strings: await stringsThrough(reader, index) }
    return { ...counted, hex: Buffer.from(await bytesThrough(reader, index)).toString('hex') }
  } finally {
    await reader.close()
  }
}
