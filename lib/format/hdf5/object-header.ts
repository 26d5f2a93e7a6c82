/** Object headers, versions 1 and 2, with their continuations (HDF5 File Format 3.0, IV.A.1). */
import { UnsupportedError } from '../../errors.ts'
import { checkChecksum } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import { type Hdf5File, LIMITS } from './file.ts'
import {
  type HeaderMessage,
  isKnownType,
  MESSAGE,
  type MessageLayout,
  parseContinuation,
  parseMessages,
} from './header-message.ts'
import { parseSharedMessage } from './message/shared.ts'
import { readSharedHeapMessage } from './shared-message-table.ts'
import { cut, readGuess, readNear, readWhole } from './speculative-read.ts'

export { type HeaderMessage, MESSAGE } from './header-message.ts'

export interface ObjectHeader {
  /** Relative to the file's base address. */
  readonly address: number
  readonly version: number
  /** In the order of the file, without NIL and continuation messages. */
  readonly messages: readonly HeaderMessage[]
}

const STRUCTURE = 'object header'
/** Most headers with few attributes fit. */
const GUESS = 512
const LEAST = 16

interface FirstChunk {
  readonly version: number
  readonly layout: MessageLayout
  /** The messages alone. */
  readonly body: Cursor
}

/**
 * Reads the header at `address` and all its continuations.
 * @throws FormatError where it is damaged; UnsupportedError where it holds a message that a reader must know.
 */
export async function readObjectHeader(
  file: Hdf5File,
  address: number,
  signal?: AbortSignal,
): Promise<ObjectHeader> {
  const guess = await readGuess(file, STRUCTURE, address, { least: LEAST, guess: GUESS }, signal)
  const first =
    guess.bytes[0] === 1 ? await readVersion1(file, guess, signal) : await readVersion2(file, guess, signal)
  let messages: readonly HeaderMessage[] = []
  const seen = new Set<number>()
  let total = 0
  let chunks = [first.body]
  while (chunks.length > 0) {
    const found = chunks.flatMap((chunk) => parseMessages(chunk, first.layout))
    const next = found
      .filter(({ type }) => type === MESSAGE.continuation)
      .map((m) => parseContinuation(file, m))
    messages = messages.concat(found.filter(({ type }) => type !== MESSAGE.continuation))
    for (const { address: at, length, message } of next) {
      total += length
      if (seen.has(at) || total > file.source.size)
        throw message.body.error('continuations run in a circle', 0)
      seen.add(at)
    }
    chunks = await Promise.all(next.map((range) => readContinuation(file, first, range, guess, signal)))
  }
  return { address, version: first.version, messages: messages.filter((message) => isWanted(file, message)) }
}

async function readVersion1(file: Hdf5File, guess: Cursor, signal?: AbortSignal): Promise<FirstChunk> {
  guess.version(1)
  guess.skip(7)
  const size = guess.u32()
  guess.align(8)
  const from = guess.position
  const whole = await readWhole(file, guess, from + size, signal)
  return { version: 1, layout: { version: 1, creationOrder: false }, body: cut(whole, from, size) }
}

async function readVersion2(file: Hdf5File, guess: Cursor, signal?: AbortSignal): Promise<FirstChunk> {
  guess.signature('OHDR')
  guess.version(2)
  const flags = guess.u8()
  if (flags & 0x20) guess.skip(16)
  if (flags & 0x10) guess.skip(4)
  const size = guess.uint(1 << (flags & 3))
  const from = guess.position
  if (size > LIMITS.blockBytes) throw guess.error(`${size} bytes of messages`, from)
  const whole = await readWhole(file, guess, from + size + 4, signal)
  whole.skip(from + size)
  checkChecksum(whole)
  const layout = { version: 2, creationOrder: (flags & 4) !== 0 } as const
  return { version: 2, layout, body: cut(whole, from, size) }
}

async function readContinuation(
  file: Hdf5File,
  { version }: FirstChunk,
  { address, length }: { address: number; length: number },
  guess: Cursor,
  signal?: AbortSignal,
): Promise<Cursor> {
  const chunk = await readNear(file, guess, 'object header continuation', address, length, signal)
  if (version === 1) return chunk
  chunk.signature('OCHK')
  chunk.skip(length - 8)
  checkChecksum(chunk)
  return cut(chunk, 4, length - 8)
}

/** Whether a reader has a use for the message; an unknown one whose flags say that it matters is an error. */
function isWanted(file: Hdf5File, { type, flags }: HeaderMessage): boolean {
  if (type === MESSAGE.nil) return false
  if (flags & 0x80 && !isKnownType(type)) {
    throw new UnsupportedError(`header message of type ${type}`, { url: file.source.url })
  }
  return true
}

/** The first message of that type, if there is one. */
export function findMessage(header: ObjectHeader, type: number): HeaderMessage | undefined {
  return header.messages.find((message) => message.type === type)
}

/** A cursor of its own over the body of a message: the message's, or of the one that it shares with other objects. */
export function resolveMessage(
  file: Hdf5File,
  message: HeaderMessage,
  signal?: AbortSignal,
): Promise<Cursor> {
  const body = cut(message.body, 0, message.body.bytes.length)
  return message.flags & 2 ? readSharedMessage(file, message.type, body, signal) : Promise.resolve(body)
}

/**
 * Follows the shared message record at the cursor (as attribute messages hold it for their datatype or dataspace)
 * to the body of the message, which has that `type`.
 * @throws FormatError where it leads nowhere, or to another shared message.
 */
export async function readSharedMessage(
  file: Hdf5File,
  type: number,
  cursor: Cursor,
  signal?: AbortSignal,
): Promise<Cursor> {
  const shared = parseSharedMessage(file, cursor)
  if (shared.kind === 'heap') return readSharedHeapMessage(file, type, shared.id, signal)
  const header = await readObjectHeader(file, shared.address, signal)
  const target = findMessage(header, type)
  if (target === undefined)
    throw cursor.error(`the object at ${shared.address} has no message of type ${type}`, 0)
  if (target.flags & 2) throw target.body.error('a shared message shares another', 0)
  return cut(target.body, 0, target.body.bytes.length)
}
