/** Rows of an array of kerchunk's `json2` strings, with their bytes as `vlen-utf8`. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import { chunkCount } from '../../model/chunk-grid.ts'
import type { ArrayMetadata } from '../../model/metadata.ts'
import { INLINE, type ReferenceBatch } from '../../model/reference-batch.ts'
import { json2ToVlenUtf8 } from '../json2.ts'
import { cutBatch } from './copied-rows.ts'

/**
 * The batch, in parts that carry few bytes; `url` is the shard's file, for messages.
 * @throws UnsupportedError where they are in files, or no strings, FormatError where they are no `json2`.
 */
export function* withVlenUtf8(
  whole: ReferenceBatch,
  { path: array, chunkShape }: ArrayMetadata,
  url: string,
): Generator<ReferenceBatch> {
  const elements = chunkCount(chunkShape)
  for (const batch of cutBatch(whole)) {
    const raw = Array.from({ length: batch.rows }, (_, row) => {
      const bytes = batch.path[row] === INLINE ? batch.raw?.[row] : undefined
      if (!bytes) throw new UnsupportedError('json2 strings that are in a file', { url, array })
      return json2ToVlenUtf8(bytes, elements, (problem) => {
        const at = { url, offset: 0, structure: `chunk ${batch.chunk[row]} of ${array}` }
        throw new FormatError(at, problem)
      })
    })
    yield { ...batch, length: Float64Array.from(raw, ({ length }) => length), raw }
  }
}
