/** Parquet's RLE / bit-packed hybrid (parquet-format, Encodings: "Run Length Encoding / Bit-Packing Hybrid"). */

const GROUP = 8

/** Bits that hold every number below `count`; at least 1, as some readers refuse a width of 0. */
export function bitWidth(count: number): number {
  return Math.max(1, 32 - Math.clz32(Math.max(0, count - 1)))
}

/**
 * Encodes the first `count` values, each of at most `width` bits (1 to 24): repeats of 8 and more become runs,
 * the rest is bit-packed in groups of 8.
 */
export function encodeHybrid(values: Uint32Array, count: number, width: number): Uint8Array {
  const out = new HybridWriter(count, width)
  let packed = 0
  let at = 0
  while (at < count) {
    const end = runEnd(values, at, count)
    const groupEnd = at + ((GROUP - ((at - packed) % GROUP)) % GROUP)
    if (end - groupEnd >= GROUP) {
      out.pack(values, packed, groupEnd)
      out.repeat(values[at], end - groupEnd)
      packed = end
    }
    at = end
  }
  out.pack(values, packed, count)
  return out.bytes()
}

function runEnd(values: Uint32Array, start: number, count: number): number {
  const value = values[start]
  let end = start + 1
  while (end < count && values[end] === value) end++
  return end
}

class HybridWriter {
  readonly #out: Uint8Array
  readonly #width: number
  #length = 0

  constructor(count: number, width: number) {
    // A run takes at most 8 bytes and stands for at least 8 values; a packed section adds a header and a last group.
    this.#out = new Uint8Array(16 + Math.ceil((count * width) / 8) + 3 * width + Math.ceil(count / GROUP) * 8)
    this.#width = width
  }

  repeat(value: number, count: number): void {
    this.#varint(count * 2)
    for (let bits = 0; bits < this.#width; bits += 8) this.#out[this.#length++] = value >>> bits
  }

  /** Values from `start` to `end`, padded with zeros to whole groups. */
  pack(values: Uint32Array, start: number, end: number): void {
    if (start === end) return
    const groups = Math.ceil((end - start) / GROUP)
    this.#varint(groups * 2 + 1)
    const out = this.#out
    const width = this.#width
    let length = this.#length
    let pending = 0
    let bits = 0
    for (let i = start; i < end; i++) {
      pending |= values[i] << bits
      for (bits += width; bits >= 8; bits -= 8) {
        out[length++] = pending
        pending >>>= 8
      }
    }
    if (bits > 0) out[length] = pending
    this.#length += groups * width
  }

  bytes(): Uint8Array {
    return this.#out.subarray(0, this.#length)
  }

  #varint(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.#out[this.#length++] = (rest & 0x7f) | 0x80
    this.#out[this.#length++] = rest
  }
}
