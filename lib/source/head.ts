/** The beginning of a file, read once: metadata gathers there, and a small file lies there whole. */
import { checkRange } from './byte-range.ts'
import type { ByteSource, ReadOptions } from './byte-source.ts'

/**
 * Reads the first `head.length` bytes of `source`, or all of a smaller file, into `head`; reads that lie within
 * them make no read of the source. `head` may be used again when the returned source is not used any more.
 */
export async function withHead(
  source: ByteSource,
  head: Uint8Array,
  options: ReadOptions = {},
): Promise<ByteSource> {
  const { url, size, info } = source
  const known = Math.min(head.length, size)
  const bytes = await source.read(0, known, { signal: options.signal, into: head.subarray(0, known) })
  const read: ByteSource['read'] = async (offset, length, readOptions) => {
    if (!(offset >= 0 && offset + length <= known)) return source.read(offset, length, readOptions)
    readOptions?.signal?.throwIfAborted()
    checkRange(url, size, offset, length)
    return new Uint8Array(bytes.subarray(offset, offset + length))
  }
  return { url, size, info, read, close: () => source.close() }
}
