/** Where the chunks of a document are: the files and URLs that it names. */
import { posix } from 'node:path'
import { SourceError, UnsupportedError } from '../../errors.ts'
import type { SourceInfo } from '../../model/reference-set.ts'
import type { ReadOptions } from '../../source/byte-source.ts'
import { isMissingFile } from '../../source/external.ts'
import { filePath, schemeOf } from '../../source/open.ts'
import type { FormatOptions } from '../format.ts'
import { absolutePath } from '../reference-path.ts'
import type { Document } from './document.ts'
import { documentError } from './variable.ts'

/** What tools write for a server to replace: the data file, and the file of what was added to it. */
const DATA = 'OPeNDAP_DMRpp_DATA_ACCESS_URL'
const ADDED = 'OPeNDAP_DMRpp_SC_DATA_ACCESS_URL'
const ADDED_SUFFIX = '_mvs.h5'
const DOCUMENT_SUFFIX = /\.dmrpp(?:\.(?:gz|zst))?$/i
/** Files on this machine that are looked at. */
const MOST_FILES = 1 << 16

/** The files of a document. */
export interface DataFiles {
  /** By what chunks call them (undefined: the document's own), what references call them. */
  readonly paths: ReadonlyMap<string | undefined, string>
  /** Those that are on this machine. */
  readonly sources: readonly SourceInfo[]
  /** Whether some are elsewhere. */
  readonly remote: boolean
}

interface Options extends ReadOptions {
  readonly openExternal?: FormatOptions['openExternal']
}

/**
 * Finds the files that chunks are in; those on this machine have to be there, and long enough.
 * @throws SourceError where one is missing, FormatError where a chunk is past its end, UnsupportedError where it lies
 * outside the folders that may be read.
 */
export async function findDataFiles(url: string, document: Document, options: Options): Promise<DataFiles> {
  const paths = new Map<string | undefined, string>()
  const sources = new Map<string, SourceInfo>()
  let remote = false
  for (const [href, { end, variable, place }] of document.files) {
    const what = `variable ${variable}`
    const name = nameOf(href ?? document.href ?? DATA, url)
    if (isRemote(name)) {
      paths.set(href, name)
      remote = true
      continue
    }
    const info = await lookAt(name, url, options)
    if (end > info.size) {
      const problem = `a chunk ends at byte ${end}, but ${info.url} has ${info.size} (another file, or truncated?)`
      throw documentError(url, place, what, problem)
    }
    paths.set(href, absolutePath(info.url).path)
    sources.set(info.url, info)
    if (sources.size > MOST_FILES)
      throw new UnsupportedError(`chunks in more than ${MOST_FILES} files`, { url })
  }
  return { paths, sources: [...sources.values()], remote }
}

function isRemote(name: string): boolean {
  return (schemeOf(name) ?? 'file') !== 'file'
}

/** The name with what stands for the file beside the document replaced by that file's. */
function nameOf(href: string, url: string): string {
  if (href !== DATA && href !== ADDED) return href
  const own = posix.basename(url)
  const data = own.replace(DOCUMENT_SUFFIX, '')
  if (data !== own) return href === DATA ? data : `${data}${ADDED_SUFFIX}`
  const problem = 'does not tell its data file: name it as that file with .dmrpp behind, and put it beside it'
  throw new SourceError(url, problem)
}

async function lookAt(name: string, url: string, { openExternal, signal }: Options): Promise<SourceInfo> {
  if (!openExternal)
    throw new UnsupportedError(`data in ${name}, a file that cannot be looked for here`, { url })
  const local = filePath(name)
  // Hyrax takes names from the folder of all its data: its documents lie beside their files.
  for (const way of new Set([local, posix.basename(local)])) {
    try {
      const source = await openExternal(way, { signal })
      await source.close()
      return source.info
    } catch (error) {
      if (!isMissingFile(error)) throw error
    }
  }
  const problem = `its data file ${name} is not there; put it beside the document, or set dmrpp:href to where it is`
  throw new SourceError(url, problem)
}
