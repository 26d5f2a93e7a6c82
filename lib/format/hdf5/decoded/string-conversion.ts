/** Chunks whose strings of fixed length read otherwise than they are stored: written anew, in the set itself. */
import { decodeChunk } from '../../../codec/decode-chunk.ts'
import { encodeChunk } from '../../../codec/encode-chunk.ts'
import { UnsupportedError } from '../../../errors.ts'
import { chunkCount } from '../../../model/chunk-grid.ts'
import { itemSize } from '../../../model/data-type.ts'
import type { ArrayMetadata } from '../../../model/metadata.ts'
import type { ReferenceBatch } from '../../../model/reference-batch.ts'
import type { ByteSource } from '../../../source/byte-source.ts'
import { GROUP_BYTES, withRawRows } from './raw-rows.ts'
import { type PaddedStrings, withoutPadding } from './string-padding.ts'

/** Most bytes of a chunk that is written anew. */
const MAX_CHUNK_BYTES = 1 << 26
/** Bytes of a piece where a chunk can be looked at in pieces. */
const PIECE_BYTES = GROUP_BYTES

/** The array that the chunks belong to. */
interface StringArray {
  readonly metadata: ArrayMetadata
  readonly padded: PaddedStrings
}

/**
 * The rows of `batch`; each chunk that conversion changes becomes an inline row, encoded as all of its array are.
 * @throws FormatError where a chunk does not decode; UnsupportedError where one to change is beyond all bounds.
 */
export async function* convertStrings(
  source: ByteSource,
  batch: ReferenceBatch,
  array: StringArray,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReferenceBatch> {
  const chunks = new StringChunks(source, array, signal)
  yield* withRawRows(batch, (row) => chunks.read(batch.offset[row], batch.length[row]), chunks.size)
}

/** Reads chunks of one array and converts them. */
class StringChunks {
  /** Bytes of a chunk before its codecs. */
  readonly size: number
  readonly #source: ByteSource
  readonly #array: StringArray
  readonly #signal: AbortSignal | undefined

  constructor(source: ByteSource, array: StringArray, signal: AbortSignal | undefined) {
    const { chunkShape, dataType } = array.metadata
    this.size = chunkCount(chunkShape) * itemSize(dataType)
    this.#source = source
    this.#array = array
    this.#signal = signal
  }

  /** The chunk as it is to be stored; null where it may stay where it is. */
  async read(offset: number, length: number): Promise<Uint8Array | null> {
    const { metadata, padded } = this.#array
    const { codecs, path } = metadata
    if (codecs.length === 0 && !(await this.#changes(offset, length))) return null
    if (Math.max(this.size, length) > MAX_CHUNK_BYTES) {
      throw new UnsupportedError(`strings that are not NUL-padded in a chunk of ${this.size} bytes`)
    }
    const stored = await this.#source.read(offset, length, { signal: this.#signal })
    const { url } = this.#source
    const bytes = await decodeChunk(stored, codecs, { size: this.size, url, offset, array: path })
    const converted = withoutPadding(bytes, padded)
    return converted ? encodeChunk(converted, codecs) : null
  }

  /** Whether conversion changes anything in a chunk without codecs, of any size: looked at piece by piece. */
  async #changes(offset: number, length: number): Promise<boolean> {
    const { padded } = this.#array
    const piece = Math.max(1, Math.floor(PIECE_BYTES / padded.stride)) * padded.stride
    for (let at = 0; at < length; at += piece) {
      const bytes = await this.#source.read(offset + at, Math.min(piece, length - at), {
        signal: this.#signal,
      })
      if (withoutPadding(bytes, padded)) return true
    }
    return false
  }
}
