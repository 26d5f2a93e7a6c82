/** References into the sources of a virtual dataset: whole chunks of theirs, or runs of bytes of uncompressed ones. */
import { encodeChunk } from '../../../codec/encode-chunk.ts'
import { UnsupportedError } from '../../../errors.ts'
import { chunkCoordinates, chunkCount, gridShape, gridStrides } from '../../../model/chunk-grid.ts'
import { itemSize } from '../../../model/data-type.ts'
import { firstIndex } from '../../../model/first-index.ts'
import type { ReferenceBatch } from '../../../model/reference-batch.ts'
import { type ChunkLocation, filled, knownShape } from '../../../store/chunk-reader.ts'
import { LIMITS } from '../file.ts'
import { mapInFlight } from '../in-flight.ts'
import type { ForeignRange, SourceDataset } from './foreign.ts'
import { ForeignRows } from './foreign-rows.ts'
import { SourceReaders } from './source-readers.ts'
import { chunkParts, type VirtualPart, type VirtualPlan } from './virtual-chunks.ts'

/** Chunks whose places are looked up at a time. */
const AT_ONCE = 16

/** Bytes of fill values that are put into the set, where a source has no chunks. */
const MOST_FILL = 2 ** 30

/** A chunk of the virtual dataset in its source: a chunk of that, and elements to leave out before it. */
interface SourcePlace {
  readonly chunk: number
  readonly skip: number
}

/** The rows of the chunks that have values. */
export async function* referencedBatches(
  plan: VirtualPlan,
  array: number,
  { from, to, signal }: ForeignRange,
): AsyncGenerator<ReferenceBatch, void> {
  const readers = new SourceReaders(signal)
  const rows = new ForeignRows(array)
  const fills = new FillChunks(plan)
  try {
    for (const window of chunkParts(plan, from, to)) {
      const places = await mapInFlight(
        window,
        async ([chunk, parts]) => {
          const part = plan.parts[parts[parts.length - 1]]
          const place = placeOf(plan, part, chunk)
          return { part, place, location: await readers.of(part.source).locate(0, place.chunk) }
        },
        AT_ONCE,
      )
      for (const [i, { part, place, location }] of places.entries()) {
        const row = location ? cutOut(plan, part.source, location, place.skip) : await fills.of(part.source)
        if (row) rows.add(window[i][0], row)
        if (rows.isFull) yield* rows.flush()
      }
      yield* rows.flush()
    }
  } finally {
    await readers.close()
  }
}

/** Where the first element of a chunk lies: it has no others that are not behind it in the source's chunk. */
function placeOf(
  { array, chunkShape }: VirtualPlan,
  { source, axes }: VirtualPart,
  chunk: number,
): SourcePlace {
  const at = chunkCoordinates(chunk, gridShape(array.shape, chunkShape))
  const { metadata } = source
  const strides = gridStrides(gridShape(knownShape(metadata), metadata.chunkShape))
  const inner = gridStrides(metadata.chunkShape)
  let [number, skip] = [0, 0]
  for (const { virtualAxis, sourceAxis, runs } of axes) {
    if (sourceAxis === undefined) continue
    const virtual = virtualAxis === undefined ? 0 : at[virtualAxis] * chunkShape[virtualAxis]
    const run = runs[Math.max(0, firstIndex(runs.length, (i) => runs[i].virtual > virtual) - 1)]
    const element = run.source + virtual - run.virtual
    const extent = metadata.chunkShape[sourceAxis]
    number += Math.floor(element / extent) * strides[sourceAxis]
    skip += (element % extent) * inner[sourceAxis]
  }
  return { chunk: number, skip }
}

/** A chunk's place or bytes: the source's chunk as it is, or the piece of it. */
function cutOut(
  { array, chunkShape }: VirtualPlan,
  { metadata }: SourceDataset,
  at: ChunkLocation,
  skip: number,
) {
  const { raw, path, filterMask } = at
  const count = chunkCount(chunkShape)
  if (count === chunkCount(metadata.chunkShape))
    return raw ?? { path, offset: at.offset, length: at.length, filterMask }
  const itemBytes = itemSize(array.dataType)
  const [start, length] = [skip * itemBytes, count * itemBytes]
  if (start + length > at.length)
    throw new UnsupportedError('a virtual dataset of sources that are cut short')
  return raw ? raw.subarray(start, start + length) : { path, offset: at.offset + start, length }
}

/** Chunks of nothing but a source's fill value, where that is not the virtual dataset's own. */
class FillChunks {
  readonly #plan: VirtualPlan
  readonly #chunks = new Map<string, Promise<Uint8Array>>()
  #given = 0

  constructor(plan: VirtualPlan) {
    this.#plan = plan
  }

  async of({ metadata, unfillable }: SourceDataset): Promise<Uint8Array | undefined> {
    if (unfillable !== undefined) throw new UnsupportedError(unfillable)
    const { array, chunkShape, codecs } = this.#plan
    if (array.dataType === '|O') return undefined
    const itemBytes = itemSize(array.dataType)
    const [own, fill] = [filled(itemBytes, array.fillValue), filled(itemBytes, metadata.fillValue)]
    if (Buffer.compare(own, fill) === 0) return undefined
    const size = chunkCount(chunkShape) * itemBytes
    if (size > LIMITS.blockBytes) throw new UnsupportedError(`a chunk of ${size} bytes of another fill value`)
    const key = fill.join()
    const encoding = this.#chunks.get(key) ?? encodeChunk(filled(size, fill), codecs)
    this.#chunks.set(key, encoding)
    const chunk = await encoding
    this.#given += chunk.length
    if (this.#given > MOST_FILL)
      throw new UnsupportedError(
        `more than ${MOST_FILL} bytes of fill values of its sources that differ from its own`,
      )
    return chunk
  }
}
