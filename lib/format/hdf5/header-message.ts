/** The messages in a chunk of an object header (HDF5 File Format 3.0, IV.A.1 and IV.A.2). */
import type { Cursor } from './cursor.ts'
import type { Hdf5File } from './file.ts'
import { cut } from './speculative-read.ts'

/** Message types. */
export const MESSAGE = {
  nil: 0x00,
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fillValueOld: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  dataLayout: 0x08,
  groupInfo: 0x0a,
  filterPipeline: 0x0b,
  attribute: 0x0c,
  comment: 0x0d,
  sharedMessageTable: 0x0f,
  continuation: 0x10,
  symbolTable: 0x11,
  btreeK: 0x13,
  driverInfo: 0x14,
  attributeInfo: 0x15,
  metadataCacheImage: 0x18,
} as const

/** Whether the specification names a message of that type. */
export function isKnownType(type: number): boolean {
  return type <= MESSAGE.metadataCacheImage && type !== 0x09
}

export interface HeaderMessage {
  /** One of `MESSAGE`, or a type that is not known here. */
  readonly type: number
  /** Bit 1: the body is a record of a shared message; `resolveMessage` follows it. */
  readonly flags: number
  /** Of attributes, where the object tracks it. */
  readonly creationOrder?: number
  /** At its start and for everyone: read from what `resolveMessage` returns, or from a cursor of your own. */
  readonly body: Cursor
}

/** How the messages of a header are laid out. */
export interface MessageLayout {
  readonly version: 1 | 2
  /** Version 2: every message has a creation order field. */
  readonly creationOrder: boolean
}

/** Attributes and links go to a heap long before they are so many (their counts in a header have 16 bits). */
const MOST_MESSAGES = 2 ** 17

/** All messages of one chunk, in its order. What is left at its end and too short for a message is a gap. */
export function parseMessages(chunk: Cursor, layout: MessageLayout): HeaderMessage[] {
  const prefix = layout.version === 1 ? 8 : layout.creationOrder ? 6 : 4
  const messages: HeaderMessage[] = []
  while (chunk.remaining >= prefix) {
    if (messages.length === MOST_MESSAGES) throw chunk.error(`more than ${MOST_MESSAGES} messages`)
    const type = layout.version === 1 ? chunk.u16() : chunk.u8()
    const length = chunk.u16()
    const flags = chunk.u8()
    if (layout.version === 1) chunk.skip(3)
    const order = layout.creationOrder ? { creationOrder: chunk.u16() } : {}
    const from = chunk.position
    chunk.skip(length)
    messages.push({ type, flags, ...order, body: cut(chunk, from, length, structureOf(type)) })
  }
  return messages
}

const STRUCTURES = new Map(
  Object.entries(MESSAGE).map(([name, type]): [number, string] => {
    return [type, `${name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)} message`]
  }),
)

function structureOf(type: number): string {
  return STRUCTURES.get(type) ?? `header message ${type}`
}

/** Where a continuation message says that the header goes on. */
export function parseContinuation(
  file: Hdf5File,
  message: HeaderMessage,
): { address: number; length: number; message: HeaderMessage } {
  const { body } = message
  const address = body.address(file.offsetSize)
  const length = body.uint(file.lengthSize)
  if (address === undefined || length < 8) throw body.error('no place to continue', 0)
  return { address, length, message }
}
