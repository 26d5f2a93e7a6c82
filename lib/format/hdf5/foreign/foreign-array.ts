/** The plan of an array whose values lie in other files. */
import type { ArrayMetadata, FillValue } from '../../../model/metadata.ts'
import type { PaddedStrings } from '../decoded/string-padding.ts'
import { type PlannedArray, UNEQUAL_FILL } from '../planned-array.ts'
import type { ForeignDataset } from './foreign.ts'

/** An array but for its chunks. */
interface ForeignDescription extends Omit<ArrayMetadata, 'shape' | 'chunkShape' | 'codecs' | 'fillValue'> {
  readonly shape: readonly number[]
}

/**
 * The array of a dataset whose files have been opened.
 * @param fill undefined: no single value can stand for chunks that are missing.
 * @throws UnsupportedError where neither references nor, if they are asked for, copies can be made.
 */
export function planForeign(
  values: ForeignDataset,
  described: ForeignDescription,
  {
    fill,
    padded,
    copies,
  }: { fill: FillValue | undefined; padded: PaddedStrings | undefined; copies: boolean },
): PlannedArray {
  const { path, shape, dataType } = described
  const fillValue = fill ?? null
  const chunks = values.plan({ path, shape, dataType, fillValue, padded }, copies)
  const { chunkShape, codecs } = chunks
  const unfillable = fill === undefined ? UNEQUAL_FILL : undefined
  const metadata = { ...described, chunkShape, fillValue, codecs }
  return { metadata, storage: { kind: 'foreign', chunks, sources: values.sources }, unfillable }
}
