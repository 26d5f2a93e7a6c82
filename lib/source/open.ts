/** Opens a source by what its path or URL says it is. */
import { fileURLToPath } from 'node:url'
import { SourceError, UnsupportedError } from '../errors.ts'
import type { ByteSource, ReadOptions } from './byte-source.ts'
import { openFile } from './file.ts'

/** Two letters at least: `C:\` is a drive. */
const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i

/** The scheme of a URL in lower case; undefined for a path. */
export function schemeOf(url: string): string | undefined {
  return SCHEME.exec(url)?.[1].toLowerCase()
}

/** The path that a `file://` URL stands for; a path as it is. */
export function filePath(url: string): string {
  if (schemeOf(url) !== 'file') return url
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw new SourceError(url, 'not the URL of a local file; give its path', { cause })
  }
}

/**
 * Opens a path or a `file://` URL.
 * @throws UnsupportedError for any other scheme, by its name.
 * @throws SourceError as `openFile`.
 */
export async function openSource(url: string, options: ReadOptions = {}): Promise<ByteSource> {
  const scheme = schemeOf(url)
  if (scheme !== undefined && scheme !== 'file') {
    throw new UnsupportedError(`reading ${scheme}:// (only local files so far)`, { url })
  }
  return openFile(filePath(url), options)
}
