/** The dataspace message, 0x0001 (HDF5 File Format 3.0, IV.A.2.b). */
import type { Cursor } from '../cursor.ts'
import { LIMITS } from '../file.ts'

/** The extents of a dataset or attribute, in elements. */
export interface Dataspace {
  readonly kind: 'null' | 'scalar' | 'simple'
  readonly shape: readonly number[]
  /** null: unlimited. As long as `shape`. */
  readonly maxShape: readonly (number | null)[]
}

/**
 * The dataspace at the cursor, versions 1 and 2.
 * @param lengthSize bytes of a length, from the superblock.
 * @throws FormatError where it breaks the specification.
 */
export function parseDataspace(cursor: Cursor, lengthSize: number): Dataspace {
  const version = cursor.version(1, 2)
  const rank = cursor.u8()
  if (rank > LIMITS.rank) throw cursor.error(`a rank of ${rank}`)
  const flags = cursor.u8()
  let type = rank === 0 ? 0 : 1
  if (version === 1) cursor.skip(5)
  else type = cursor.u8()
  if (type > 2) throw cursor.error(`a reserved dataspace type ${type}`)
  if (type !== 1 && rank > 0) throw cursor.error(`a scalar or null dataspace of rank ${rank}`)
  if (type === 2) return { kind: 'null', shape: [], maxShape: [] }
  const shape = Array.from({ length: rank }, () => cursor.uint(lengthSize))
  const maxShape = flags & 1 ? Array.from({ length: rank }, () => cursor.address(lengthSize) ?? null) : shape
  return { kind: rank === 0 ? 'scalar' : 'simple', shape, maxShape }
}
