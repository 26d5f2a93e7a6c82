/** Ids of Icechunk's objects: 12 bytes (8 for nodes), in file names as Crockford's base 32. */
import { createHash } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const NODE_BYTES = 8
const OBJECT_BYTES = 12

/** The snapshot that every repository begins with (`1CECHNKREP0F1RSTCMT0`). */
export const INITIAL_SNAPSHOT = Uint8Array.from(Buffer.from('0b1cc8d6787580f0e33a6534', 'hex'))

/**
 * The id of an object by its content. Icechunk draws ids at random; these are the same for the same set, so that the
 * same inputs give the same bytes, and differ wherever the content does, so that nothing cached is taken for it.
 */
export function objectId(kind: string, ...content: readonly (string | Uint8Array)[]): Uint8Array {
  return digest(kind, content).subarray(0, OBJECT_BYTES)
}

/** The id of a node, which it keeps for its lifetime. */
export function nodeId(path: string): Uint8Array {
  return digest('node', [path]).subarray(0, NODE_BYTES)
}

/** The name of an object's file: 20 characters for 12 bytes. */
export function idText(id: Uint8Array): string {
  let bits = 0n
  for (const byte of id) bits = (bits << 8n) | BigInt(byte)
  const characters = Math.ceil((id.length * 8) / 5)
  bits <<= BigInt(characters * 5 - id.length * 8)
  let text = ''
  for (let at = characters - 1; at >= 0; at--) text += ALPHABET[Number((bits >> BigInt(at * 5)) & 31n)]
  return text
}

/** Each part with its length before it, so that no two lists of parts are one. */
function digest(kind: string, parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256').update(`kstream ${kind}\0`)
  for (const part of parts) hash.update(`${part.length}\0`).update(part)
  return hash.digest()
}
