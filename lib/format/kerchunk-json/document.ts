/** A kerchunk reference document on its way from its file: pieces, JSON tokens, entries; never held as a whole. */
import type { ByteSource } from '../../source/byte-source.ts'
import { documentError } from './document-error.ts'
import { type Entry, EntryReader } from './entry-reader.ts'
import { jsonTokens } from './json-tokens.ts'

/** Bytes read at a time. */
const PIECE = 1 << 18

/** Characters of a key that messages quote. */
const QUOTED = 80

const WHITE_SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** Whether a file that begins so is a JSON object, as reference documents are. */
export function detectJson(head: Uint8Array): boolean {
  const start = BYTE_ORDER_MARK.every((byte, at) => head[at] === byte) ? BYTE_ORDER_MARK.length : 0
  return head.subarray(start).find((byte) => !WHITE_SPACE.has(byte)) === 0x7b
}

/** What is known about a document when it has been read: it comes last, once. */
export interface DocumentEnd {
  readonly kind: 'end'
  readonly version: 0 | 1
  /** Members of `gen`, whose references are not among the entries. */
  readonly generators: number
}

/** Text to entries. */
class Reading {
  readonly #parse = jsonTokens()
  readonly entries: EntryReader
  /** Why what was fed last is refused, though it may be JSON. */
  problem: string | undefined

  constructor(url: string, inline: boolean) {
    const refuse = (problem: string): never => {
      this.problem = problem
      throw documentError(url, problem)
    }
    this.entries = new EntryReader(refuse, inline)
  }

  feed(text: string): void {
    for (const token of this.#parse(text)) this.entries.read(token)
  }
}

/** The text of the source in pieces; `offset` is of the first byte that the piece's text depends on. */
async function* scanText(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly text: string; readonly offset: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let offset = 0; offset < source.size; offset += PIECE) {
    const length = Math.min(PIECE, source.size - offset)
    const bytes = await source.read(offset, length, { signal })
    yield { text: decodeText(decoder, bytes, source, offset), offset }
  }
}

function decodeText(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Uint8Array,
  source: ByteSource,
  offset: number,
): string {
  try {
    return decoder.decode(bytes, { stream: offset + bytes.length < source.size })
  } catch (cause) {
    throw documentError(source.url, 'is not UTF-8', { offset, cause })
  }
}

function after(key: string): string {
  return key === '' ? '' : `, after the key ${JSON.stringify(key.slice(0, QUOTED))}`
}

/**
 * The error with its place. The parser counts no characters, so the document is read again, the piece that failed
 * character by character.
 */
async function refusal(
  source: ByteSource,
  failed: number,
  cause: unknown,
  { signal, inline = false }: EntryOptions,
): Promise<unknown> {
  const reading = new Reading(source.url, inline)
  for await (const { text, offset } of scanText(source, signal)) {
    if (offset < failed) {
      reading.feed(text)
      reading.entries.take()
      continue
    }
    let at = offset
    for (const character of text) {
      try {
        reading.feed(character)
      } catch (error) {
        const problem = `${reading.problem ?? 'no JSON here'}${after(reading.entries.lastKey)}`
        return documentError(source.url, problem, { offset: at, cause: error })
      }
      at += Buffer.byteLength(character)
    }
  }
  return cause
}

interface EntryOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether inlined chunks come with their text; not by default. */
  readonly inline?: boolean
}

/**
 * The entries of the document in their order, in batches. Memory is bounded, whatever the document holds.
 * @throws FormatError with the byte where it stops being JSON or a reference set, and the last key before that.
 */
export async function* scanEntries(
  source: ByteSource,
  options: EntryOptions = {},
): AsyncGenerator<readonly (Entry | DocumentEnd)[]> {
  const reading = new Reading(source.url, options.inline ?? false)
  for await (const { text, offset } of scanText(source, options.signal)) {
    try {
      reading.feed(text)
    } catch (error) {
      throw await refusal(source, offset, error, options)
    }
    yield reading.entries.take()
  }
  const { complete, version, generators, lastKey } = reading.entries
  if (!complete) {
    throw documentError(source.url, `it ends too early${after(lastKey)}`, { offset: source.size })
  }
  yield [{ kind: 'end', version, generators }]
}
