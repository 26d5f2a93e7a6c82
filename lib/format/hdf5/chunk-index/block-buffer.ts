/** Memory for the blocks of one level of an index, used again for the next level, and by the next walk. */

/** Buffers that no walk uses now. */
const spare: Uint8Array[] = []
const MOST_SPARE = 16
/** Longer buffers are left to the garbage collector. */
const LONGEST_SPARE = 1 << 21
const ALIGNMENT = 8

/** One walk's buffer: what was read into it counts until `parts` is called again. */
export class BlockBuffer {
  #bytes: Uint8Array | undefined

  /** `count` views of `length` bytes, each on an 8-byte boundary. */
  parts(count: number, length: number): Uint8Array[] {
    const step = Math.ceil(length / ALIGNMENT) * ALIGNMENT
    const bytes = this.#reserve(count * step)
    return Array.from({ length: count }, (_, i) => bytes.subarray(i * step, i * step + length))
  }

  /** Gives the buffer back: nothing that was read into it may be looked at any more, and no read be in flight. */
  release(): void {
    if (this.#bytes && this.#bytes.length <= LONGEST_SPARE && spare.length < MOST_SPARE)
      spare.push(this.#bytes)
    this.#bytes = undefined
  }

  #reserve(size: number): Uint8Array {
    this.#bytes ??= spare.pop()
    if (!this.#bytes || this.#bytes.length < size)
      this.#bytes = new Uint8Array(2 ** Math.ceil(Math.log2(size)))
    return this.#bytes
  }
}
