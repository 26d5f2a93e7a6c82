/** A source over bytes that are already in memory: tests, and files that were fetched whole. */
import { SourceError } from '../errors.ts'
import { checkRange } from './byte-range.ts'
import type { ByteSource } from './byte-source.ts'

/** Wraps `bytes`, which must not change while the source is open, under the `url` that references will hold. */
export function openMemory(bytes: Uint8Array, url = 'memory:'): ByteSource {
  const size = bytes.length
  let closed = false
  return {
    url,
    size,
    info: { url, size },
    async read(offset, length, options) {
      options?.signal?.throwIfAborted()
      if (closed) throw new SourceError(url, 'read after it was closed', { offset, length })
      checkRange(url, size, offset, length)
      // A copy: it starts on its own boundary, and what the caller does to it stays with the caller.
      return new Uint8Array(bytes.subarray(offset, offset + length))
    },
    async close() {
      closed = true
    },
  }
}
