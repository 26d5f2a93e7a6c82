/** numcodecs' `vlen-utf8`: a count, then each string's UTF-8 bytes behind their length, all 32 bits, little-endian. */

/** The chunk that holds these strings. */
export function encodeVlenUtf8(strings: readonly string[]): Uint8Array {
  const encoded = strings.map((text) => new TextEncoder().encode(text))
  const bytes = new Uint8Array(encoded.reduce((size, text) => size + 4 + text.length, 4))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, strings.length, true)
  let at = 4
  for (const text of encoded) {
    view.setUint32(at, text.length, true)
    bytes.set(text, at + 4)
    at += 4 + text.length
  }
  return bytes
}
