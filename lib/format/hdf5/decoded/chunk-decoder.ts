/** Chunks back through their filters, those of libhdf5 that Zarr has no word for included (HDF5's H5Z). */
import { appliedCodecs } from '../../../codec/decode-chunk.ts'
import { DecodeProblem, type Decoder } from '../../../codec/decoder.ts'
import { decodeLzf } from '../../../codec/lzf.ts'
import { isDecodable, loadDecoder } from '../../../codec/registry.ts'
import { shuffleDecoder } from '../../../codec/shuffle.ts'
import { FormatError, UnsupportedError } from '../../../errors.ts'
import { LIMITS } from '../file.ts'
import { filterName, knownCodecOf, LZF, SHUFFLE, sizesBefore } from '../filter-codec.ts'
import type { Filter } from '../message/filter-pipeline.ts'
import { type ChunkPlace, isOfLibrary, undoByLibrary } from './library-filter.ts'

/** Room that a codec's own framing, or data that do not compress, may take above the data. */
const FRAMING = 1024

/** A chunk's filters, and what they give. */
interface Pipeline {
  /** In the order in which they are applied when writing. */
  readonly filters: readonly Filter[]
  /** Bit i set: filter i was not applied to this chunk. */
  readonly filterMask?: number | undefined
  /** Bytes of the chunk before the first filter. */
  readonly size: number
}

/**
 * Why chunks that went through these filters cannot be decoded here; undefined where they can.
 * @param size bytes of a chunk before the first filter.
 */
export function undecodable(filters: readonly Filter[], size: number): string | undefined {
  if (size > LIMITS.blockBytes) return `chunks of ${size} bytes`
  const sizes = sizesBefore(filters, size)
  const other = filters.find((filter, i) => !isKnown(filter, sizes[i]))
  return other && (isOfLibrary(other) ? behindCompressor(other) : filterName(other))
}

/** What libhdf5 gives back must be of a known size. */
function behindCompressor(filter: Filter): string {
  return `${filterName(filter)} behind a compressor`
}

function isKnown(filter: Filter, size: number | undefined): boolean {
  if (isOfLibrary(filter)) return size !== undefined
  if (filter.id === SHUFFLE || filter.id === LZF) return true
  const codec = knownCodecOf(filter)
  return codec !== undefined && isDecodable(codec)
}

/**
 * Undoes the filters that were applied, last first. The result may be a view of `bytes`.
 * @throws FormatError where the bytes do not decode, or decode to another size than the chunk's; UnsupportedError for
 * a filter that is not undone here.
 */
export async function undoFilters(
  bytes: Uint8Array,
  { filters, filterMask, size }: Pipeline,
  at: ChunkPlace,
): Promise<Uint8Array> {
  const applied = appliedCodecs(filters, filterMask)
  const sizes = sizesBefore(applied, size)
  let data = bytes
  for (let i = applied.length - 1; i >= 0; i--)
    data = await undo(data, applied[i], { size, before: sizes[i] }, at)
  if (data.length === size) return data
  throw new FormatError(at, `decodes to ${data.length} bytes, a chunk has ${size}`)
}

interface Sizes {
  /** Bytes of the chunk. */
  readonly size: number
  /** Bytes before the filter, where no compressor came first. */
  readonly before: number | undefined
}

async function undo(
  bytes: Uint8Array,
  filter: Filter,
  { size, before }: Sizes,
  at: ChunkPlace,
): Promise<Uint8Array> {
  if (isOfLibrary(filter)) {
    if (before === undefined) throw new UnsupportedError(behindCompressor(filter), at)
    return undoByLibrary(bytes, filter, before, at)
  }
  try {
    const decode = await decoderOf(filter)
    return await decode(bytes, (before ?? size + (size >> 3)) + FRAMING)
  } catch (cause) {
    if (!(cause instanceof DecodeProblem)) throw cause
    throw new FormatError(at, `${filterName(filter)} does not decode: ${cause.message}`, { cause })
  }
}

async function decoderOf(filter: Filter): Promise<Decoder> {
  // Without an element size, which is no valid one, it was left out of every honest chunk.
  if (filter.id === SHUFFLE) return shuffleDecoder(filter.clientData[0] ?? 0)
  if (filter.id === LZF) return decodeLzf
  const codec = knownCodecOf(filter)
  if (!codec) throw new UnsupportedError(filterName(filter))
  return loadDecoder(codec)
}
