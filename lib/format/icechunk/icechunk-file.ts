/** The files of a repository: a header, then a flatbuffer that may be compressed ("Binary File Format" of the specification). */

import { loadDecoder } from '../../codec/registry.ts'
import { FormatError, messageOf, UnsupportedError } from '../../errors.ts'
import { openFile } from '../../source/file.ts'
import { FlatBuffer } from './flatbuffer.ts'
import { zstdBound } from './zstd-bound.ts'

/** "ICE🧊CHUNK" in UTF-8. */
const MAGIC = [0x49, 0x43, 0x45, 0xf0, 0x9f, 0xa7, 0x8a, 0x43, 0x48, 0x55, 0x4e, 0x4b]
const VERSION_AT = 36
const HEADER_BYTES = 39
/** Bytes of a file, as it lies there and decompressed. */
const MOST_BYTES = 1 << 30

/** File types by their numbers. */
const TYPES = { snapshot: 1, manifest: 2, repository: 6 } as const

/** One file, decompressed. */
export interface IcechunkFile {
  readonly url: string
  /** 'manifest': for messages. */
  readonly type: keyof typeof TYPES
  /** Of the specification: 1 or 2. */
  readonly version: number
  readonly payload: Uint8Array
}

/** Whether a file that begins so is one of a repository's. */
export function hasMagic(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, i) => head[i] === byte)
}

function checkHeader(bytes: Uint8Array, url: string, type: keyof typeof TYPES): void {
  const at = { url, structure: `Icechunk ${type} header` }
  if (!hasMagic(bytes))
    throw new FormatError({ ...at, offset: 0 }, 'does not begin as a file of Icechunk does')
  if (bytes.length < HEADER_BYTES) throw new FormatError({ ...at, offset: bytes.length }, 'is cut short')
  const [version, fileType, compression] = bytes.subarray(VERSION_AT, HEADER_BYTES)
  if (version === 0) throw new FormatError({ ...at, offset: VERSION_AT }, 'tells version 0')
  if (version > 2)
    throw new UnsupportedError(`version ${version} of Icechunk's format (1 and 2 so far)`, { url })
  if (fileType !== TYPES[type])
    throw new FormatError(
      { ...at, offset: VERSION_AT + 1 },
      `is that of file type ${fileType}, not ${TYPES[type]}`,
    )
  if (compression > 1) throw new UnsupportedError(`compression ${compression} of Icechunk's files`, { url })
}

async function decompress(bytes: Uint8Array, url: string, type: string): Promise<Uint8Array> {
  const at = { url, offset: HEADER_BYTES, structure: `Icechunk ${type}` }
  const bound = zstdBound(bytes)
  if (bound === undefined) throw new FormatError(at, 'is cut short, or no Zstandard frame')
  if (bound > MOST_BYTES) throw tooLarge(url, bound)
  const decode = await loadDecoder({ id: 'zstd' }, { url })
  try {
    return await decode(bytes, MOST_BYTES)
  } catch (cause) {
    throw new FormatError(at, `cannot be decompressed: ${messageOf(cause)}`, { cause })
  }
}

function tooLarge(url: string, bytes: number): UnsupportedError {
  return new UnsupportedError(`a file of Icechunk of ${bytes} bytes (at most ${MOST_BYTES})`, { url })
}

/**
 * Reads a file of a repository whole.
 * @throws SourceError where it cannot be read, FormatError where it is damaged or of another type, UnsupportedError where
 *   it is of a later version, or larger than 1 GiB.
 */
export async function readIcechunkFile(
  path: string,
  type: keyof typeof TYPES,
  signal?: AbortSignal,
): Promise<IcechunkFile> {
  const source = await openFile(path, { signal })
  try {
    if (source.size > MOST_BYTES) throw tooLarge(source.url, source.size)
    const bytes = await source.read(0, source.size, { signal })
    checkHeader(bytes, source.url, type)
    const body = bytes.subarray(HEADER_BYTES)
    const isCompressed = bytes[VERSION_AT + 2] === 1
    const payload = isCompressed ? await decompress(body, source.url, type) : body
    return { url: source.url, type, version: bytes[VERSION_AT], payload }
  } finally {
    await source.close()
  }
}

/** The file's flatbuffer, what it refuses said of the file. */
export function flatBufferOf({ url, type, payload }: IcechunkFile): FlatBuffer {
  return new FlatBuffer(payload, (offset, structure, problem) => {
    throw new FormatError({ url, offset, structure: `Icechunk ${type}, ${structure}, decompressed` }, problem)
  })
}

/** @throws FormatError: the file is not the one that was asked for. */
export function checkName(file: IcechunkFile, expected: string, found: string): void {
  if (found === expected) return
  const at = { url: file.url, offset: 0, structure: `Icechunk ${file.type}` }
  throw new FormatError(at, `has the id ${found}, not that of its name`)
}
