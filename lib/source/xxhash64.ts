/** XXH64 with seed 0 (the xxHash specification), as a running sum: zstd frames end in its lower half. */

/** The primes, in halves: low, high. */
const P1 = [0x85ebca87, 0x9e3779b1] as const
const P2 = [0x27d4eb4f, 0xc2b2ae3d] as const
const P3 = [0x9e3779f9, 0x165667b1] as const
const P4 = [0xc2b2ae63, 0x85ebca77] as const
const P5 = [0x165667c5, 0x27d4eb2f] as const

/** A stripe: eight bytes for each of four lanes. */
const STRIPE = 32

type Half = readonly [low: number, high: number]

/** The low half of the last operation's result is what it returns; this is the high half. */
let high = 0

/** The upper 32 bits of a 32 x 32 bit product. */
function upperProduct(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const middle = a1 * b0 + ((a0 * b0) >>> 16)
  const other = a0 * b1 + (middle & 0xffff)
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(other / 65536)) | 0
}

function multiply(lowA: number, highA: number, [lowB, highB]: Half): number {
  high = (upperProduct(lowA, lowB) + Math.imul(lowA, highB) + Math.imul(highA, lowB)) | 0
  return Math.imul(lowA, lowB)
}

function add(lowA: number, highA: number, lowB: number, highB: number): number {
  const low = (lowA + lowB) | 0
  high = (highA + highB + (low >>> 0 < lowA >>> 0 ? 1 : 0)) | 0
  return low
}

/** By 1 to 31 bits. */
function rotate(low: number, from: number, bits: number): number {
  high = (from << bits) | (low >>> (32 - bits))
  return (low << bits) | (from >>> (32 - bits))
}

function round(low: number, from: number, inputLow: number, inputHigh: number): number {
  const product = multiply(inputLow, inputHigh, P2)
  const sum = add(low, from, product, high)
  const turned = rotate(sum, high, 31)
  return multiply(turned, high, P1)
}

function xorShift(low: number, from: number, bits: number): number {
  const [shiftedLow, shiftedHigh] =
    bits < 32 ? [(low >>> bits) | (from << (32 - bits)), from >>> bits] : [from >>> (bits - 32), 0]
  high = from ^ shiftedHigh
  return low ^ shiftedLow
}

/** The sum of bytes that come in pieces. */
export class XxHash64 {
  /** Four lanes, low and high half each. */
  readonly #lanes = new Int32Array(8)
  readonly #rest = new Uint8Array(STRIPE)
  readonly #restView = new DataView(this.#rest.buffer)
  #restLength = 0
  #length = 0

  constructor() {
    const lanes = this.#lanes
    lanes[0] = add(P1[0], P1[1], P2[0], P2[1])
    lanes[1] = high
    lanes.set(P2, 2)
    lanes[6] = add(0, 0, ~P1[0] + 1, ~P1[1])
    lanes[7] = high
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length
    let at = 0
    if (this.#restLength > 0) {
      const taken = bytes.subarray(0, STRIPE - this.#restLength)
      this.#rest.set(taken, this.#restLength)
      this.#restLength += taken.length
      at = taken.length
      if (this.#restLength < STRIPE) return
      this.#stripes(this.#restView, 0, STRIPE)
    }
    const end = bytes.length - ((bytes.length - at) % STRIPE)
    this.#stripes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at, end)
    this.#rest.set(bytes.subarray(end))
    this.#restLength = bytes.length - end
  }

  #stripes(view: DataView, from: number, to: number): void {
    const lanes = this.#lanes
    for (let at = from; at < to; at += 8) {
      const lane = ((at - from) >> 2) & 6
      const low = view.getInt32(at, true)
      lanes[lane] = round(lanes[lane], lanes[lane + 1], low, view.getInt32(at + 4, true))
      lanes[lane + 1] = high
    }
  }

  /** The lower 32 bits of the sum so far. */
  lowHalf(): number {
    let low = this.#length < STRIPE ? P5[0] : this.#merged()
    if (this.#length < STRIPE) high = P5[1]
    low = add(low, high, this.#length | 0, Math.floor(this.#length / 2 ** 32))
    low = this.#tail(low, high)
    low = xorShift(low, high, 33)
    low = multiply(low, high, P2)
    low = xorShift(low, high, 29)
    low = multiply(low, high, P3)
    return xorShift(low, high, 32) >>> 0
  }

  #merged(): number {
    const lanes = this.#lanes
    let [low, top] = [0, 0]
    for (const [index, bits] of [1, 7, 12, 18].entries()) {
      const turned = rotate(lanes[2 * index], lanes[2 * index + 1], bits)
      low = add(low, top, turned, high)
      top = high
    }
    for (let lane = 0; lane < 8; lane += 2) {
      const rounded = round(0, 0, lanes[lane], lanes[lane + 1])
      const mixed = multiply(low ^ rounded, top ^ high, P1)
      low = add(mixed, high, P4[0], P4[1])
      top = high
    }
    return low
  }

  /** What is left of less than a stripe. */
  #tail(low: number, top: number): number {
    const view = this.#restView
    const length = this.#restLength
    high = top
    let at = 0
    for (; at + 8 <= length; at += 8) {
      const [before, beforeHigh] = [low, high]
      const rounded = round(0, 0, view.getInt32(at, true), view.getInt32(at + 4, true))
      const turned = rotate(before ^ rounded, beforeHigh ^ high, 27)
      low = multiply(turned, high, P1)
      low = add(low, high, P4[0], P4[1])
    }
    if (at + 4 <= length) {
      const [before, beforeHigh] = [low, high]
      const product = multiply(view.getInt32(at, true), 0, P1)
      const turned = rotate(before ^ product, beforeHigh ^ high, 23)
      low = multiply(turned, high, P2)
      low = add(low, high, P3[0], P3[1])
      at += 4
    }
    for (; at < length; at++) {
      const [before, beforeHigh] = [low, high]
      const product = multiply(view.getUint8(at), 0, P5)
      const turned = rotate(before ^ product, beforeHigh ^ high, 11)
      low = multiply(turned, high, P1)
    }
    return low
  }
}
