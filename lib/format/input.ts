/** One input of a scan: a file by what its bytes look like, or a folder by the reference set in it. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SourceError } from '../errors.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { ByteSource } from '../source/byte-source.ts'
import { schemeOf } from '../source/open.ts'
import type { Format, FormatOptions, OpenAgain } from './format.ts'
import { openParquetSet } from './kerchunk-parquet/index.ts'
import { formats } from './registry.ts'
import { unknownFormat } from './unknown.ts'

/** What a format is told by, at first. */
const HEAD = 1 << 13
/** A user block may push HDF5's signature this far; read only where the head tells nothing. */
const LONG_HEAD = (1 << 20) + 8

async function detectFormat(source: ByteSource, signal: AbortSignal | undefined): Promise<Format> {
  const head = await source.read(0, Math.min(HEAD, source.size), { signal })
  const format = formats.find(({ detect }) => detect(head))
  if (format) return format
  if (source.size > HEAD) {
    const longHead = await source.read(0, Math.min(LONG_HEAD, source.size), { signal })
    const late = formats.find(({ detect }) => detect(longHead))
    if (late) return late
  }
  throw unknownFormat(source.url, head)
}

/**
 * Opens a file as its format does.
 * @throws FormatError or UnsupportedError where it is of no format known here.
 */
export async function openFileInput(
  source: ByteSource,
  openAgain: OpenAgain,
  options: FormatOptions,
): Promise<ReferenceSet> {
  const format = await detectFormat(source, options.signal)
  return format.open(source, openAgain, options)
}

/** Whether there is a folder on this machine at `path`, a path or URL. */
export async function isFolder(path: string): Promise<boolean> {
  if (schemeOf(path) !== undefined) return false
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}

/**
 * Opens the Parquet reference set in a folder.
 * @throws SourceError where the folder holds none, or not all of one, FormatError where it is damaged.
 */
export async function openFolderInput(path: string): Promise<ReferenceSet> {
  try {
    await stat(join(path, '.zmetadata'))
  } catch (cause) {
    throw new SourceError(
      path,
      'is a folder, not a file or reference set (no .zmetadata); name the files in it',
      { cause },
    )
  }
  // A set that is made of it must not need it any more.
  return openParquetSet(path, { whole: true, copies: 'raw' })
}
