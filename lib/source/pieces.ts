/** The bytes of a source from its first to its last, decompressed where it is a gzip or zstd file. */
import type { ByteSource } from './byte-source.ts'
import { gunzipPieces } from './gzip.ts'
import { unzstdPieces } from './zstd/frames.ts'

/** Bytes read at a time. */
const PIECE = 1 << 18
/** Bytes of the longest signature. */
const SIGNATURE = 4

export interface PieceOptions {
  /** Bytes of the source that are read at a time; 256 KiB by default. */
  readonly pieceBytes?: number
  readonly signal?: AbortSignal | undefined
}

/** The compression of a file that begins so; undefined where it is none that is known. */
export function compressionOf(head: Uint8Array): 'gzip' | 'zstd' | undefined {
  const [a, b, c, d] = head
  // RFC 1952, 2.3.1: deflate is the only method.
  if (a === 0x1f && b === 0x8b && c === 8) return 'gzip'
  // RFC 8878, 3.1: a frame, or a skippable one before it.
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd'
  return a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18 ? 'zstd' : undefined
}

/** @param room what they may be read into, each over the one before: new memory costs as much as the reading. */
async function* storedPieces(
  source: ByteSource,
  { pieceBytes = PIECE, signal }: PieceOptions,
  room?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += pieceBytes) {
    const length = Math.min(pieceBytes, source.size - offset)
    yield await source.read(offset, length, { signal, ...(room && { into: room.subarray(0, length) }) })
  }
}

/**
 * The pieces in their order, none of them empty; each is the caller's until the next is asked for. What is compressed is
 * decompressed as it is asked for, in bounded memory, whatever it says of itself.
 * @throws SourceError where they cannot be had, FormatError with the byte of the compressed file where that is damaged,
 * ends too early, or goes on with something else.
 */
export async function* scanPieces(
  source: ByteSource,
  options: PieceOptions = {},
): AsyncGenerator<Uint8Array> {
  const { signal } = options
  const head = await source.read(0, Math.min(SIGNATURE, source.size), { signal })
  const compression = compressionOf(head)
  // zlib reads ahead, so its pieces have to last.
  const room =
    compression === 'gzip' ? undefined : new Uint8Array(Math.min(options.pieceBytes ?? PIECE, source.size))
  const stored = storedPieces(source, options, room)
  if (!compression) return yield* stored
  const decompress = compression === 'gzip' ? gunzipPieces : unzstdPieces
  for await (const piece of decompress(source, stored)) {
    signal?.throwIfAborted()
    if (piece.length > 0) yield piece
  }
}

/**
 * The first `length` bytes, decompressed; fewer where there are no more.
 * @throws as `scanPieces` does.
 */
export async function readHead(
  source: ByteSource,
  length: number,
  options: PieceOptions = {},
): Promise<Uint8Array> {
  const head = new Uint8Array(length)
  let filled = 0
  for await (const piece of scanPieces(source, { pieceBytes: Math.min(PIECE, 2 * length), ...options })) {
    const taken = piece.subarray(0, length - filled)
    head.set(taken, filled)
    filled += taken.length
    if (filled === length) break
  }
  return head.subarray(0, filled)
}
