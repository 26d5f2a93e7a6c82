/** The paths of a shard as references spell them: absolute paths and URLs, as fsspec's local file system takes them. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SourceError } from '../../errors.ts'
import { schemeOf } from '../../source/open.ts'

const FILE = 'file://'

/**
 * Paths without `file://`, and absolute. A relative one is taken from the working directory, as fsspec does, but only
 * where it leads to a file: taken from anywhere else it would point nowhere, or at another file. `shard` is for messages.
 * @throws SourceError where it does not.
 */
export async function absolutePaths(paths: readonly string[], shard: string): Promise<readonly string[]> {
  const absolute: string[] = []
  for (const path of paths) {
    // fsspec undoes no percent signs.
    const plain = schemeOf(path) === 'file' ? path.slice(FILE.length) : path
    const isRelative = schemeOf(plain) === undefined && !plain.startsWith('/')
    absolute.push(isRelative ? await resolveRelative(plain, shard) : plain)
  }
  return absolute
}

async function resolveRelative(path: string, shard: string): Promise<string> {
  const found = resolve(path)
  try {
    await stat(found)
    return found
  } catch (cause) {
    const problem = `points at the relative path '${path}', which leads to no file from ${process.cwd()}; run where it does`
    throw new SourceError(shard, problem, { cause })
  }
}
