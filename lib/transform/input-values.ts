/** What planning reads of one input beside its header: small values as they are, and digests of what must be equal. */
import { createHash } from 'node:crypto'
import { UnsupportedError } from '../errors.ts'
import type { InputValues } from '../model/build-journal.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import { decodingCodecs } from '../plan/barriers.ts'
import { valueKey } from '../plan/facets.ts'
import type { ValueRequest } from '../plan/requested-values.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { ChunkReader } from '../store/chunk-reader.ts'
import { bytesThrough, stringsThrough } from '../store/read-values.ts'
import { isVlenString } from '../store/zarr-metadata.ts'

interface ValueOptions {
  readonly open: OpenSource
  readonly signal?: AbortSignal | undefined
}

/** The digest of what cannot be referenced: it is left out of the result. */
const DROPPED = 'left out'
/** Stored bytes that are digested at a time. */
const PIECE = 2 ** 22

/** Reads what the request names; arrays that the set lacks are passed over. */
export async function readInputValues(
  set: ReferenceSet,
  request: ValueRequest,
  options: ValueOptions,
): Promise<InputValues> {
  const indexes = new Map(set.header.arrays.map(({ path }, index) => [path, index]))
  const values = new Map<string, Uint8Array | readonly string[]>()
  const digests = new Map<string, string>()
  const reader = new ChunkReader(set, { ...options, keepBytes: PIECE })
  try {
    const asked = [...request.values, ...request.digests].flatMap((path) => indexes.get(path) ?? [])
    await prefetch(reader, [...new Set(asked)])
    for (const path of request.values) {
      const index = indexes.get(path)
      if (index !== undefined) values.set(path, await readValues(reader, index))
    }
    for (const path of request.digests) {
      const index = indexes.get(path)
      if (index !== undefined) digests.set(path, await digestOf(reader, index))
    }
    return { values, digests }
  } finally {
    await reader.close()
  }
}

/** Locates the chunks of the arrays in one pass. One that cannot be referenced does not matter yet: it may be of no use. */
async function prefetch(reader: ChunkReader, asked: readonly number[]): Promise<void> {
  try {
    await reader.prefetch(asked)
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error
  }
}

/** The digest of the array, or that its chunks turn out not to be referenceable and it is left out. */
async function digestOf(reader: ChunkReader, index: number): Promise<string> {
  try {
    return await digestStored(reader, index)
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error
    for await (const item of reader.set.body({ arrays: [index] })) {
      if (item.kind === 'footer' && item.dropped.includes(index)) return DROPPED
    }
    throw error
  }
}

function readValues(reader: ChunkReader, index: number): Promise<Uint8Array | string[]> {
  const array = reader.set.header.arrays[index]
  return isVlenString(array) ? stringsThrough(reader, index) : bytesThrough(reader, index)
}

/**
 * A digest of all that decides an array's values: layout, codecs, and every chunk's stored bytes.
 * Equal digests mean equal values; different ones mean nothing yet.
 */
async function digestStored(reader: ChunkReader, index: number): Promise<string> {
  const { shape, chunkShape, dataType, codecs, fillValue } = reader.set.header.arrays[index]
  const hash = createHash('sha256')
  const fill = fillValue?.some((byte) => byte !== 0) ? Buffer.from(fillValue).toString('hex') : ''
  hash.update(JSON.stringify([shape, chunkShape, dataType, fill]))
  hash.update(valueKey(decodingCodecs(codecs)))
  for await (const found of reader.locations(index)) {
    const location = await reader.measured(found)
    hash.update(Float64Array.of(location.chunk, location.length, location.filterMask))
    for (let at = 0; at < location.length; at += PIECE) {
      hash.update(await reader.stored(location, at, Math.min(PIECE, location.length - at)))
    }
  }
  return hash.digest('base64')
}
