/** The path of a reference as fsspec's local file system takes it: absolute, without `file://`. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SourceError } from '../errors.ts'
import { schemeOf } from '../source/open.ts'

const FILE = 'file://'

/** A path or URL without `file://`, and absolute. */
export interface AbsolutePath {
  readonly path: string
  /** As it was spelled, where it was taken from the working directory, as fsspec does. */
  readonly relative?: string
}

/** The path as references are to have it. */
export function absolutePath(url: string): AbsolutePath {
  // fsspec undoes no percent signs.
  const path = schemeOf(url) === 'file' ? url.slice(FILE.length) : url
  const isRelative = schemeOf(path) === undefined && !path.startsWith('/')
  return isRelative ? { path: resolve(path), relative: path } : { path }
}

/**
 * Makes sure that a relative path leads to a file: taken from anywhere else it would point nowhere, or at another.
 * @throws SourceError of `url`, the file that has the reference, where it does not.
 */
export async function checkRelative(relative: string, url: string): Promise<void> {
  await stat(relative).catch((cause) => {
    const problem = `points at the relative path '${relative}', which leads to no file from ${process.cwd()}; run where it does`
    throw new SourceError(url, problem, { cause })
  })
}
