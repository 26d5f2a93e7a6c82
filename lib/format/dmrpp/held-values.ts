/** Values that a document holds itself, in base64 or as strings, as the bytes of an array's one chunk. */
import { decodeChunk } from '../../codec/decode-chunk.ts'
import { DecodeProblem } from '../../codec/decoder.ts'
import { decodeZlib } from '../../codec/deflate.ts'
import { encodeVlenUtf8 } from '../../codec/vlen-utf8.ts'
import type { PlannedArray } from './array-plan.ts'
import type { VlsaString } from './storage.ts'

/** Characters and bytes of one array's values, with what each string takes beside them. */
const MOST_BYTES = 1 << 26
const STRING = 16

/** Raises what is wrong with the values, in words. */
type Fail = (problem: string) => never

/** The values of one array while they are being read. */
export class HeldValues {
  readonly #planned: PlannedArray
  readonly #fail: Fail
  #text = ''
  readonly #strings: VlsaString[] = []
  #count = 0
  #bytes = 0

  constructor(planned: PlannedArray, fail: Fail) {
    this.#planned = planned
    this.#fail = fail
  }

  /** Fails beyond bounds. */
  addText(text: string): void {
    this.#weigh(text.length)
    this.#text += text
  }

  /** Fails beyond bounds. */
  addString(string: VlsaString): void {
    const { layout } = this.#planned
    const expected = layout.kind === 'strings' ? layout.count : 0
    // An array of no strings is written as one empty one.
    if (expected === 0 && string.text === '') return
    this.#count += string.count
    if (this.#count > expected) this.#fail(`more than ${expected} strings`)
    this.#weigh(string.text.length + string.count * (STRING + (string.size ?? string.text.length)))
    this.#strings.push(string)
  }

  #weigh(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > MOST_BYTES) this.#fail(`more than ${MOST_BYTES} bytes of values in the document`)
  }

  /** The chunk; undefined where the array has no elements. Fails where the values are not those of the array. */
  async chunk(url: string): Promise<Uint8Array | undefined> {
    const { layout, metadata } = this.#planned
    switch (layout.kind) {
      case 'text':
        return encodeVlenUtf8([utf8(this.#fail, decodeBase64(this.#fail, this.#text)).replace(/\0+$/, '')])
      case 'strings':
        return this.#stringChunk(layout.count)
      case 'deflated':
        await decodeChunk(decodeBase64(this.#fail, this.#text), metadata.codecs, {
          size: layout.length,
          url,
          offset: 0,
          array: metadata.path,
        })
        return decodeBase64(this.#fail, this.#text)
      default:
        return exact(
          this.#fail,
          decodeBase64(this.#fail, this.#text),
          layout.kind === 'bytes' ? layout.length : 0,
        )
    }
  }

  async #stringChunk(count: number): Promise<Uint8Array | undefined> {
    if (this.#count !== count) this.#fail(`${this.#count} strings, ${count} wanted`)
    if (count === 0) return undefined
    const strings: string[] = []
    for (const { text, size, count: times } of this.#strings) {
      const value =
        size === undefined
          ? text
          : utf8(this.#fail, await inflated(this.#fail, decodeBase64(this.#fail, text), size))
      for (let i = 0; i < times; i++) strings.push(value)
    }
    return encodeVlenUtf8(strings)
  }
}

function exact(fail: Fail, bytes: Uint8Array, length: number): Uint8Array | undefined {
  if (bytes.length !== length) fail(`${bytes.length} bytes of values, ${length} wanted`)
  return length === 0 ? undefined : bytes
}

async function inflated(fail: Fail, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  try {
    const result = await decodeZlib(bytes, size)
    return result.length === size ? result : fail(`a string of ${result.length} bytes, ${size} wanted`)
  } catch (cause) {
    if (cause instanceof DecodeProblem) return fail(`a string does not inflate: ${cause.message}`)
    throw cause
  }
}

function decodeBase64(fail: Fail, text: string): Uint8Array {
  const plain = text.replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) fail('values that are no base64')
  return new Uint8Array(Buffer.from(plain, 'base64'))
}

function utf8(fail: Fail, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return fail('text that is no UTF-8')
  }
}
