/** Ids of Icechunk's objects: 12 bytes (8 for nodes). lib/format/icechunk/object-id.ts names their files. */
import { createHash } from 'node:crypto'

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

/** Each part with its length before it, so that no two lists of parts are one. */
function digest(kind: string, parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256').update(`kstream ${kind}\0`)
  for (const part of parts) hash.update(`${part.length}\0`).update(part)
  return hash.digest()
}
