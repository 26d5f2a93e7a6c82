/** What a file that no format claims looks like, for the message that refuses it. */
import { FormatError, type KStreamError, UnsupportedError } from '../errors.ts'

/** A signature at its offset, in Latin-1, and what it means. */
type Signature = readonly [offset: number, signature: string, meaning: string]

/** Scientific formats that references could express: valid, not ours yet. */
const FORMATS: readonly Signature[] = [
  [0, '\x0e\x03\x13\x01', 'HDF4'],
  [0, 'GRIB', 'GRIB'],
  [0, 'BUFR', 'BUFR'],
  [0, 'II*\0', 'TIFF'],
  [0, 'MM\0*', 'TIFF'],
  [0, 'II+\0', 'BigTIFF'],
  [0, 'MM\0+', 'BigTIFF'],
  [0, 'SIMPLE  =', 'FITS'],
  [0, '\x93NUMPY', 'NumPy .npy'],
]

/** Containers around what may well be right inside, and parts of what is. */
const CONTAINERS: readonly Signature[] = [
  [
    0,
    '\x1f\x8b',
    'gzip, and no reference set in it (decompress data first: references need their bytes as they are)',
  ],
  [0, 'PAR1', 'a Parquet file (of a Parquet reference set name the folder that has .zmetadata)'],
  [0, 'PK\x03\x04', 'a zip archive (unpack it first)'],
  [0, 'BZh', 'bzip2 (decompress it first)'],
  [0, '\xfd7zXZ\0', 'xz (decompress it first)'],
  [0, '\x28\xb5\x2f\xfd', 'zstd, and no reference set in it (decompress data first)'],
  [0, '7z\xbc\xaf\x27\x1c', 'a 7z archive (unpack it first)'],
  [257, 'ustar', 'a tar archive (unpack it first)'],
  [0, 'version https://git-lfs', 'a Git LFS pointer, not the file itself (run `git lfs pull`)'],
  [0, 'SQLite format 3', 'a SQLite database'],
  [0, '%PDF', 'a PDF document'],
  [0, '\x89PNG', 'a PNG image'],
]

/** Bytes that messages quote. */
const QUOTED_BYTES = 16
const QUOTED_CHARACTERS = 80

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function find(table: readonly Signature[], head: string): string | undefined {
  return table.find(([offset, signature]) => head.startsWith(signature, offset))?.[2]
}

/** The head as text where it is text: UTF-8, without control characters. */
function asText(head: Uint8Array): string | undefined {
  // A character cut by the end of the head is left out by `stream`.
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
  } catch {
    return undefined
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells bytes from text
  return /[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text) ? undefined : text
}

function describeText(text: string): string {
  const start = text.trimStart().toLowerCase()
  if (start === '') return 'blank text'
  if (/^(<!doctype html|<html|<head|<body)/.test(start)) {
    const title = /<title[^>]*>\s*([^<]{1,80}?)\s*</i.exec(text)?.[1]
    return `an HTML page${title ? `, ${JSON.stringify(title)}` : ''} (an error page saved under this name?)`
  }
  if (start.startsWith('<?xml') || /^<[a-z]/.test(start)) return "XML (a server's error message?)"
  if (/^(\{|\[)/.test(start)) return 'JSON'
  return 'a text file'
}

/** The beginning of the file as messages show it: text in quotes, anything else in hexadecimal. */
function quote(head: Uint8Array, text: string | undefined): string {
  if (text !== undefined) {
    const start = text.trim().slice(0, QUOTED_CHARACTERS)
    return `begins ${JSON.stringify(start)}`
  }
  return `first bytes ${Buffer.from(head.subarray(0, QUOTED_BYTES)).toString('hex').replace(/..\B/g, '$& ')}`
}

/**
 * The error for a file that no format claims, from its first bytes.
 * An UnsupportedError where it is a scientific format that has no reader yet, else a FormatError.
 */
export function unknownFormat(url: string, head: Uint8Array): KStreamError {
  const start = latin1(head.subarray(0, 512))
  const text = asText(head)
  const format = find(FORMATS, start)
  if (format) {
    return new UnsupportedError(format, { url }, `${url}: ${format} cannot be read yet; ${quote(head, text)}`)
  }
  const meaning =
    find(CONTAINERS, start) ??
    (text !== undefined ? describeText(text) : undefined) ??
    (head.every((byte) => byte === 0)
      ? 'nothing but zeros (a download that never finished?)'
      : 'unknown binary data')
  return new FormatError(
    { url, offset: 0, structure: 'file' },
    `neither a netCDF or HDF5 file nor a reference set, it looks like ${meaning}; ${quote(head, text)}`,
  )
}
