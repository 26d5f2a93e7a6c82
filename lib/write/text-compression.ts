/** Compression of text by the end of its file's name: gzip (RFC 1952) and Zstandard (RFC 8878), block by block. */
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { numcodecsEncoder } from '../codec/numcodecs.ts'

/** A stage between blocks of bytes. */
export type BlockStage = (blocks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/** References repeat themselves: level 6 saves 9 % more than 1 (tried) and takes three times as long. */
const GZIP_LEVEL = 1
const ZSTD_LEVEL = 1
const PIECE = 1 << 18
const FRAME = 1 << 20

/** What compresses a file of this name; undefined where it tells of no compression. */
export function compressionFor(name: string): BlockStage | undefined {
  if (/\.gz$/i.test(name)) return gzipped
  return /\.zst$/i.test(name) ? zstandard : undefined
}

async function* gzipped(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: GZIP_LEVEL, chunkSize: PIECE })
  const feeding = pipeline(blocks, gzip)
  try {
    // An error of the blocks destroys the stream, and comes out of it.
    for await (const piece of gzip) yield piece
  } finally {
    gzip.destroy()
    await feeding.catch(() => {})
  }
}

/**
 * A frame for each MiB: `node:zlib` has no Zstandard before Node 22.15, and the encoder that is there on every Node takes
 * one piece at a time. The specification lets frames follow one another; fsspec reads all of them, with zstandard 0.21 to
 * 0.25 and backports.zstd (tried).
 */
async function* zstandard(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const encode = await numcodecsEncoder('zstd', ZSTD_LEVEL)
  for await (const block of blocksOf(FRAME, blocks)) yield await encode(block)
}

/** The same bytes in blocks of `size`, of which the last may be shorter. */
async function* blocksOf(size: number, blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let open = new Uint8Array(size)
  let length = 0
  for await (const block of blocks) {
    for (let from = 0; from < block.length; ) {
      const part = block.subarray(from, from + size - length)
      open.set(part, length)
      from += part.length
      length += part.length
      if (length < size) continue
      yield open
      open = new Uint8Array(size)
      length = 0
    }
  }
  if (length > 0) yield open.subarray(0, length)
}
