/** Names and lists of the netCDF classic header (specification: name, dim_list, att_list, var_list). */
import type { HeaderCursor } from './header-cursor.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const latin1 = new TextDecoder('latin1')

/** UTF-8, or Latin-1 where it is not UTF-8: the specification of today, and files from before it. */
export function decodeText(bytes: Uint8Array): { text: string; isUtf8: boolean } {
  try {
    return { text: utf8.decode(bytes), isUtf8: true }
  } catch {
    return { text: latin1.decode(bytes), isUtf8: false }
  }
}

/** The name at the cursor, up to a NUL, where C ends it. */
export function parseName(cursor: HeaderCursor): string {
  const bytes = cursor.padded(cursor.count(1))
  const end = bytes.indexOf(0)
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end)).text
}

/**
 * Calls `parse` for each element of the list at the cursor.
 * @param tag what a list that is not empty begins with.
 * @param least bytes of the smallest element.
 */
export function parseList(cursor: HeaderCursor, tag: number, least: number, parse: () => void): void {
  const from = cursor.position
  const found = cursor.u32()
  const count = cursor.count(least)
  // An empty list should be ABSENT, but libnetcdf takes any tag for it.
  if (count > 0 && found !== tag) throw cursor.error(`list tag ${tag} expected, ${found} found`, from)
  for (let i = 0; i < count; i++) parse()
}
