/** LibLZF's compressed format, as h5py's filter (id 32000) writes it: literal runs and references to earlier output. */
import { DecodeProblem, type Decoder } from './decoder.ts'

/** Control bytes below this begin a run of literals. */
const LITERALS = 32
/** The length in the control byte that says that another byte goes on with it. */
const LONG = 7
const SHORTEST = 2

/**
 * Undoes LZF. A control byte below 32 is followed by one more than that many literal bytes; in any other the upper
 * three bits are the length of a reference, less 2 (7: and another byte), and the lower five with the byte behind them
 * its distance, less 1.
 */
export const decodeLzf: Decoder = (bytes, limit) => {
  const out = new Output(limit)
  let at = 0
  const next = (): number => {
    if (at >= bytes.length) throw new DecodeProblem('the data end within a reference')
    return bytes[at++]
  }
  while (at < bytes.length) {
    const control = bytes[at++]
    if (control < LITERALS) {
      const end = at + control + 1
      if (end > bytes.length) throw new DecodeProblem('the data end within literal bytes')
      out.append(bytes.subarray(at, end))
      at = end
    } else {
      const length = control >> 5
      const whole = length === LONG ? length + next() : length
      out.repeat((((control & (LITERALS - 1)) << 8) | next()) + 1, whole + SHORTEST)
    }
  }
  return out.bytes()
}

/** Bytes that grow up to a limit. */
class Output {
  readonly #limit: number
  #bytes: Uint8Array
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
    this.#bytes = new Uint8Array(Math.min(limit, 1 << 16))
  }

  append(literals: Uint8Array): void {
    this.#reserve(literals.length)
    this.#bytes.set(literals, this.#size)
    this.#size += literals.length
  }

  /** Bytes from `distance` back; these may reach into themselves. */
  repeat(distance: number, length: number): void {
    if (distance > this.#size)
      throw new DecodeProblem(`a reference to ${distance} bytes back of ${this.#size}`)
    this.#reserve(length)
    const bytes = this.#bytes
    for (let end = this.#size + length; this.#size < end; this.#size++) {
      bytes[this.#size] = bytes[this.#size - distance]
    }
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size)
  }

  #reserve(more: number): void {
    const needed = this.#size + more
    if (needed > this.#limit) throw new DecodeProblem(`more than ${this.#limit} bytes`)
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.min(this.#limit, Math.max(needed, this.#bytes.length * 2)))
    grown.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = grown
  }
}
