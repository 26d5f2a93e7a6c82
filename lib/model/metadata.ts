/** The metadata of a reference set: groups, arrays and their attributes, as plain data. */
import type { DataType } from './data-type.ts'

/**
 * The value of an attribute. A `number` is a floating-point number and a `bigint` an integer, however small:
 * Zarr's JSON keeps the two apart (`1.0`, `1`), and xarray decodes by that difference.
 */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }

/** Attributes in the file's order. */
export type Attributes = Readonly<Record<string, AttributeValue>>

/**
 * The fill value that the file itself defines: the bytes of one element in the array's data type
 * (so no width, byte order, NaN payload or 64-bit integer is ever lost); null where it defines none.
 */
export type FillValue = Uint8Array | null

/** A numcodecs configuration: `{ id: 'zlib', level: 4 }`. */
export interface CodecConfig {
  readonly id: string
  readonly [parameter: string]: string | number | boolean
}

/** One group of a set. */
export interface GroupMetadata {
  /** '' for the root, else 'a/b' with no leading slash. */
  readonly path: string
  readonly attributes: Attributes
  /** Names of this group's dimensions that may grow; absent where the format has no such notion. */
  readonly unlimitedDims?: readonly string[]
}

/** One array of a set. */
export interface ArrayMetadata {
  /** 'temp', 'group/temp': no leading slash. */
  readonly path: string
  /** One name an axis, group-local (never a path). */
  readonly dims: readonly string[]
  readonly attributes: Attributes
  /** null: grows until the footer tells. */
  readonly shape: readonly (number | null)[]
  /** One extent an axis, each at least 1. */
  readonly chunkShape: readonly number[]
  readonly dataType: DataType
  readonly fillValue: FillValue
  /** Zarr v2 `filters` in the order in which they are applied when writing; there is no separate compressor. */
  readonly codecs: readonly CodecConfig[]
}

/** Something that a file holds and the reference set will not: named, never lost in silence. */
export interface Skipped {
  readonly path: string
  readonly reason: string
}

/** All that is known before any reference is read. */
export interface Header {
  readonly kind: 'header'
  readonly groups: readonly GroupMetadata[]
  readonly arrays: readonly ArrayMetadata[]
  /** Arrays and links that references cannot express. */
  readonly skipped: readonly Skipped[]
  /** Lesser remarks that do not cost an array: an attribute that could not be read, a link that leads nowhere. */
  readonly notes: readonly Skipped[]
}
