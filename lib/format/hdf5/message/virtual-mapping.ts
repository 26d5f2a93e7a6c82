/** The mappings of a virtual dataset, an object of the global heap (HDF5 File Format 3.0, VII.A, "Virtual Dataset global heap block"; version 1: HDF5 2.0). */
import { UnsupportedError } from '../../../errors.ts'
import { checkChecksum } from '../checksum.ts'
import type { Cursor } from '../cursor.ts'
import { decodeName } from './link.ts'
import { parseSelection, type Selection } from './selection.ts'

/** Elements of another dataset that a virtual dataset shows. */
export interface VirtualMapping {
  /** As stored: "." is the file itself, `%b` the number of a block. */
  readonly file: string
  readonly dataset: string
  readonly source: Selection
  readonly virtual: Selection
}

/** Mappings of one dataset. Detectors write one for each frame; more than this nobody does. */
const MOST_MAPPINGS = 1 << 18
const LONGEST_NAME = 1 << 12
/** What bytes decode to that are no UTF-8. */
const NO_CHARACTER = '\ufffd'
/** Bytes: two empty names, or flags and one, and two selections of all. */
const LEAST_MAPPING = 2 + 2 * 16
const SHARED_FILE = 1
const SHARED_DATASET = 2
const SAME_FILE = 4

/**
 * The mappings of a virtual dataset.
 * @param cursor the whole heap object.
 * @throws UnsupportedError for a selection that is none of blocks, a name that is not UTF-8, or too many; FormatError where the block is damaged.
 */
export function parseVirtualMappings(cursor: Cursor, lengthSize: number): VirtualMapping[] {
  const version = cursor.version(0, 1)
  const count = cursor.uint(lengthSize)
  if (count * LEAST_MAPPING > cursor.remaining) throw cursor.error(`${count} mappings`)
  if (count > MOST_MAPPINGS)
    throw new UnsupportedError(`a virtual dataset of ${count} mappings (at most ${MOST_MAPPINGS})`)
  const mappings: VirtualMapping[] = []
  const earlier = (): VirtualMapping => {
    const index = cursor.uint(lengthSize)
    if (index >= mappings.length) throw cursor.error(`a name shared with mapping ${index}`)
    return mappings[index]
  }
  const name = () => {
    const bytes = cursor.takeToNul()
    if (bytes.length > LONGEST_NAME) throw cursor.error(`a name of ${bytes.length} bytes`)
    const decoded = decodeName(bytes)
    // Another name than this could be there, and must not read as missing.
    if (decoded.includes(NO_CHARACTER))
      throw new UnsupportedError(`a virtual dataset whose source has a name that is not UTF-8: ${decoded}`)
    return decoded
  }
  while (mappings.length < count) {
    const flags = version === 0 ? 0 : cursor.u8()
    if (flags > 7) throw cursor.error(`reserved flags ${flags} of a mapping`)
    const file = flags & SAME_FILE ? '.' : flags & SHARED_FILE ? earlier().file : name()
    const dataset = flags & SHARED_DATASET ? earlier().dataset : name()
    mappings.push({ file, dataset, source: parseSelection(cursor), virtual: parseSelection(cursor) })
  }
  checkChecksum(cursor)
  return mappings
}

/** Whether a name stands for many, one for each block. */
export function isPattern(name: string): boolean {
  return /^(?:[^%]|%%)*%b/.test(name)
}

/** The name of block `block`: `%b` is its number, `%%` a per cent sign; undefined where another follows the sign. */
export function blockName(name: string, block: number): string | undefined {
  if (/^(?:[^%]|%%|%b)*%(?:$|[^%b])/.test(name)) return undefined
  return name.replace(/%[%b]/g, (sign) => (sign === '%b' ? String(block) : '%'))
}
