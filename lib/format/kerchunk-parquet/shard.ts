/** One shard, `refs.<k>.parq`: a row a chunk, columns path, offset, size and raw. */
import type { AsyncBuffer, Compressors, ParquetReadOptions } from 'hyparquet'
import { FormatError, isKStreamError, messageOf } from '../../errors.ts'
import type { ByteSource } from '../../source/byte-source.ts'
import { openFile } from '../../source/file.ts'
import { type ReadPieces, type Refuse, readColumns, type Shard } from './shard-columns.ts'
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
  return {
    byteLength: bytes.length,
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  }
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

/** Text of bytes that are often those of the row before. */
function textParser(): (bytes: Uint8Array) => string {
  let last: Buffer = Buffer.alloc(0)
  let text = ''
  return (bytes) => {
    if (last.equals(bytes)) return text
    last = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    text = last.toString('utf8')
    return text
  }
}

/** Reads one column of a file as `options` say; `columns` are all that it has. */
function columnReader(
  options: Omit<ParquetReadOptions, 'onComplete'>,
  columns: ReadonlySet<string>,
  read: ParquetRead,
): ReadPieces {
  return async (name) => {
    if (!columns.has(name)) return undefined
    const pieces: { rowStart: number; values: ArrayLike<unknown> }[] = []
    await read({
      ...options,
      columns: [name],
      // An error thrown here would be nobody's: what the pieces hold is looked at afterwards.
      onChunk: ({ columnData, rowStart }) => void pieces.push({ rowStart, values: columnData }),
    })
    return pieces
  }
}

type ParquetRead = (options: ParquetReadOptions) => Promise<void>

/** What of a shard is read. */
export interface ReadShardOptions {
  readonly signal?: AbortSignal | undefined
  /** Only these columns. */
  readonly names?: readonly string[]
  /** Columns that the footer says are all null are not looked at: for shards whose chunks are counted afterwards. */
  readonly trusting?: boolean
}

/**
 * Reads a shard of at most `recordSize` rows.
 * @throws FormatError where it is no Parquet file, or has more rows than a shard may.
 */
export async function readShard(
  source: ByteSource,
  recordSize: number,
  { signal, names, trusting = false }: ReadShardOptions = {},
): Promise<Shard> {
  const at = { url: source.url, offset: 0, structure: 'Parquet shard' }
  const refuse: Refuse = (problem) => {
    throw new FormatError(at, problem)
  }
  // Loaded where a set is read, which building one does without.
  const { parquetMetadataAsync, parquetRead } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const file = await readFile(source, refuse, signal)
  try {
    const metadata = await parquetMetadataAsync(file)
    const { rows, columns, empty } = checkFooter(metadata, file.byteLength, recordSize, refuse)
    const wanted = new Set(
      (names ?? [...columns]).filter((name) => columns.has(name) && !(trusting && empty.has(name))),
    )
    const options = {
      file,
      metadata,
      compressors: boundedCompressors(compressors, refuse),
      utf8: false,
      parsers: { stringFromBytes: textParser() },
    }
    return await readColumns(rows, columnReader(options, wanted, parquetRead), refuse)
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
    const { raw = [] } = await readShard(source, recordSize, { names: ['raw'] })
    return raw.reduce((sum, bytes, row) => (bytes && counts(row) ? sum + bytes.length : sum), 0)
  } finally {
    await source.close()
  }
}
