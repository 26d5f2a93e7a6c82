/**
 * Zstd files (RFC 8878), of one frame or several, as the bytes within. The decoder is our own: numcodecs decodes whole
 * frames, where files of references are longer than memory, and Node's zlib knows zstd from version 22.15 on only.
 * It also decodes with the dictionaries of Icechunk, which numcodecs does not.
 */
import { FormatError } from '../../errors.ts'
import { ByteQueue } from '../byte-queue.ts'
import type { ByteSource } from '../byte-source.ts'
import { BlockDecoder } from './block.ts'
import { padded } from './entropy.ts'
import {
  BLOCK_HEAD,
  type BlockHead,
  FRAME_MAGIC,
  frameFields,
  MOST_BLOCK,
  parseBlockHead,
  SKIPPABLE_MAGIC,
} from './frame-head.ts'
import { XxHash64 } from './xxhash64.ts'

/** What `zstd --long` asks for by itself, and the most that its command takes without being told. */
const MOST_WINDOW = 1 << 27

const CUT = 'it ends too early'

/** Raises what is wrong at the place that has been read. */
type Refuse = (problem: string, cause?: unknown) => never

interface FrameHead {
  readonly windowBytes: number
  /** undefined where it is not told. */
  readonly contentBytes: number | undefined
  readonly checksum: boolean
}

interface Block extends BlockHead {
  /** PADDING zeros behind. */
  readonly body: Uint8Array
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}

/** 3.1.1.1: the bytes after the magic number, of which the first says how many there are. */
async function readFrameHead(queue: ByteQueue, refuse: Refuse): Promise<FrameHead> {
  const [descriptor = refuse(CUT)] = await queue.take(1)
  if (descriptor & 8) refuse('damaged (a reserved bit is set)')
  const fields = frameFields(descriptor)
  const rest = Uint8Array.from(await queue.take(fields.length))
  if (rest.length < fields.length) refuse(CUT)
  const sizeAt = fields.window + fields.dictionary
  if (rest.subarray(fields.window, sizeAt).some((byte) => byte !== 0))
    refuse('made with a dictionary, which it lacks')
  const size = littleEndian(rest.subarray(sizeAt)) + (fields.contentSize === 2 ? 256 : 0)
  const base = 2 ** (10 + (rest[0] >> 3))
  const windowBytes = fields.window === 0 ? size : base + (base / 8) * (rest[0] & 7)
  if (windowBytes > MOST_WINDOW) {
    refuse(
      `needs a window of ${windowBytes} bytes, more than ${MOST_WINDOW}; compress it without --ultra and --long`,
    )
  }
  const contentBytes = fields.contentSize > 0 ? size : undefined
  return { windowBytes, contentBytes, checksum: fields.hasChecksum }
}

async function readBlock(queue: ByteQueue, most: number, refuse: Refuse): Promise<Block> {
  const bytes = await queue.take(BLOCK_HEAD)
  if (bytes.length < BLOCK_HEAD) refuse(CUT)
  const head = parseBlockHead(bytes)
  if (head.size > most) refuse('damaged (a block that is too large)')
  const stored = await queue.take(head.stored)
  if (stored.length < head.stored) refuse(CUT)
  return { ...head, body: padded(stored) }
}

/** The blocks of a frame, decompressed. */
async function* frameBlocks(
  queue: ByteQueue,
  { windowBytes }: FrameHead,
  refuse: Refuse,
): AsyncGenerator<Uint8Array> {
  const most = Math.min(MOST_BLOCK, windowBytes)
  const decoder = new BlockDecoder(windowBytes, most, (problem) => refuse(`damaged (${problem})`))
  for (let last = false; !last; ) {
    const block = await readBlock(queue, most, refuse)
    last = block.last
    yield decoder.decode(block.type, block.body, block.size)
  }
}

async function* scanFrame(queue: ByteQueue, refuse: Refuse): AsyncGenerator<Uint8Array> {
  const head = await readFrameHead(queue, refuse)
  const sum = head.checksum ? new XxHash64() : undefined
  let bytes = 0
  for await (const piece of frameBlocks(queue, head, refuse)) {
    bytes += piece.length
    sum?.update(piece)
    if (piece.length > 0) yield piece
  }
  if (head.contentBytes !== undefined && bytes !== head.contentBytes) {
    refuse(`damaged (${bytes} bytes where it says ${head.contentBytes})`)
  }
  if (!sum) return
  const told = await queue.take(4)
  if (told.length < 4) refuse(CUT)
  if (littleEndian(told) !== sum.lowHalf()) refuse('damaged (its checksum differs)')
}

/** 3.1.2 */
async function skipFrame(queue: ByteQueue, refuse: Refuse): Promise<void> {
  const size = await queue.take(4)
  if (size.length < 4) refuse(CUT)
  for (let left = littleEndian(size); left > 0; ) {
    const { length } = await queue.some(left)
    if (length === 0) refuse(CUT)
    left -= length
  }
}

/**
 * Decompresses `stored`, the pieces of the source at `url`, as it is asked for.
 * @throws FormatError where they are damaged, cut off, followed by something else, or need too much memory.
 */
export async function* unzstdPieces(
  { url }: ByteSource,
  stored: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(stored)
  const refuse: Refuse = (problem, cause) => {
    throw new FormatError({ url, offset: queue.offset, structure: 'zstd' }, problem, { cause })
  }
  try {
    for (;;) {
      const magic = await queue.take(4)
      if (magic.length === 0) return
      const value = littleEndian(magic)
      if (value === FRAME_MAGIC) yield* scanFrame(queue, refuse)
      else if (magic.length === 4 && (value & ~0xf) === SKIPPABLE_MAGIC) await skipFrame(queue, refuse)
      else refuse('what follows its end is no zstd')
    }
  } finally {
    await queue.close()
  }
}
