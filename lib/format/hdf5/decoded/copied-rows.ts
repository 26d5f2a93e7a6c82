/** Chunks that are decoded and encoded anew, because references cannot say how they are stored. */
import { encodeChunk, isEncodable } from '../../../codec/encode-chunk.ts'
import { isDecodable } from '../../../codec/registry.ts'
import { FormatError } from '../../../errors.ts'
import { chunkCount } from '../../../model/chunk-grid.ts'
import { type DataType, itemSize, parseScalarType } from '../../../model/data-type.ts'
import type { ArrayMetadata, CodecConfig } from '../../../model/metadata.ts'
import type { ReferenceBatch } from '../../../model/reference-batch.ts'
import type { ByteSource } from '../../../source/byte-source.ts'
import { LIMITS } from '../file.ts'
import { activeFilters } from '../filter-codec.ts'
import type { Filter } from '../message/filter-pipeline.ts'
import { undoFilters } from './chunk-decoder.ts'
import { withRawRows } from './raw-rows.ts'
import { type PaddedStrings, withoutPadding } from './string-padding.ts'

/** The array that the chunks belong to. */
interface CopiedArray {
  /** Its codecs are what chunks are encoded with. */
  readonly metadata: ArrayMetadata
  /** What they went through in the file. */
  readonly filters: readonly Filter[]
  readonly padded?: PaddedStrings | undefined
  /** Which chunks are copied: every one, or only those that skip some filter. */
  readonly which: 'all' | 'masked'
}

/** NumPy's kinds of numbers, dates and periods among them. */
const NUMBERS = 'iufcmM'
const LEVEL = 1

/** What copies of arrays of this type are encoded with. */
export function copyCodecs(type: DataType): CodecConfig[] {
  const scalar = typeof type === 'string' ? parseScalarType(type) : undefined
  const zlib = { id: 'zlib', level: LEVEL }
  if (!scalar || !NUMBERS.includes(scalar.kind) || scalar.size < 2) return [zlib]
  return [{ id: 'shuffle', elementsize: scalar.size }, zlib]
}

/** 'filter szip (4): decoded and encoded as shuffle, zlib'. */
export function copyReason(cause: string, codecs: readonly CodecConfig[]): string {
  return `${cause}: decoded and encoded as ${codecs.map(({ id }) => id).join(', ')}`
}

/** Whether chunks that skip a filter can be encoded as the others of their array are. */
export function isRewritable({ codecs, chunkShape, dataType }: ArrayMetadata): boolean {
  const size = chunkCount(chunkShape) * itemSize(dataType)
  return size <= LIMITS.blockBytes && codecs.every((codec) => isDecodable(codec) && isEncodable(codec))
}

/**
 * The rows of `batch`, whose filter masks are taken into account; chunks that are copied become inline rows.
 * @throws FormatError where a chunk does not decode.
 */
export function copyRows(
  source: ByteSource,
  batch: ReferenceBatch,
  { metadata, filters, padded, which }: CopiedArray,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  const { codecs, chunkShape, dataType, path } = metadata
  const size = chunkCount(chunkShape) * itemSize(dataType)
  const active = activeFilters(filters)
  const read = async (row: number): Promise<Uint8Array | null> => {
    const filterMask = batch.filterMask?.[row] ?? 0
    if (which === 'masked' && (filterMask & active) === 0) return null
    const [offset, length] = [batch.offset[row], batch.length[row]]
    const at = { url: source.url, offset, array: path, structure: `a chunk of ${path}` }
    if (length > LIMITS.blockBytes) throw new FormatError(at, `a chunk of ${length} bytes`)
    const stored = await source.read(offset, length, { signal })
    const bytes = await undoFilters(stored, { filters, filterMask, size }, at)
    return encodeChunk((padded && withoutPadding(bytes, padded)) ?? bytes, codecs)
  }
  return withRawRows(batch, read, size)
}
