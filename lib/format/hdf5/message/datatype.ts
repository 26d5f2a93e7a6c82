/** The datatype message, 0x0003 (HDF5 File Format 3.0, IV.A.2.d). */

export interface CompoundMember {
  readonly name: string
  /** Byte offset in the compound. */
  readonly offset: number
  readonly type: Datatype
}

interface Sized {
  /** Bytes of one element as stored. */
  readonly size: number
}
export type ByteOrder = 'little' | 'big' | 'vax'
export type StringPadding = 'null-terminated' | 'null-padded' | 'space-padded'
export type Charset = 'ascii' | 'utf-8'

export type Datatype = Sized &
  (
    | {
        readonly class: 'fixed-point'
        readonly byteOrder: ByteOrder
        readonly signed: boolean
        readonly bitOffset: number
        readonly precision: number
      }
    | {
        readonly class: 'floating-point'
        readonly byteOrder: ByteOrder
        readonly bitOffset: number
        readonly precision: number
        readonly signLocation: number
        readonly exponentLocation: number
        readonly exponentSize: number
        readonly mantissaLocation: number
        readonly mantissaSize: number
        readonly exponentBias: number
        /** 0 none, 1 always set, 2 implied. */
        readonly normalization: number
      }
    | { readonly class: 'time'; readonly byteOrder: ByteOrder; readonly precision: number }
    | { readonly class: 'string'; readonly padding: StringPadding; readonly charset: Charset }
    | {
        readonly class: 'bitfield'
        readonly byteOrder: ByteOrder
        readonly bitOffset: number
        readonly precision: number
      }
    | { readonly class: 'opaque'; readonly tag: string }
    | { readonly class: 'compound'; readonly members: readonly CompoundMember[] }
    | {
        readonly class: 'reference'
        readonly kind: 'object' | 'region' | 'object-2' | 'region-2' | 'attribute'
      }
    | {
        readonly class: 'enum'
        readonly base: Datatype
        readonly members: readonly { readonly name: string; readonly value: Uint8Array }[]
      }
    | { readonly class: 'vlen-sequence'; readonly base: Datatype }
    | { readonly class: 'vlen-string'; readonly padding: StringPadding; readonly charset: Charset }
    | { readonly class: 'array'; readonly base: Datatype; readonly shape: readonly number[] }
    | { readonly class: 'complex'; readonly base: Datatype }
  )
