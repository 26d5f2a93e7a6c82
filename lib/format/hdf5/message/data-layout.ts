/** The data layout message, 0x0008 (HDF5 File Format 3.0, IV.A.2.i; version 5: HDF5 2.0). */
import type { Address } from '../cursor.ts'

/** Which structure finds the chunks, and its parameters. An undefined address: no chunk was ever written. */
export type ChunkIndex = { readonly address: Address } & (
  | { readonly kind: 'btree-v1' }
  | {
      readonly kind: 'single-chunk'
      /** Bytes in the file and filter mask, where the chunk is filtered. */
      readonly filtered?: { readonly size: number; readonly filterMask: number }
    }
  | { readonly kind: 'implicit' }
  | { readonly kind: 'fixed-array'; readonly pageBits: number }
  | {
      readonly kind: 'extensible-array'
      readonly maxBits: number
      readonly indexElements: number
      readonly minPointers: number
      readonly minElements: number
      readonly pageBits: number
    }
  | {
      readonly kind: 'btree-v2'
      readonly nodeSize: number
      readonly splitPercent: number
      readonly mergePercent: number
    }
)

export type DataLayout =
  | { readonly kind: 'compact'; readonly version: number; readonly data: Uint8Array }
  | {
      readonly kind: 'contiguous'
      readonly version: number
      readonly address: Address
      readonly size: number
    }
  | {
      readonly kind: 'chunked'
      readonly version: number
      /** Elements along each axis, without the trailing element size. */
      readonly chunkShape: readonly number[]
      /** Bytes of an element, as the layout message says. */
      readonly elementSize: number
      /** Partial chunks at the edge are stored without their filters. */
      readonly unfilteredEdges: boolean
      readonly index: ChunkIndex
    }
  | {
      readonly kind: 'virtual'
      readonly version: number
      readonly heapAddress: Address
      readonly heapIndex: number
    }
