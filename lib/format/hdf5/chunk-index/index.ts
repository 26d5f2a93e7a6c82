/** Finds the chunks of a chunked dataset, whatever structure its layout message names. */
import type { Hdf5File } from '../file.ts'
import type { DataLayout } from '../message/data-layout.ts'

/** What a chunk index needs to know of its dataset. Axes as the HDF5 file has them (no array-type axes). */
export interface ChunkedDataset {
  /** For messages. */
  readonly path: string
  readonly shape: readonly number[]
  readonly maxShape: readonly (number | null)[]
  readonly layout: DataLayout & { readonly kind: 'chunked' }
  /** The shape over which chunks reach that are stored without filters, where it is not `shape`. */
  readonly edgeShape?: readonly number[]
  /** Whether the dataset has a filter pipeline: records of filtered chunks hold a size and a mask. */
  readonly filtered: boolean
}

/** Chunks that exist, by ascending C-order number in the grid over the current shape. */
export interface ChunkColumns {
  readonly rows: number
  readonly chunk: Float64Array
  /** From the start of the file, the base address included. */
  readonly offset: Float64Array
  /** Bytes as stored. */
  readonly length: Float64Array
  /** Where some chunk skips a filter; all ones for an edge chunk that is stored unfiltered. */
  readonly filterMask?: Uint32Array
}

export interface ChunkScanOptions {
  readonly from?: number
  readonly to?: number
  readonly signal?: AbortSignal | undefined
}

export type ScanChunks = (
  file: Hdf5File,
  dataset: ChunkedDataset,
  options?: ChunkScanOptions,
) => AsyncIterable<ChunkColumns>
