/** One shard, `refs.<k>.parq`: a row a chunk, columns path, offset, size and raw. */
import type { AsyncBuffer, Compressors } from 'hyparquet'
import { FormatError, isKStreamError, messageOf } from '../../errors.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { openFile } from '../../source/file.ts'
import { type ColumnPieces, type Refuse, type Shard, shardOf } from './shard-columns.ts'
import { checkFooter } from './shard-file.ts'

/** Bytes of a shard at most. */
const MOST_BYTES = 2 ** 31
/** Bytes of a page at most, decompressed. */
const MOST_PAGE_BYTES = 1 << 30

/** The whole file, since all of it is wanted, and a read that fails later would fail for nobody. */
async function readFile(
  source: ByteSource,
  refuse: Refuse,
  signal: AbortSignal | undefined,
): Promise<AsyncBuffer> {
  if (source.size > MOST_BYTES) refuse(`has ${source.size} bytes, more than ${MOST_BYTES}`)
  const bytes = await source.read(0, source.size, { signal })
  const buffer = new ArrayBuffer(bytes.length)
  new Uint8Array(buffer).set(bytes)
  return { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) }
}

/** The same, refusing a page that says it is larger than any could be: they allocate what it says. */
function boundedCompressors(compressors: Compressors, refuse: Refuse): Compressors {
  const bounded = Object.entries(compressors).map(([name, decompress]): [string, typeof decompress] => [
    name,
    (input, length) => {
      if (length > MOST_PAGE_BYTES) refuse(`has a page of ${length} bytes`)
      return decompress(input, length)
    },
  ])
  return Object.fromEntries(bounded)
}

/**
 * Reads a shard of at most `recordSize` rows; of its columns only `names` where these are given.
 * @throws FormatError where it is no Parquet file, or has more rows than a shard may.
 */
export async function readShard(
  source: ByteSource,
  recordSize: number,
  signal?: AbortSignal,
  names?: string[],
): Promise<Shard> {
  const at = { url: source.url, offset: 0, structure: 'Parquet shard' }
  const refuse: Refuse = (problem) => {
    throw new FormatError(at, problem)
  }
  // Loaded where a set is read, which building one does without.
  const { parquetMetadataAsync, parquetRead } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const file = await readFile(source, refuse, signal)
  const columns = new Map<string, ColumnPieces>()
  try {
    const metadata = await parquetMetadataAsync(file)
    const rows = checkFooter(metadata, file.byteLength, recordSize, refuse)
    await parquetRead({
      file,
      metadata,
      compressors: boundedCompressors(compressors, refuse),
      utf8: false,
      ...(names && { columns: names }),
      // An error thrown here would be nobody's: what the pieces hold is looked at afterwards.
      onChunk: ({ columnName, columnData, rowStart }) => {
        const pieces = columns.get(columnName) ?? []
        columns.set(columnName, [...pieces, { rowStart, values: columnData }])
      },
    })
    return shardOf(rows, columns, refuse)
  } catch (cause) {
    signal?.throwIfAborted()
    if (isKStreamError(cause)) throw cause
    throw new FormatError(at, `cannot be read: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Bytes of the chunks that the shard at `path` has inlined, in rows that count: all, or what a test says of ascending ones.
 * @throws SourceError where it is not there, FormatError where it is damaged.
 */
export async function readInlinedBytes(
  path: string,
  recordSize: number,
  counts: (row: number) => boolean = () => true,
): Promise<number> {
  const source = await openFile(path)
  try {
    const { raw = [] } = await readShard(source, recordSize, undefined, ['raw'])
    return raw.reduce((sum, bytes, row) => (bytes && counts(row) ? sum + bytes.length : sum), 0)
  } finally {
    await source.close()
  }
}
