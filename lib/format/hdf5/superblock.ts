/** The superblock, versions 0 to 3, and its extension (HDF5 File Format 3.0, II.A). */
import { FormatError, UnsupportedError } from '../../errors.ts'
import type { ByteSource, ReadOptions } from '../../source/byte-source.ts'
import { checkChecksum } from './checksum.ts'
import { Cursor } from './cursor.ts'
import type { Hdf5File } from './file.ts'
import { findMessage, MESSAGE, readObjectHeader, resolveMessage } from './object-header.ts'

const SIGNATURE = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)
/** More than the longest superblock has. */
const GUESS = 512

/** What libhdf5 takes where the file does not say. */
const DEFAULT_K = { groupLeaf: 4, groupInternal: 16, chunk: 32 }

function isSignature(bytes: Uint8Array, at = 0): boolean {
  return SIGNATURE.every((byte, i) => bytes[at + i] === byte)
}

/** Whether the signature is in `head`, the first bytes of a file: at 0, 512, 1024 and so on, doubling. */
export function hasHdf5Signature(head: Uint8Array): boolean {
  for (let at = 0; at + 8 <= head.length; at = at === 0 ? 512 : at * 2) if (isSignature(head, at)) return true
  return false
}

/**
 * Opens an HDF5 file: reads its superblock and, where there is one, the superblock's extension.
 * @throws FormatError where it is no HDF5 file, damaged or truncated; UnsupportedError where it is one member of
 * several files (multi, split and family drivers).
 */
export async function openHdf5(source: ByteSource, options: ReadOptions = {}): Promise<Hdf5File> {
  const cursor = await findSuperblock(source, options)
  const { eof, extension, driverInfo, ...file } = parseSuperblock(source, cursor)
  // A member of several files is told as that, before its size is found to be too small.
  if (driverInfo !== undefined) await refuseDriver(file, driverInfo, options)
  const opened = extension === undefined ? file : await readExtension(file, extension, options.signal)
  if (eof > source.size) {
    throw cursor.error(
      `the file had ${eof} bytes when it was written and has ${source.size} now (truncated?)`,
    )
  }
  return opened
}

async function findSuperblock(source: ByteSource, options: ReadOptions): Promise<Cursor> {
  for (let base = 0; base + 8 <= source.size; base = base === 0 ? 512 : base * 2) {
    const bytes = await source.read(base, Math.min(GUESS, source.size - base), options)
    if (isSignature(bytes))
      return new Cursor(bytes, { url: source.url, structure: 'superblock', offset: base })
  }
  throw new FormatError(
    { url: source.url, structure: 'superblock', offset: 0 },
    'no HDF5 signature: not an HDF5 file',
  )
}

type Superblock = Hdf5File & {
  /** Bytes from the start of the source. */
  readonly eof: number
  readonly extension?: number | undefined
  readonly driverInfo?: number | undefined
}

function parseSuperblock(source: ByteSource, cursor: Cursor): Superblock {
  cursor.skip(8)
  return cursor.version(0, 1, 2, 3) < 2 ? parseVersion0(source, cursor) : parseVersion2(source, cursor)
}

function sizeField(cursor: Cursor, what: string): number {
  const size = cursor.u8()
  if (size === 16 || size === 32) throw new UnsupportedError(`${what} of ${size} bytes`, { url: cursor.url })
  if (size !== 2 && size !== 4 && size !== 8)
    throw cursor.error(`${what} of ${size} bytes`, cursor.position - 1)
  return size
}

/** An unsigned integer, rounded above 2^53: the multi driver's addresses are as large, and refused by its name. */
function rounded(cursor: Cursor, size: number): number {
  return cursor.take(size).reduceRight((value, byte) => value * 256 + byte, 0)
}

/**
 * The last byte that the superblock promises. Its own base address is not to be trusted: it goes stale when a user
 * block is put before the file or taken away, as libhdf5 knows too; the end of the file then moves along.
 */
function endOfFile(cursor: Cursor, storedBase: number, storedEnd: number): number {
  return storedEnd - storedBase + cursor.start
}

function parseVersion0(source: ByteSource, cursor: Cursor): Superblock {
  const version = cursor.bytes[8]
  cursor.skip(4)
  const offsetSize = sizeField(cursor, 'addresses')
  const lengthSize = sizeField(cursor, 'lengths')
  cursor.skip(1)
  const groupLeaf = cursor.u16()
  const groupInternal = cursor.u16()
  cursor.skip(4)
  const chunk = version === 1 ? cursor.u16() : DEFAULT_K.chunk
  if (version === 1) cursor.skip(2)
  if (groupLeaf === 0 || groupInternal === 0 || chunk === 0) throw cursor.error('a B-tree K of 0')
  const storedBase = cursor.address(offsetSize) ?? 0
  cursor.skip(offsetSize)
  const eof = endOfFile(cursor, storedBase, rounded(cursor, offsetSize))
  const driverInfo = cursor.address(offsetSize)
  // The link name offset of the root entry: libhdf5 writes it as wide as a length, whatever the specification says.
  cursor.skip(lengthSize)
  const rootAddress = rounded(cursor, offsetSize)
  const btreeK = { groupLeaf, groupInternal, chunk }
  return { source, base: cursor.start, offsetSize, lengthSize, rootAddress, btreeK, eof, driverInfo }
}

function parseVersion2(source: ByteSource, cursor: Cursor): Superblock {
  const offsetSize = sizeField(cursor, 'addresses')
  const lengthSize = sizeField(cursor, 'lengths')
  cursor.skip(1)
  const storedBase = cursor.address(offsetSize) ?? 0
  const extension = cursor.address(offsetSize)
  const eof = endOfFile(cursor, storedBase, cursor.uint(offsetSize))
  const rootAddress = cursor.address(offsetSize)
  checkChecksum(cursor)
  if (rootAddress === undefined) throw cursor.error('no root group')
  return {
    source,
    base: cursor.start,
    offsetSize,
    lengthSize,
    rootAddress,
    btreeK: DEFAULT_K,
    eof,
    extension,
  }
}

/** Drivers that spread a file over several, by the first letters of their identification. */
const SPREAD = new Map([
  ['NCSAmult', 'a multi or split file'],
  ['NCSAfami', 'a family file'],
])

function refuseDriverName(cursor: Cursor): void {
  const name = String.fromCharCode(...cursor.take(8))
  const kind = SPREAD.get(name)
  if (kind !== undefined)
    throw new UnsupportedError(`${kind} (its data lie in other files)`, { url: cursor.url })
}

async function refuseDriver(file: Hdf5File, address: number, options: ReadOptions): Promise<void> {
  const offset = file.base + address
  if (offset + 16 > file.source.size) return
  const bytes = await file.source.read(offset, 16, options)
  const cursor = new Cursor(bytes, { url: file.source.url, structure: 'driver information block', offset })
  cursor.version(0)
  cursor.skip(7)
  refuseDriverName(cursor)
}

async function readExtension(file: Hdf5File, address: number, signal?: AbortSignal): Promise<Hdf5File> {
  const header = await readObjectHeader(file, address, signal)
  const bodyOf = async (type: number): Promise<Cursor | undefined> => {
    const message = findMessage(header, type)
    return message && resolveMessage(file, message, signal)
  }
  const driver = await bodyOf(MESSAGE.driverInfo)
  if (driver !== undefined) {
    driver.version(0)
    refuseDriverName(driver)
  }
  const image = await bodyOf(MESSAGE.metadataCacheImage)
  if (image !== undefined) refuseCacheImage(file, image)
  const k = await bodyOf(MESSAGE.btreeK)
  const table = await bodyOf(MESSAGE.sharedMessageTable)
  return {
    ...file,
    ...(k && { btreeK: parseBtreeK(k) }),
    ...(table && { sharedMessageTable: parseSharedMessageTable(file, table) }),
  }
}

/** Metadata that libhdf5 kept together at closing is not where its addresses say, until it opens the file to write. */
function refuseCacheImage(file: Hdf5File, cursor: Cursor): void {
  cursor.version(0)
  if (cursor.address(file.offsetSize) === undefined || cursor.uint(file.lengthSize) === 0) return
  throw new UnsupportedError('a metadata cache image', { url: cursor.url })
}

function parseBtreeK(cursor: Cursor): Hdf5File['btreeK'] {
  cursor.version(0)
  const chunk = cursor.u16()
  const groupInternal = cursor.u16()
  const groupLeaf = cursor.u16()
  if (groupLeaf === 0 || groupInternal === 0 || chunk === 0) throw cursor.error('a B-tree K of 0')
  return { groupLeaf, groupInternal, chunk }
}

function parseSharedMessageTable(file: Hdf5File, cursor: Cursor): { address: number; indexes: number } {
  cursor.version(0)
  const address = cursor.address(file.offsetSize)
  const indexes = cursor.u8()
  if (address === undefined) throw cursor.error('no address')
  return { address, indexes }
}
