/** The check that every source makes before it reads: the range must lie within its bytes. */
import { SourceError } from '../errors.ts'

/**
 * Refuses a range that is no range, or does not lie within `size` bytes, before anything is allocated for it.
 * @throws SourceError
 */
export function checkRange(url: string, size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new SourceError(url, `not a range of bytes: ${length} at ${offset}`)
  }
  if (offset + length > size) {
    throw new SourceError(url, `a read past the end: the file has ${size} bytes; truncated?`, {
      offset,
      length,
    })
  }
}
