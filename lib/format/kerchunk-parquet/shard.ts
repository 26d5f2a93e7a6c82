/** One shard, `refs.<k>.parq`: a row a chunk, columns path, offset, size and raw. */
import type { AsyncBuffer } from 'hyparquet'
import { FormatError, isKStreamError } from '../../errors.ts'
import type { ByteSource } from '../../source/byte-source.ts'

/** The columns as they stand in the file; one that is missing there is all null. */
export interface Shard {
  readonly rows: number
  readonly path: readonly (string | null)[] | undefined
  /** Bytes; as numbers or bigints. */
  readonly offset: ArrayLike<number | bigint> | undefined
  readonly size: ArrayLike<number | bigint> | undefined
  readonly raw: readonly (Uint8Array | null)[] | undefined
}

/** hyparquet asks by first and last byte, for an ArrayBuffer of its own. */
function asyncBuffer(source: ByteSource, signal: AbortSignal | undefined): AsyncBuffer {
  return {
    byteLength: source.size,
    async slice(start, end = source.size) {
      const bytes = await source.read(start, end - start, { signal })
      const buffer = new ArrayBuffer(bytes.length)
      new Uint8Array(buffer).set(bytes)
      return buffer
    },
  }
}

/** A column of a shard is one column chunk for each row group, in order. */
function joinColumn<T>(pieces: readonly ArrayLike<T>[] | undefined): T[] | undefined {
  return pieces?.flatMap((piece) => Array.from(piece))
}

/**
 * Reads a shard of at most `recordSize` rows.
 * @throws FormatError where it is no Parquet file, or has more rows than a shard may.
 */
export async function readShard(
  source: ByteSource,
  recordSize: number,
  signal?: AbortSignal,
): Promise<Shard> {
  const at = { url: source.url, offset: 0, structure: 'Parquet shard' }
  // Loaded where a set is read, which building one does without.
  const { parquetMetadataAsync, parquetRead } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const file = asyncBuffer(source, signal)
  const pieces = new Map<string, ArrayLike<unknown>[]>()
  try {
    const metadata = await parquetMetadataAsync(file)
    const rows = Number(metadata.num_rows)
    if (rows > recordSize) throw new FormatError(at, `has ${rows} rows, but record_size is ${recordSize}`)
    await parquetRead({
      file,
      metadata,
      compressors,
      utf8: false,
      onChunk: ({ columnName, columnData }) => {
        pieces.set(columnName, [...(pieces.get(columnName) ?? []), columnData])
      },
    })
    return {
      rows,
      path: joinColumn(pieces.get('path') as ArrayLike<string | null>[] | undefined),
      offset: joinColumn(pieces.get('offset') as ArrayLike<number | bigint>[] | undefined),
      size: joinColumn(pieces.get('size') as ArrayLike<number | bigint>[] | undefined),
      raw: joinColumn(pieces.get('raw') as ArrayLike<Uint8Array | null>[] | undefined),
    }
  } catch (cause) {
    signal?.throwIfAborted()
    if (isKStreamError(cause)) throw cause
    throw new FormatError(at, `cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
