/** One input of a scan: a file by what its bytes look like, or a folder by the reference set in it. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FormatError, SourceError, UsageError } from '../errors.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { ByteSource, ReadOptions } from '../source/byte-source.ts'
import { openSource, schemeOf } from '../source/open.ts'
import { compressionOf, readHead } from '../source/pieces.ts'
import type { Format, FormatOptions, OpenAgain } from './format.ts'
import { isIcechunk, type OpenIcechunkOptions, openIcechunk } from './icechunk/index.ts'
import type { IcechunkVersion } from './icechunk/repository.ts'
import { openParquetSet } from './kerchunk-parquet/index.ts'
import { type FileFormat, formats } from './registry.ts'
import { unknownFormat } from './unknown.ts'

/** Formats of folders. */
const FOLDER_FORMATS = ['kerchunk-parquet', 'icechunk'] as const

/** A format by its name. */
export type InputFormat = FileFormat | (typeof FOLDER_FORMATS)[number]

/** What a format is told by, at first. */
const HEAD = 1 << 13
/** A user block may push HDF5's signature this far; read only where the head tells nothing. */
const LONG_HEAD = (1 << 20) + 8

/** A line of NDJSON that is no header: what `grep` lets through. */
const HEADLESS = /^\s*\{\s*"kind"\s*:\s*"(reference|footer)"/

/** @throws FormatError for NDJSON whose first line has been taken away, which looks like a document of JSON. */
function checkHeaded(url: string, head: Uint8Array): void {
  if (!HEADLESS.test(Buffer.from(head.subarray(0, 256)).toString('latin1'))) return
  throw new FormatError(
    { url, offset: 0, structure: 'NDJSON' },
    'its first line is no header: keep the line with "kind": "header" too',
  )
}

async function detectFormat(source: ByteSource, signal: AbortSignal | undefined): Promise<Format> {
  const head = await source.read(0, Math.min(HEAD, source.size), { signal })
  if (compressionOf(head) !== undefined) return detectCompressed(source, head, signal)
  checkHeaded(source.url, head)
  const format = formats.find(({ detect }) => detect(head))
  if (format) return format
  if (source.size > HEAD) {
    const longHead = await source.read(0, Math.min(LONG_HEAD, source.size), { signal })
    const late = formats.find(({ detect }) => detect(longHead))
    if (late) return late
  }
  throw unknownFormat(source.url, head)
}

/** References cannot point into compressed data; sets of references may be compressed. */
async function detectCompressed(
  source: ByteSource,
  head: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Format> {
  const plain = await readHead(source, HEAD, { signal })
  checkHeaded(source.url, plain)
  const format = formats.find(({ sequential, detect }) => sequential && detect(plain))
  if (format) return format
  throw unknownFormat(source.url, head)
}

/**
 * The name of a local file's format.
 * @throws SourceError where it cannot be read, FormatError or UnsupportedError where it is of none that is known here.
 */
export async function detectFileFormat(path: string, options: ReadOptions = {}): Promise<string> {
  const source = await openSource(path, options)
  try {
    return (await detectFormat(source, options.signal)).name
  } finally {
    await source.close()
  }
}

/** As people call it: 'kerchunk-parquet' is Parquet on the command line. */
function plainName(name: InputFormat): string {
  return name.replace('kerchunk-', '')
}

function formatNamed(url: string, name: InputFormat): Format {
  const format = formats.find((candidate) => candidate.name === name)
  if (format) return format
  throw new UsageError(`${url}: is a file, and a set in ${plainName(name)} is a folder`)
}

/** A file of a Parquet set looks like a set in JSON. */
const SET_METADATA = '.zmetadata'

/**
 * Opens a file as its format does; which one `format` says, or the bytes.
 * @throws FormatError or UnsupportedError where it is of no format known here.
 */
export async function openFileInput(
  source: ByteSource,
  openAgain: OpenAgain,
  options: FormatOptions,
  format?: InputFormat,
): Promise<ReferenceSet> {
  if (format === undefined && basename(source.url) === SET_METADATA) {
    throw new SourceError(source.url, `is a part of a reference set: name its folder, ${dirname(source.url)}`)
  }
  const { open } = format ? formatNamed(source.url, format) : await detectFormat(source, options.signal)
  return open(source, openAgain, options)
}

/** Whether there is a folder on this machine at `path`, a path or URL. */
export async function isFolder(path: string): Promise<boolean> {
  if (schemeOf(path) !== undefined) return false
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}

function hasMetadata(folder: string): Promise<boolean> {
  return stat(join(folder, SET_METADATA)).then(
    () => true,
    () => false,
  )
}

/** The nearest folder around `path` that holds a Parquet set. */
async function setAround(path: string): Promise<string | undefined> {
  const parent = dirname(path)
  if (parent === path) return undefined
  return (await hasMetadata(parent)) ? parent : setAround(parent)
}

/** @throws UsageError where a version of what has none is asked for. */
export function checkNoVersion(path: string, { branch, tag, snapshot }: IcechunkVersion): void {
  if (branch === undefined && tag === undefined && snapshot === undefined) return
  throw new UsageError(`${path}: is no Icechunk repository, which alone has branches, tags and snapshots`)
}

/**
 * Opens the Parquet reference set or the Icechunk repository in a folder.
 * @throws SourceError where the folder holds none, or not all of one, FormatError where it is damaged.
 */
export async function openFolderInput(
  path: string,
  options: OpenIcechunkOptions,
  format?: InputFormat,
): Promise<ReferenceSet> {
  if (format !== undefined && FOLDER_FORMATS.every((name) => name !== format)) {
    throw new UsageError(`${path}: is a folder, and ${plainName(format)} is a file's format`)
  }
  const isSet = await hasMetadata(path)
  // A set that is made of it must not need it any more.
  if (format === 'kerchunk-parquet' || (isSet && !format)) {
    checkNoVersion(path, options)
    return openParquetSet(path, { whole: true, copies: 'raw' })
  }
  if (format === 'icechunk' || (await isIcechunk(path))) return openIcechunk(path, options)
  const around = await setAround(path)
  if (around !== undefined) {
    throw new SourceError(
      path,
      `is a part of the reference set ${around}: name that, and --select what is wanted`,
    )
  }
  throw new SourceError(
    path,
    'is a folder, not a file or reference set (no .zmetadata, no Icechunk repository); name the files in it',
  )
}
