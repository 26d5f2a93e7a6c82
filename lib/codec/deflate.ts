/** HDF5's deflate filter (id 1), numcodecs `zlib` and `gzip`, through Node's own zlib. */
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { messageOf } from '../errors.ts'
import { DecodeProblem, type Decoder } from './decoder.ts'

/** Bytes after the end of the stream are ignored, as libhdf5 does: some writers pad their chunks. */
export const decodeZlib: Decoder = bounded(promisify(inflate))

/** One or more gzip members. */
export const decodeGzip: Decoder = bounded(promisify(gunzip))

function bounded(
  decode: (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>,
): Decoder {
  return async (bytes, limit) => {
    try {
      const decoded = await decode(bytes, { maxOutputLength: Math.max(1, limit) })
      return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.length)
    } catch (cause) {
      throw new DecodeProblem(messageOf(cause), { cause })
    }
  }
}
