/** Chunks whose bytes a reference document holds: plain text and base64. */

/** What bytes begin with that are not there as text. */
export const BASE64 = 'base64:'
const LONE_SURROGATE = /\p{Surrogate}/u

/** What is wrong with a chunk; told with its key by who knows it. */
type RefuseChunk = (problem: string) => never

/** The bytes of an inlined chunk. */
export function parseInline(text: string, refuse: RefuseChunk): Uint8Array {
  if (!text.startsWith(BASE64))
    return LONE_SURROGATE.test(text) ? refuse('is no Unicode text') : Buffer.from(text)
  const digits = text.slice(BASE64.length)
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) refuse('is no base64')
  return Buffer.from(digits, 'base64')
}
