/** Files that a file names: opened only where they lie in a folder that may be read. */
import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path'
import { SourceError, systemCode, UnsupportedError } from '../errors.ts'
import type { ByteSource, OpenSource, ReadOptions } from './byte-source.ts'
import { filePath, schemeOf } from './open.ts'

interface ExternalOptions extends ReadOptions {
  /** The file that gives the name; the input by default. */
  readonly from?: string | undefined
}

/** What the system says of a file that does not exist. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR'])

/** Whether a file could not be opened because there is none. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof SourceError && NOT_THERE.has(systemCode(error.cause))
}

/**
 * Opens what the file at `url` names: by a path relative to the folder of the file that gives the name, or by an absolute
 * one; where there is no file at an absolute path, by its last part in that folder. Where the file is a link, the folder
 * of what it leads to is tried after its own. Allowed are the folders of `url`,
 * all that is below them, and `folders` with all below, whatever links lead there; a link out of them is not followed.
 * Nothing is looked up before the first name.
 * @throws UnsupportedError where a name leads elsewhere, with the way round it.
 * @throws SourceError where there is no such file (`isMissingFile`), or it cannot be opened.
 */
export function externalFiles(
  url: string,
  folders: readonly string[],
  open: OpenSource,
): (name: string, options?: ExternalOptions) => Promise<ByteSource> {
  let allowed: Promise<readonly string[]> | undefined
  return async (name, { from = url, ...options } = {}) => {
    if (isRemote(from)) return open(remoteUrl(url, name, from, folders), options)
    for (const path of pathsOf(name, await foldersOf(from))) {
      const real = await realPath(path)
      if (real === undefined) continue
      allowed ??= allowedFolders(await foldersOf(url), folders)
      if (!(await allowed).some((folder) => isWithin(real, folder))) throw outside(url, name, dirname(real))
      return open(path, options)
    }
    const cause = Object.assign(new Error(`no file ${name}`), { code: 'ENOENT' })
    throw new SourceError(join(dirname(filePath(from)), name), `no such file, but ${from} names it`, {
      cause,
    })
  }
}

function isRemote(url: string): boolean {
  return (schemeOf(url) ?? 'file') !== 'file'
}

/** The folder of a file, and where it is a link that of the file that it leads to. */
async function foldersOf(url: string): Promise<readonly string[]> {
  const path = filePath(url)
  const real = (await realPath(path)) ?? path
  return [...new Set([path, real].map(dirname))]
}

/** Where libhdf5 looks, but for the folder of whoever runs it. */
function pathsOf(name: string, folders: readonly string[]): string[] {
  const local = isAbsolute(name) ? basename(name) : name
  return [...(isAbsolute(name) ? [name] : []), ...folders.map((folder) => join(folder, local))]
}

/** The path with all links resolved; undefined where there is nothing. */
async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (cause) {
    const code = systemCode(cause)
    if (NOT_THERE.has(code)) return undefined
    throw new SourceError(path, `could not be opened (${code || String(cause)})`, { cause })
  }
}

async function allowedFolders(own: readonly string[], folders: readonly string[]): Promise<string[]> {
  const local = folders.filter((folder) => !isRemote(folder)).map((folder) => resolve(filePath(folder)))
  const real = await Promise.all([...own, ...local].map(realPath))
  return real.filter((folder) => folder !== undefined)
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

function outside(url: string, name: string, folder: string): UnsupportedError {
  const feature = `values in ${name}, a file outside the folder of the input; --allow-external ${folder} lets it be read`
  return new UnsupportedError(feature, { url })
}

/** The URL that a name beside a URL stands for: below the same folder, by the arithmetic of paths alone. */
function remoteUrl(url: string, name: string, from: string, folders: readonly string[]): string {
  const isUrl = schemeOf(name) !== undefined
  const path = isUrl ? name : posix.normalize(name)
  const target = isUrl ? name : `${remoteFolder(from)}${path}`
  const allowed = [remoteFolder(url), ...folders.filter(isRemote).map(withSlash)]
  const climbs = path.startsWith('/') || path.split('/').includes('..') || /[?#\\]|%(?:2e|2f|5c)/i.test(name)
  if (climbs || !allowed.some((folder) => target.startsWith(folder)))
    throw outside(url, name, isUrl ? name.slice(0, name.lastIndexOf('/')) : 'URL')
  return target
}

/** With the slash at its end; a query may hold slashes as well. */
function remoteFolder(url: string): string {
  const path = url.replace(/[?#].*$/s, '')
  return path.slice(0, path.lastIndexOf('/') + 1)
}

function withSlash(folder: string): string {
  return folder.endsWith('/') ? folder : `${folder}/`
}
