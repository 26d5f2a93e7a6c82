/** A kerchunk reference document on its way from its file: pieces, then members; never held as a whole. */
import type { ByteSource } from '../../source/byte-source.ts'
import { type PieceOptions, scanPieces } from '../../source/pieces.ts'
import {
  type DocumentEnd,
  MembersReader,
  type MemberVisitor,
  type ReaderOptions,
} from './members/members-reader.ts'

const WHITE_SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** Whether a file that begins so is a JSON object, as reference documents are. */
export function detectJson(head: Uint8Array): boolean {
  const start = BYTE_ORDER_MARK.every((byte, at) => head[at] === byte) ? BYTE_ORDER_MARK.length : 0
  return head.subarray(start).find((byte) => !WHITE_SPACE.has(byte)) === 0x7b
}

/** How a document is read. */
export interface DocumentOptions extends PieceOptions, Pick<ReaderOptions, 'inline' | 'plain'> {
  /** Where the pieces come from; `scanPieces` by default. */
  readonly pieces?: (source: ByteSource, options: PieceOptions) => AsyncIterable<Uint8Array>
}

const IGNORING: MemberVisitor = { plain: () => {}, entry: () => {} }

/**
 * Throws the error with its place. The parser counts no characters, so the document is read again, byte by byte from
 * where what failed began.
 */
async function locate(
  source: ByteSource,
  careful: number,
  { signal, pieces = scanPieces, ...options }: DocumentOptions,
): Promise<void> {
  const reader = new MembersReader(source.url, IGNORING, { ...options, careful })
  for await (const piece of pieces(source, { signal })) reader.read(piece)
  reader.finish()
}

/**
 * Reads the document from front to back and shows the visitor its members in their order; it stops after each piece,
 * so that what came of these can be handed on. Memory is bounded, whatever the document holds.
 * @throws FormatError with the byte where it stops being JSON or a reference set, and the last key before that.
 */
export async function* scanMembers(
  source: ByteSource,
  visitor: MemberVisitor,
  { signal, pieces = scanPieces, ...options }: DocumentOptions = {},
): AsyncGenerator<undefined, DocumentEnd> {
  const reader = new MembersReader(source.url, visitor, options)
  try {
    for await (const piece of pieces(source, { signal })) {
      reader.read(piece)
      yield
    }
    return reader.finish()
  } catch (error) {
    if (reader.failedAt !== undefined) await locate(source, reader.failedAt, { signal, pieces, ...options })
    throw error
  }
}

/** Reads the document as `scanMembers` does, where nothing is handed on while it is read. */
export async function readMembers(
  source: ByteSource,
  visitor: MemberVisitor,
  options: DocumentOptions = {},
): Promise<DocumentEnd> {
  const members = scanMembers(source, visitor, options)
  for (;;) {
    const step = await members.next()
    if (step.done) return step.value
  }
}
