/** Gzip files (RFC 1952), of one member or several, as the bytes within. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { FormatError, isKStreamError, systemCode } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'

/** Bytes that are decompressed at a time. */
const OUTPUT = 1 << 18

const CUT = 'it ends too early'
/** What zlib calls a file that is cut off. */
const UNEXPECTED_END = 'Z_BUF_ERROR'

/**
 * Decompresses `stored`, the pieces of `source`, as it is asked for.
 * @throws FormatError where they are damaged, cut off, or followed by something else.
 */
export async function* gunzipPieces(
  { url, size }: ByteSource,
  stored: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const refuse = (problem: string, cause?: unknown) =>
    new FormatError({ url, offset: gunzip.bytesWritten, structure: 'gzip' }, problem, { cause })
  const gunzip = createGunzip({ chunkSize: OUTPUT })
  // Its failures come out of the decompressor as well.
  const feeding = pipeline(Readable.from(stored, { objectMode: true, highWaterMark: 1 }), gunzip).catch(
    () => {},
  )
  try {
    for await (const piece of gunzip) yield piece
  } catch (error) {
    const code = systemCode(error)
    if (isKStreamError(error) || !code.startsWith('Z_')) throw error
    throw refuse(code === UNEXPECTED_END ? CUT : `damaged (${code})`, error)
  } finally {
    gunzip.destroy()
    await feeding
  }
  // zlib ends in silence at the first byte that begins no other member.
  if (gunzip.bytesWritten < size) throw refuse('what follows its end is no gzip')
}
