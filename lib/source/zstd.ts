/** Zstd files (RFC 8878), of one frame or several, as the bytes within: frames and blocks are taken apart here, one at a time. */
import { FormatError } from '../errors.ts'
import { ByteQueue } from './byte-queue.ts'
import type { ByteSource } from './byte-source.ts'
import { XxHash64 } from './xxhash64.ts'
import { BlockDecoder, PADDING } from './zstd-block.ts'

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50
/** What `zstd --long` asks for by itself, and the most that its command takes without being told. */
const MOST_WINDOW = 1 << 27
/** 3.1.1.2.3: of a block, and of what comes of it. */
const MOST_BLOCK = 1 << 17
const BLOCK_HEAD = 3
const CHECKSUM_FLAG = 4
/** Types of blocks. */
const REPEATED = 1
const RESERVED = 3

const CUT = 'it ends too early'

/** Raises what is wrong at the place that has been read. */
type Refuse = (problem: string, cause?: unknown) => never

interface FrameHead {
  readonly windowBytes: number
  /** undefined where it is not told. */
  readonly contentBytes: number | undefined
  readonly checksum: boolean
}

/** One block. */
interface Block {
  readonly type: number
  /** Bytes, or how often the one byte is repeated. */
  readonly size: number
  /** PADDING zeros behind. */
  readonly body: Uint8Array
  readonly last: boolean
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}

/** 3.1.1.1: the bytes after the magic number, of which the first says how many there are. */
async function readFrameHead(queue: ByteQueue, refuse: Refuse): Promise<FrameHead> {
  const [descriptor = refuse(CUT)] = await queue.take(1)
  if (descriptor & 8) refuse('damaged (a reserved bit is set)')
  const single = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]
  const start = single ? 0 : 1
  const length = start + dictionaryBytes + sizeBytes
  const rest = Uint8Array.from(await queue.take(length))
  if (rest.length < length) refuse(CUT)
  const sizeAt = start + dictionaryBytes
  if (rest.subarray(start, sizeAt).some((byte) => byte !== 0))
    refuse('made with a dictionary, which it lacks')
  const size = littleEndian(rest.subarray(sizeAt)) + (sizeBytes === 2 ? 256 : 0)
  const base = 2 ** (10 + (rest[0] >> 3))
  const windowBytes = single ? size : base + (base / 8) * (rest[0] & 7)
  if (windowBytes > MOST_WINDOW) {
    refuse(
      `needs a window of ${windowBytes} bytes, more than ${MOST_WINDOW}; compress it without --ultra and --long`,
    )
  }
  const contentBytes = sizeBytes > 0 ? size : undefined
  return { windowBytes, contentBytes, checksum: (descriptor & CHECKSUM_FLAG) !== 0 }
}

/** 3.1.1.2 */
async function readBlock(queue: ByteQueue, most: number, refuse: Refuse): Promise<Block> {
  const head = Uint8Array.from(await queue.take(BLOCK_HEAD))
  if (head.length < BLOCK_HEAD) refuse(CUT)
  const value = littleEndian(head)
  const type = (value >> 1) & 3
  const size = value >> 3
  if (type === RESERVED || size > most) refuse('damaged (no such block)')
  const length = type === REPEATED ? 1 : size
  const stored = await queue.take(length)
  if (stored.length < length) refuse(CUT)
  const body = new Uint8Array(length + PADDING)
  body.set(stored)
  return { type, size, body, last: (value & 1) === 1 }
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
      if (value === MAGIC) yield* scanFrame(queue, refuse)
      else if (magic.length === 4 && (value & ~0xf) === SKIPPABLE) await skipFrame(queue, refuse)
      else refuse('what follows its end is no zstd')
    }
  } finally {
    await queue.close()
  }
}
