/** What becomes of one array when files are concatenated. */
import type { ArrayMetadata } from '../model/metadata.ts'

/**
 * `along`: its chunks stay referenced, file after file. `gathered`: small, along the dimension; its values become one
 * inline chunk. `fixed`: without the dimension, equal in all files; the first file's chunks stand for all.
 */
export type Role = 'along' | 'gathered' | 'fixed'

export interface PlannedArray {
  readonly role: Role
  /** As the result has it. */
  readonly array: ArrayMetadata
  /** The coordinate whose units it has: itself for a coordinate, its coordinate for bounds. */
  readonly coordinate?: string
}
