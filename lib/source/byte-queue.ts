/** Pieces of bytes taken in other portions than they come in. */

/** Of a flow of pieces, which it ends when it is closed. */
export class ByteQueue {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)
  /** Bytes taken so far. */
  offset = 0

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** Up to `most` bytes, as many as are there without copying; none at the end. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#piece.length === 0 && most > 0) {
      const next = await this.#pieces.next()
      if (next.done) return this.#piece
      this.#piece = next.value
    }
    const bytes = this.#piece.subarray(0, most)
    this.#piece = this.#piece.subarray(bytes.length)
    this.offset += bytes.length
    return bytes
  }

  /** Exactly `length` bytes, fewer at the end; `length` must be bounded. They are the caller's until the next call. */
  async take(length: number): Promise<Uint8Array> {
    const first = await this.some(length)
    if (first.length === length || first.length === 0) return first
    const bytes = new Uint8Array(length)
    bytes.set(first)
    let filled = first.length
    while (filled < length) {
      const more = await this.some(length - filled)
      if (more.length === 0) break
      bytes.set(more, filled)
      filled += more.length
    }
    return bytes.subarray(0, filled)
  }

  async close(): Promise<void> {
    await this.#pieces.return?.()
  }
}
