/** The chunks of a body that are asked for. */
import { chunkCount, gridShape } from './chunk-grid.ts'
import type { ArrayMetadata, Header } from './metadata.ts'
import type { BodyOptions } from './reference-set.ts'

/** Numbers from `from` to before `to`, of these arrays of the header. */
export interface AskedChunks {
  readonly arrays: ReadonlySet<number>
  readonly from: number
  readonly to: number
}

/** What the options ask for: all by default. */
export function askedChunks({ arrays, from = 0, to }: BodyOptions, header: Header): AskedChunks {
  return { arrays: new Set(arrays ?? header.arrays.keys()), from, to: to ?? Number.POSITIVE_INFINITY }
}

/** Whether a chunk of an array is asked for. */
export function isAsked({ arrays, from, to }: AskedChunks, array: number, chunk: number): boolean {
  return chunk >= from && chunk < to && arrays.has(array)
}

/**
 * How many chunks of an array were asked for and not found.
 * @param shape in the end.
 */
export function missingChunks(
  { arrays, from, to }: AskedChunks,
  array: number,
  { shape, chunkShape }: Pick<ArrayMetadata, 'chunkShape'> & { readonly shape: readonly number[] },
  found: number,
): number {
  if (!arrays.has(array)) return 0
  return Math.max(0, Math.min(to, chunkCount(gridShape(shape, chunkShape))) - from) - found
}
