/** XXH64 with seed 0 (the xxHash specification), as a running sum: zstd frames end in its lower half. */

const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P3 = 0x165667b19e3779f9n
const P4 = 0x85ebca77c2b2ae63n
const P5 = 0x27d4eb2f165667c5n

/** Low and high halves, for the sums of all bytes but the last: BigInt would be 20 times slower there. */
const P1_LOW = Number(BigInt.asIntN(32, P1))
const P1_HIGH = Number(BigInt.asIntN(32, P1 >> 32n))
const P2_LOW = Number(BigInt.asIntN(32, P2))
const P2_HIGH = Number(BigInt.asIntN(32, P2 >> 32n))

/** A stripe: eight bytes for each of four lanes. */
const STRIPE = 32

/** The upper 32 bits of a 32 x 32 bit product, by 16 bits: no sum here exceeds 32. */
function upperProduct(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0
  const other = (Math.imul(a0, b1) + (middle & 0xffff)) | 0
  return (Math.imul(a1, b1) + (middle >>> 16) + (other >>> 16)) | 0
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

function rotate(value: bigint, bits: bigint): bigint {
  return u64(value << bits) | (value >> (64n - bits))
}

function round(lane: bigint, input: bigint): bigint {
  return u64(rotate(u64(lane + input * P2), 31n) * P1)
}

/** The sum of bytes that come in pieces. */
export class XxHash64 {
  readonly #lanes = new DataView(new ArrayBuffer(STRIPE))
  readonly #rest = new DataView(new ArrayBuffer(STRIPE))
  #restLength = 0
  #length = 0

  constructor() {
    for (const [lane, start] of [P1 + P2, P2, 0n, -P1].entries())
      this.#lanes.setBigUint64(8 * lane, u64(start), true)
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length
    const rest = new Uint8Array(this.#rest.buffer)
    let at = 0
    if (this.#restLength > 0) {
      const taken = bytes.subarray(0, STRIPE - this.#restLength)
      rest.set(taken, this.#restLength)
      this.#restLength += taken.length
      at = taken.length
      if (this.#restLength < STRIPE) return
      this.#stripes(this.#rest, 0, STRIPE)
    }
    const end = bytes.length - ((bytes.length - at) % STRIPE)
    this.#stripes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at, end)
    rest.set(bytes.subarray(end))
    this.#restLength = bytes.length - end
  }

  #stripes(view: DataView, from: number, to: number): void {
    for (let lane = 0; lane < STRIPE; lane += 8) this.#advance(lane, view, from + lane, to)
  }

  /** `round` in halves, for the lane's eight bytes of each stripe. */
  #advance(lane: number, view: DataView, from: number, to: number): void {
    let low = this.#lanes.getInt32(lane, true)
    let high = this.#lanes.getInt32(lane + 4, true)
    for (let at = from; at < to; at += STRIPE) {
      const input = view.getInt32(at, true)
      const product = Math.imul(input, P2_LOW)
      const inputHigh = Math.imul(view.getInt32(at + 4, true), P2_LOW)
      const productHigh = (upperProduct(input, P2_LOW) + Math.imul(input, P2_HIGH) + inputHigh) | 0
      const sum = (low + product) | 0
      const sumHigh = (high + productHigh + (sum >>> 0 < product >>> 0 ? 1 : 0)) | 0
      const turned = (sum << 31) | (sumHigh >>> 1)
      const turnedHigh = (sumHigh << 31) | (sum >>> 1)
      low = Math.imul(turned, P1_LOW)
      high = (upperProduct(turned, P1_LOW) + Math.imul(turned, P1_HIGH) + Math.imul(turnedHigh, P1_LOW)) | 0
    }
    this.#lanes.setInt32(lane, low, true)
    this.#lanes.setInt32(lane + 4, high, true)
  }

  /** The lower 32 bits of the sum so far. */
  lowHalf(): number {
    let sum = u64((this.#length < STRIPE ? P5 : this.#merged()) + BigInt(this.#length))
    sum = this.#withRest(sum)
    sum = u64((sum ^ (sum >> 33n)) * P2)
    sum = u64((sum ^ (sum >> 29n)) * P3)
    return Number(BigInt.asUintN(32, sum ^ (sum >> 32n)))
  }

  #merged(): bigint {
    const lanes = [0, 8, 16, 24].map((at) => this.#lanes.getBigUint64(at, true))
    const [a, b, c, d] = lanes
    const sum = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n))
    return lanes.reduce((merged, lane) => u64((merged ^ round(0n, lane)) * P1 + P4), sum)
  }

  /** What is left of less than a stripe. */
  #withRest(sum: bigint): bigint {
    const rest = this.#rest
    let at = 0
    for (; at + 8 <= this.#restLength; at += 8)
      sum = u64(rotate(sum ^ round(0n, rest.getBigUint64(at, true)), 27n) * P1 + P4)
    if (at + 4 <= this.#restLength) {
      sum = u64(rotate(sum ^ u64(BigInt(rest.getUint32(at, true)) * P1), 23n) * P2 + P3)
      at += 4
    }
    for (; at < this.#restLength; at++) sum = u64(rotate(sum ^ u64(BigInt(rest.getUint8(at)) * P5), 11n) * P1)
    return sum
  }
}
