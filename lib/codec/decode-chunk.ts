/** A chunk's stored bytes back to the bytes of its elements. */
import { FormatError } from '../errors.ts'
import type { CodecConfig } from '../model/metadata.ts'
import { DecodeProblem } from './decoder.ts'
import { loadDecoder } from './registry.ts'

export interface DecodeOptions {
  /** Bytes that the decoded chunk must have. */
  readonly size: number
  /** HDF5's filter mask: bit i set means that codec i was not applied to this chunk. */
  readonly filterMask?: number
  /** Where the bytes came from, for messages. */
  readonly url: string
  readonly offset: number
  readonly array: string
}

/** Room that a codec's own framing may take above the data. */
const FRAMING = 1024

/** The codecs, or the filters, that were really applied to a chunk with this mask. */
export function appliedCodecs<T>(codecs: readonly T[], filterMask = 0): readonly T[] {
  return filterMask === 0
    ? codecs
    : codecs.filter((_, index) => index > 31 || ((filterMask >>> index) & 1) === 0)
}

/**
 * Undoes `codecs`, last first. The result may be a view of `bytes`.
 * @throws UnsupportedError for a codec without a decoder here.
 * @throws FormatError where bytes do not decode, or decode to another size than the chunk's.
 */
export async function decodeChunk(
  bytes: Uint8Array,
  codecs: readonly CodecConfig[],
  options: DecodeOptions,
): Promise<Uint8Array> {
  const at = { url: options.url, offset: options.offset, structure: `a chunk of ${options.array}` }
  const limit = options.size + FRAMING
  let data = bytes
  for (const codec of appliedCodecs(codecs, options.filterMask).toReversed()) {
    const decode = await loadDecoder(codec, { url: options.url, array: options.array })
    try {
      data = await decode(data, limit)
    } catch (cause) {
      if (!(cause instanceof DecodeProblem)) throw cause
      throw new FormatError(at, `${codec.id} does not decode: ${cause.message}`, { cause })
    }
  }
  if (data.length === options.size) return data
  throw new FormatError(at, `decodes to ${data.length} bytes, a chunk has ${options.size}`)
}
