/** Arrays as their header shows them, and what their bodies need. */
import type { ArrayMetadata } from '../../model/metadata.ts'
import type { VlenPointer } from './attribute-value.ts'
import type { ChunkedDataset } from './chunk-index/index.ts'
import type { PaddedStrings } from './decoded/string-padding.ts'
import type { TextLayout } from './decoded/text-members.ts'
import type { ForeignStorage } from './foreign/foreign.ts'
import type { Filter } from './message/filter-pipeline.ts'

/** Where the bytes of an array are: all that its body needs, and nothing else of the header. */
export type ArrayStorage =
  /** From the start of the source; no offset: never written. */
  | { readonly kind: 'contiguous'; readonly offset: number | undefined; readonly length: number }
  | { readonly kind: 'compact'; readonly data: Uint8Array }
  | { readonly kind: 'chunked'; readonly dataset: ChunkedDataset; readonly filters: readonly Filter[] }

/** Elements of one size in chunks; those of an array that the file stores in one piece are whole rows of its first axis. */
export interface ElementStorage {
  readonly pointers: ArrayStorage
  /** Bytes of one element as stored. */
  readonly pointerSize: number
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
}

/** Structures with strings of variable length among other things. */
export interface StructureStorage extends ElementStorage {
  readonly kind: 'structures'
  readonly layout: TextLayout
  /** The strings of fixed length in a copied element that reading may change. */
  readonly padded: PaddedStrings | undefined
}

/** Strings of variable length: the storage holds references into the global heap. */
export interface StringStorage extends ElementStorage {
  readonly kind: 'strings'
  /** What chunks that were never written hold; undefined: empty strings. */
  readonly fill: VlenPointer | undefined
}

/** An array as the header shows it, and what its body needs. */
export interface PlannedArray {
  readonly metadata: ArrayMetadata
  readonly storage: ArrayStorage | StringStorage | StructureStorage | ForeignStorage
  /** Its strings of fixed length, where reading may change them: such chunks are written anew. */
  readonly padded?: PaddedStrings | undefined
  /** Why its chunks are decoded and encoded anew, one and all, as the coverage has it. */
  readonly recoded?: string | undefined
  /** Why no fill value can stand for chunks that are missing. */
  readonly unfillable?: string | undefined
}

/** Why nothing can stand for chunks that are missing where the fill value, of an array type, has unequal elements. */
export const UNEQUAL_FILL = 'a fill value whose array elements differ'
