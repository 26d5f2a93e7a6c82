/** Sources that are opened again: what was learned of one holds only while it stays the same. */
import { SourceError } from '../errors.ts'
import type { SourceInfo } from '../model/reference-set.ts'
import type { OpenSource } from './byte-source.ts'

/**
 * Opens as `open` does. One of `known` must be as it was: its size, its time of change and its ETag.
 * @throws SourceError where it has changed.
 */
export function openUnchanged(open: OpenSource, known: readonly SourceInfo[]): OpenSource {
  const infos = new Map(known.map((info) => [info.url, info]))
  return async (url, options) => {
    const source = await open(url, options)
    const { info: now } = source
    const then = infos.get(url)
    if (!then || isSame(then, now)) return source
    await source.close()
    throw new SourceError(
      url,
      'has changed since it was scanned; scan it again when it is complete, and build anew what was made of it',
    )
  }
}

function isSame(a: SourceInfo, b: SourceInfo): boolean {
  return a.size === b.size && a.lastModified === b.lastModified && a.etag === b.etag
}
