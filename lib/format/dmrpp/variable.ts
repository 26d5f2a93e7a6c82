/** What a document says of its groups and variables, before it is told what arrays they are. */
import { FormatError } from '../../errors.ts'
import type { Attributes } from '../../model/metadata.ts'
import type { Place } from './xml.ts'

/** An axis: by the name of a shared dimension, or by its extent alone. */
export interface Dim {
  readonly name: string | undefined
  readonly size: number | undefined
}

/** A shared dimension, where it is declared. */
export interface Dimension {
  readonly name: string
  readonly group: string
  readonly size: number
}

/** An enumeration: `basetype` is the name of an integer type. */
export interface Enumeration {
  readonly base: string
  readonly members: readonly { readonly name: string; readonly value: bigint }[]
}

/** A member of a structure. */
export interface Member {
  readonly type: string
  readonly name: string
  readonly dims: readonly Dim[]
  /** Members of its own, which no references express. */
  readonly nested: boolean
}

/** The elements that hold values, or say where they are. */
export type StorageKind = 'chunks' | 'chunk' | 'compact' | 'missingdata' | 'vlsa' | 'specialstructuredata'

/** The linked blocks that an array is made of, one after the other. */
export interface Blocks {
  readonly count: number
  /** Bytes: the largest piece that all blocks are multiples of. */
  readonly unit: number
  readonly total: number
}

/** What a variable says of its values; of many chunks only what was counted. */
export interface Storage {
  readonly kinds: ReadonlySet<StorageKind>
  /** Attributes of `dmrpp:chunks`. */
  readonly filters: string | undefined
  readonly deflateLevel: string | undefined
  readonly fillValue: string | undefined
  readonly byteOrder: string | undefined
  readonly structOffset: string | undefined
  readonly chunkShape: readonly number[] | undefined
  readonly chunks: ChunkFacts
  readonly blocks: Blocks
  /** Whether chunks consist of linked blocks. */
  readonly linked: boolean
}

/** What is known of all chunks of a variable together. */
export interface ChunkFacts {
  readonly count: number
  /** Bytes of the first. */
  readonly length: number
  /** Whether their positions strictly ascend in C order. */
  readonly ascending: boolean
  /** The filter masks of all chunks, or'ed and and'ed together. */
  readonly anyMask: number
  readonly allMask: number
}

/** A variable of the document. */
export interface Variable {
  readonly group: string
  readonly name: string
  /** Why no store can hold it by its name. */
  readonly unsafe: string | undefined
  /** DAP4's name of its type. */
  readonly type: string
  readonly enumeration: string | undefined
  readonly members: readonly Member[]
  readonly dims: readonly Dim[]
  readonly attributes: Attributes
  /** Attributes that could not be kept. */
  readonly problems: readonly string[]
  /** Bytes of each string of fixed length, and how the rest of them is filled. */
  readonly strings: { readonly length: number; readonly pad: string } | undefined
  readonly storage: Storage
  readonly place: Place
}

/** A group of the document. */
export interface Group {
  /** '' for the root. */
  readonly path: string
  /** Why no store can hold it by its name. */
  readonly problem: string | undefined
  readonly attributes: Attributes
  readonly problems: readonly string[]
  readonly unlimited: readonly string[]
}

/** The path of something in a group. */
export function pathIn(group: string, name: string): string {
  return group === '' ? name : `${group}/${name}`
}

/** What a document gets wrong, by its line and byte. */
export function documentError(
  url: string,
  { line, offset }: Place,
  what: string,
  problem: string,
): FormatError {
  return new FormatError({ url, structure: `${what}, line ${line}`, offset }, problem)
}

/** A whole number as documents write it, exact; undefined for anything else. */
export function wholeNumber(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}
