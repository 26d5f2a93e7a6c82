/** Values that lie in other files: what the modules that find them there and the plan of an array agree on. */
import type { DataType } from '../../../model/data-type.ts'
import type { ArrayMetadata, CodecConfig, FillValue } from '../../../model/metadata.ts'
import type { ReferenceBatch } from '../../../model/reference-batch.ts'
import type { ReferenceSet, SourceInfo } from '../../../model/reference-set.ts'
import type { ByteSource, OpenSource } from '../../../source/byte-source.ts'
import type { PaddedStrings } from '../decoded/string-padding.ts'

/** What of an array the plan of its chunks depends on. */
export interface ForeignArray {
  readonly path: string
  /** The extents, those of an array type included. */
  readonly shape: readonly number[]
  readonly dataType: DataType
  readonly fillValue: FillValue
  readonly padded: PaddedStrings | undefined
}

/** Chunk numbers from `from` to before `to`. */
export interface ForeignRange {
  readonly from: number
  readonly to: number
  readonly signal?: AbortSignal | undefined
}

/** The chunks of an array whose values lie in other files. */
export interface ForeignChunks {
  readonly chunkShape: readonly number[]
  readonly codecs: readonly CodecConfig[]
  /** Why chunks that are in the set itself are there. */
  readonly copied: string
  /** The rows in ascending order; chunks without values have none. Opens what it needs, and closes it. */
  batches(array: number, range: ForeignRange): AsyncGenerator<ReferenceBatch, void>
}

/** A dataset whose values lie in other files. */
export interface ForeignDataset {
  /** The dataset's own extents, which sources that have grown may set. */
  readonly shape: readonly number[]
  /** The other files. */
  readonly sources: readonly SourceInfo[]
  /** What does not cost the array. */
  readonly notes: readonly string[]
  /**
   * @param copies whether values may be copied where references cannot reach them.
   * @throws UnsupportedError where neither references nor, if they are asked for, copies can be made.
   */
  plan(array: ForeignArray, copies: boolean): ForeignChunks
}

/** A dataset of any file, opened: a set of that array alone. */
export interface SourceDataset {
  readonly set: ReferenceSet
  /** Opens what the set's references point into. */
  readonly open: OpenSource
  readonly metadata: ArrayMetadata
  /** How many of the array's axes are the dataset's own; an array type adds others behind them. */
  readonly rank: number
  /** Why no fill value can stand for its missing chunks. */
  readonly unfillable: string | undefined
}

/** Where an array's values are: in other files. */
export interface ForeignStorage {
  readonly kind: 'foreign'
  readonly chunks: ForeignChunks
  readonly sources: readonly SourceInfo[]
}

/**
 * Opens a file by the name that another gives it, or by the URL that it was found to have.
 * @throws UnsupportedError where it may not be read; SourceError where it cannot be.
 */
export type OpenForeign = (
  name: string,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<ByteSource>

/**
 * Opens a dataset of a file, by the names that another file gives them; "." is that file itself.
 * Gives undefined where there is no such file, or no such dataset in it.
 * @throws UnsupportedError where it may not be read, FormatError where it is damaged.
 */
export type OpenDataset = (file: string, path: string) => Promise<SourceDataset | undefined>

/** Rows that carry their bytes, as many as make one batch of a few megabytes. */
export const BATCH_ROWS = 1024
export const BATCH_BYTES = 1 << 22
