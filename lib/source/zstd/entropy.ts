/** The entropy coding of zstd (RFC 8878, 4): tables of FSE and Huffman codes, and bits that are read from their end. */

/** What is wrong with a block; told with its place by who reads the file. */
export type Damaged = (problem: string) => never

/** A decoding table of FSE: by state, from the lowest bits, the symbol (8), how many bits to read (8), and what to add to them for the next state (16). */
export interface FseTable {
  readonly accuracy: number
  readonly states: Uint32Array
}

/** A decoding table of Huffman codes: by the next `maxBits` bits, the symbol (8) and above it its code's bits. */
export interface HuffmanTable {
  readonly maxBits: number
  readonly codes: Uint16Array
}

const MOST_HUFFMAN_BITS = 11
const MOST_WEIGHT_ACCURACY = 6
const MOST_SYMBOLS = 256

/** The number of the highest bit that is set, of a number that is not 0. */
function highestBit(value: number): number {
  return 31 - Math.clz32(value)
}

/** Zeros behind bytes that bits are read from: whole words are read. */
export const PADDING = 8

/** A view of bytes that are read by words. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** A copy of the bytes with PADDING behind. */
export function padded(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + PADDING)
  copy.set(bytes)
  return copy
}

/** The bit before which a stream of bits lies that is read backwards: the highest that is set in its last byte only marks it. */
export function lastBit(bytes: Uint8Array, start: number, end: number, damaged: Damaged): number {
  if (end <= start || bytes[end - 1] === 0) damaged('bits without an end')
  return (end - 1) * 8 + highestBit(bytes[end - 1])
}

/** The `count` bits, at most 24, from bit `at` on; 0 or others in place of those before the first byte. */
export function bitsAt(view: DataView, at: number, count: number): number {
  return (view.getInt32(at < 0 ? 0 : at >> 3, true) >>> (at & 7)) & ((1 << count) - 1)
}

/** 4.1.1: the table of a distribution, which fills it exactly; -1 stands for a probability of less than 1. */
export function fseTable(counts: readonly number[], accuracy: number): FseTable {
  const size = 1 << accuracy
  const symbols = new Uint8Array(size)
  const next = counts.map((count) => Math.abs(count))
  let high = size
  for (const [symbol, count] of counts.entries()) if (count < 0) symbols[--high] = symbol
  const step = (size >> 1) + (size >> 3) + 3
  let at = 0
  for (const [symbol, count] of counts.entries()) {
    for (let i = 0; i < count; i++) {
      symbols[at] = symbol
      do at = (at + step) & (size - 1)
      while (at >= high)
    }
  }
  const states = Uint32Array.from(symbols, (symbol) => {
    const value = next[symbol]++
    const bits = accuracy - highestBit(value)
    return symbol | (bits << 8) | (((value << bits) - size) << 16)
  })
  return { accuracy, states }
}

/** 4.1.1: a distribution as it is stored at `at`, and the byte where it ends. */
export function readFseTable(
  bytes: Uint8Array,
  at: number,
  {
    end,
    mostAccuracy,
    mostSymbols,
  }: { readonly end: number; readonly mostAccuracy: number; readonly mostSymbols: number },
  damaged: Damaged,
): { readonly table: FseTable; readonly end: number } {
  let bit = at * 8
  const read = (count: number): number => {
    const byte = bit >> 3
    const value =
      ((bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16)) >>> (bit & 7)) & ((1 << count) - 1)
    bit += count
    if (bit > end * 8) damaged('a distribution that is cut off')
    return value
  }
  const accuracy = read(4) + 5
  if (accuracy > mostAccuracy) damaged('a table that is too large')
  const counts: number[] = []
  for (let left = 1 << accuracy; left > 0; ) {
    const count = readCount(read, left, () => bit--)
    counts.push(count)
    left -= Math.abs(count)
    for (let more = count === 0 ? 3 : 0; more === 3; ) {
      more = read(2)
      for (let i = 0; i < more; i++) counts.push(0)
    }
    if (counts.length > mostSymbols || left < 0) damaged('a distribution of too many symbols')
  }
  return { table: fseTable(counts, accuracy), end: (bit + 7) >> 3 }
}

/** A probability when `left` is what all that follow have together; values that fit take a bit less. */
function readCount(read: (count: number) => number, left: number, back: () => void): number {
  const bits = highestBit(left + 1) + 1
  const value = read(bits)
  const lower = value & ((1 << (bits - 1)) - 1)
  const threshold = (1 << bits) - 1 - (left + 1)
  if (lower < threshold) {
    back()
    return lower - 1
  }
  return (value >= 1 << (bits - 1) ? value - threshold : value) - 1
}

/** 4.2.1: the table of Huffman codes that is stored at `at`, and the byte where it ends. */
export function readHuffmanTable(
  bytes: Uint8Array,
  at: number,
  end: number,
  damaged: Damaged,
): { readonly table: HuffmanTable; readonly end: number } {
  const head = bytes[at++]
  const stored = head < 128 ? head : (head - 126) >> 1
  if (at + stored > end) damaged('Huffman codes that are cut off')
  const weights: number[] = []
  if (head < 128) readWeights(weights, bytes, at, at + stored, damaged)
  else {
    for (let i = 0; i < head - 127; i++)
      weights.push(i % 2 === 0 ? bytes[at + (i >> 1)] >> 4 : bytes[at + (i >> 1)] & 15)
  }
  return { table: huffmanTable(weights, damaged), end: at + stored }
}

/** 4.2.1.2: two states that take turns until no bits are left. */
function readWeights(
  weights: number[],
  bytes: Uint8Array,
  from: number,
  end: number,
  damaged: Damaged,
): void {
  const limits = { end, mostAccuracy: MOST_WEIGHT_ACCURACY, mostSymbols: MOST_SYMBOLS }
  const { table, end: start } = readFseTable(bytes, from, limits, damaged)
  const view = viewOf(bytes)
  let at = lastBit(bytes, start, end, damaged) - table.accuracy
  let state = table.states[bitsAt(view, at, table.accuracy)]
  at -= table.accuracy
  let other = table.states[bitsAt(view, at, table.accuracy)]
  if (at < start * 8) damaged('Huffman codes without weights')
  for (;;) {
    weights.push(state & 0xff)
    const count = (state >> 8) & 0xff
    at -= count
    if (at < start * 8) {
      weights.push(other & 0xff)
      return
    }
    const next = table.states[(state >>> 16) + bitsAt(view, at, count)]
    state = other
    other = next
    if (weights.length > MOST_SYMBOLS) damaged('Huffman codes of too many symbols')
  }
}

/** 4.2.1.3: the last weight is what is left to a power of two. */
function huffmanTable(weights: readonly number[], damaged: Damaged): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 2 ** (weight - 1) : 0), 0)
  if (sum === 0 || sum >= 1 << MOST_HUFFMAN_BITS) damaged('Huffman codes that are too long')
  const maxBits = highestBit(sum) + 1
  const left = (1 << maxBits) - sum
  if ((left & (left - 1)) !== 0 || weights.length >= MOST_SYMBOLS) damaged('Huffman codes that do not fit')
  const all = [...weights, highestBit(left) + 1]
  const codes = new Uint16Array(1 << maxBits)
  let at = 0
  for (let weight = 1; weight <= maxBits; weight++) {
    for (const [symbol, own] of all.entries()) {
      if (own !== weight) continue
      const count = 1 << (weight - 1)
      codes.fill(symbol | ((maxBits + 1 - weight) << 8), at, at + count)
      at += count
    }
  }
  return { maxBits, codes }
}

/** 4.2.2: fills `out` from one stream of codes, which must end with it; PADDING follows on `end`. */
export function decodeHuffman(
  out: Uint8Array,
  { maxBits, codes }: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  damaged: Damaged,
): void {
  const view = viewOf(bytes)
  const first = start * 8
  const mask = (1 << maxBits) - 1
  let at = lastBit(bytes, start, end, damaged)
  let to = 0
  // Two codes by one word.
  for (; to + 1 < out.length && at - 2 * maxBits >= first; to += 2) {
    const bits = bitsAt(view, at - 2 * maxBits, 2 * maxBits)
    const code = codes[bits >> maxBits]
    const next = codes[(bits >> (maxBits - (code >> 8))) & mask]
    out[to] = code
    out[to + 1] = next
    at -= (code >> 8) + (next >> 8)
  }
  for (; to < out.length && at >= first; to++) {
    // Before the first bit there are zeros.
    const left = Math.min(maxBits, at - first)
    const code = codes[bitsAt(view, at - left, left) << (maxBits - left)]
    out[to] = code
    at -= code >> 8
  }
  if (at !== first || to !== out.length) damaged('literals of another length')
}
