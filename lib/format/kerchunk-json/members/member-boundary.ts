/** Where the members of a reference document end, from its bytes alone: commas and braces outside of strings. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Between two members. */
export const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d

/** Levels whose members may be entries: the document, and `refs` in it. */
const MOST_DEPTH = 2

/** Follows strings and brackets. Right for JSON only: whoever parses the same bytes finds out what is none. */
export class MemberBoundary {
  #depth = 0
  #inString = false
  #escaped = false
  #found = 0

  /** What was found last: COMMA, the code of an opening brace, or 0 for neither. */
  get found(): number {
    return this.#found
  }

  /** The place after the next comma or opening brace of the outer levels, `end` where there is none before it. */
  find(bytes: Uint8Array, from: number, end: number): number {
    this.#found = 0
    let at = from
    while (at < end && this.#found === 0) {
      if (this.#inString) at = this.#leaveString(bytes, at, end)
      else at = this.#readStructure(bytes, at, end)
    }
    return at
  }

  /** To after the quote that ends the string. */
  #leaveString(bytes: Uint8Array, from: number, end: number): number {
    let escaped = this.#escaped
    for (let at = from; at < end; at++) {
      const byte = bytes[at]
      if (escaped) escaped = false
      else if (byte === BACKSLASH) escaped = true
      else if (byte === QUOTE) {
        this.#inString = false
        this.#escaped = false
        return at + 1
      }
    }
    this.#escaped = escaped
    return end
  }

  /** To after a quote, or what is looked for. */
  #readStructure(bytes: Uint8Array, from: number, end: number): number {
    for (let at = from; at < end; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) this.#inString = true
      else if (byte === COMMA && this.#depth <= MOST_DEPTH) this.#found = COMMA
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (++this.#depth <= MOST_DEPTH && byte === OPEN_BRACE) this.#found = OPEN_BRACE
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--
      if (this.#inString || this.#found !== 0) return at + 1
    }
    return end
  }
}
