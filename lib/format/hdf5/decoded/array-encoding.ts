/** How the chunks of an array are encoded: as the file has them, or anew where they are copied. */
import { UnsupportedError } from '../../../errors.ts'
import type { DataType } from '../../../model/data-type.ts'
import type { CodecConfig } from '../../../model/metadata.ts'
import { checkReadable, codecsOf, writableCodecsOf } from '../filter-codec.ts'
import type { Filter } from '../message/filter-pipeline.ts'
import { undecodable } from './chunk-decoder.ts'
import { copyCodecs, copyReason } from './copied-rows.ts'
import type { PaddedStrings } from './string-padding.ts'

/** Chunks as the file has them. */
interface Chunks {
  /** In the order in which they are applied when writing. */
  readonly filters: readonly Filter[]
  /** Bytes of a chunk before the first filter. */
  readonly chunkBytes: number
  readonly dataType: DataType
  readonly padded: PaddedStrings | undefined
}

/**
 * The codecs of the array, and why its chunks have to be written anew, where references cannot name their filters.
 * @throws UnsupportedError that names a filter with which neither is possible.
 */
export function encodingOf(
  { filters, chunkBytes, dataType, padded }: Chunks,
  copies: boolean,
): { readonly codecs: readonly CodecConfig[]; readonly recoded?: string } {
  try {
    const codecs = padded
      ? writableCodecsOf(filters, chunkBytes, 'strings that are not NUL-padded')
      : codecsOf(filters, chunkBytes)
    return { codecs }
  } catch (error) {
    if (!copies || !(error instanceof UnsupportedError)) throw error
    const obstacle = undecodable(filters, chunkBytes)
    if (obstacle !== undefined) throw new UnsupportedError(obstacle)
    const codecs = copyCodecs(dataType)
    return { codecs, recoded: copyReason(error.feature, codecs) }
  }
}

/**
 * For chunks that are read here whatever becomes of them.
 * @throws UnsupportedError that names a filter which is not undone here, over `what`.
 */
export function checkFilters(
  filters: readonly Filter[],
  chunkBytes: number,
  { what, copies }: { readonly what: string; readonly copies: boolean },
): void {
  if (!copies) checkReadable(filters, what)
  const obstacle = copies ? undecodable(filters, chunkBytes) : undefined
  if (obstacle !== undefined) throw new UnsupportedError(`${obstacle} over ${what}`)
}
