/** The link message, 0x0006 (HDF5 File Format 3.0, IV.A.2.g). */
import type { Cursor } from '../cursor.ts'
import type { Hdf5File } from '../file.ts'

/** What a name in a group leads to. */
type LinkTarget =
  | { readonly kind: 'hard'; readonly address: number }
  | { readonly kind: 'soft'; readonly target: string }
  /** An object in another file, both as the link spells them. */
  | { readonly kind: 'external'; readonly file: string; readonly target: string }
  /** A link class that an application has registered, 65 to 255. */
  | { readonly kind: 'user'; readonly type: number }

export type Link = { readonly name: string } & LinkTarget

export interface LinkMessage {
  readonly link: Link
  /** The name's own bytes: what groups are sorted by. */
  readonly nameBytes: Uint8Array
  /** Where the group tracks it. */
  readonly creationOrder: number | undefined
}

const HARD = 0
const SOFT = 1
const EXTERNAL = 64

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text of a name. Bytes that are not UTF-8, whatever the file says of its charset, become U+FFFD. */
export function decodeName(bytes: Uint8Array): string {
  return UTF8.decode(bytes)
}

/** Parses a link message. */
export function parseLink(file: Hdf5File, cursor: Cursor): LinkMessage {
  cursor.version(1)
  const flags = cursor.u8()
  const type = flags & 8 ? cursor.u8() : HARD
  // Signed, and never more than the links that the group ever had.
  const creationOrder = flags & 4 ? cursor.u64() : undefined
  if (flags & 16) cursor.skip(1)
  const nameBytes = cursor.take(cursor.uint(1 << (flags & 3)))
  const link = { name: decodeName(nameBytes), ...parseTarget(file, cursor, type) }
  return { link, nameBytes, creationOrder }
}

function parseTarget(file: Hdf5File, cursor: Cursor, type: number): LinkTarget {
  if (type === HARD) {
    const address = cursor.address(file.offsetSize)
    if (address === undefined) throw cursor.error('a hard link to no address')
    return { kind: 'hard', address }
  }
  if (type === SOFT) return { kind: 'soft', target: decodeName(cursor.take(cursor.u16())) }
  if (type < EXTERNAL) throw cursor.error(`link type ${type}`)
  if (type > EXTERNAL) return { kind: 'user', type }
  // Two strings, each with its NUL, after a byte of version and flags.
  cursor.skip(3)
  const [name, target] = [cursor.takeToNul(), cursor.takeToNul()]
  return { kind: 'external', file: decodeName(name), target: decodeName(target) }
}
