/** Chunks of a virtual dataset put together from the values of its sources, and encoded anew. */
import { encodeChunk } from '../../../codec/encode-chunk.ts'
import { UnsupportedError } from '../../../errors.ts'
import { chunkCoordinates, chunkCount, gridShape, gridStrides } from '../../../model/chunk-grid.ts'
import { PIECE_BYTES, splitToTarget } from '../../../model/chunk-split.ts'
import { itemSize } from '../../../model/data-type.ts'
import { firstIndex } from '../../../model/first-index.ts'
import type { ReferenceBatch } from '../../../model/reference-batch.ts'
import { type ChunkLocation, type ChunkReader, filled, knownShape } from '../../../store/chunk-reader.ts'
import { copyRegion } from '../../../store/copy-region.ts'
import { convertElements } from './element-conversion.ts'
import type { ForeignRange, SourceDataset } from './foreign.ts'
import { ForeignRows } from './foreign-rows.ts'
import { SourceReaders } from './source-readers.ts'
import { chunkParts, type VirtualPart, type VirtualPlan } from './virtual-chunks.ts'

/** Bytes of decoded chunks of sources that are kept for the next chunk. */
const KEPT_BYTES = 1 << 26

/** The rows of the chunks that have parts, each with its bytes. */
export async function* copiedBatches(
  plan: VirtualPlan,
  array: number,
  { from, to, signal }: ForeignRange,
): AsyncGenerator<ReferenceBatch, void> {
  const { codecs, array: planned, chunkShape } = plan
  const readers = new SourceReaders(signal)
  const rows = new ForeignRows(array)
  const blocks = new SourceBlocks(readers, plan)
  const size = chunkCount(chunkShape) * itemSize(planned.dataType)
  try {
    let bytes = filled(size, planned.fillValue)
    for (const window of chunkParts(plan, from, to)) {
      for (const [chunk, parts] of window) {
        let found = false
        for (const part of parts) found = await blocks.copyInto(bytes, chunk, plan.parts[part], found)
        if (found) {
          rows.add(chunk, await encodeChunk(bytes, codecs))
          bytes = filled(size, planned.fillValue)
        }
        if (rows.isFull) yield* rows.flush()
      }
    }
    yield* rows.flush()
  } finally {
    await readers.close()
  }
}

/** Elements along one axis pair that lie in one block of the source and in one chunk of the virtual dataset. */
interface Stretch {
  /** Coordinate of the source's block. */
  readonly block: number
  /** Within that block. */
  readonly source: number
  /** Within the virtual dataset's chunk. */
  readonly virtual: number
  readonly length: number
}

/** Copies what chunks of the virtual dataset show of their sources. */
class SourceBlocks {
  readonly #readers: SourceReaders
  readonly #plan: VirtualPlan
  readonly #grid: readonly number[]
  readonly #kept = new Map<string, SourceBlock>()
  readonly #numbers = new Map<SourceDataset, number>()
  #keptBytes = 0

  constructor(readers: SourceReaders, plan: VirtualPlan) {
    this.#readers = readers
    this.#plan = plan
    this.#grid = gridShape(plan.array.shape, plan.chunkShape)
  }

  /**
   * @param found whether the chunk holds anything but the fill value that it is filled with.
   * @returns the same of what it is then.
   */
  async copyInto(
    target: Uint8Array,
    chunk: number,
    { source, axes }: VirtualPart,
    found: boolean,
  ): Promise<boolean> {
    const { chunkShape, array } = this.#plan
    const at = chunkCoordinates(chunk, this.#grid)
    const blockShape = blockShapeOf(source)
    const stretches = axes.map((pair) => stretchesOf(pair, at, chunkShape, blockShape))
    const from = axes.map(({ sourceAxis }) => (sourceAxis === undefined ? 1 : blockShape[sourceAxis]))
    const to = axes.map(({ virtualAxis }) => (virtualAxis === undefined ? 1 : chunkShape[virtualAxis]))
    const itemBytes = itemSize(array.dataType)
    const byBlock = stretches.map(groupByBlock)
    for (const chosen of product(byBlock)) {
      const coordinates = new Array<number>(blockShape.length).fill(0)
      for (const [i, { sourceAxis }] of axes.entries())
        if (sourceAxis !== undefined) coordinates[sourceAxis] = chosen[i][0].block
      const { bytes, isFill } = await this.#block(source, coordinates)
      if (isFill && !found) continue
      found = true
      for (const box of product(chosen)) {
        const origin = box.map(({ source: element }) => element)
        const place = { bytes: target, shape: to, origin: box.map(({ virtual }) => virtual) }
        const extents = box.map(({ length }) => length)
        copyRegion({ bytes, shape: from, origin }, place, extents, itemBytes)
      }
    }
    return found
  }

  /** A block of a source in the virtual dataset's type; one stands for all that the source has nothing for. */
  async #block(source: SourceDataset, coordinates: readonly number[]): Promise<SourceBlock> {
    const number = this.#numbers.get(source) ?? this.#numbers.size
    this.#numbers.set(source, number)
    const key = `${number} ${coordinates.join()}`
    const known = this.#kept.get(key)
    if (known) return known
    const reader = this.#readers.of(source)
    const location = await reader.locate(0, chunkOf(source, coordinates))
    if (location)
      return this.#keep(key, source, await readBlock(reader, source, coordinates, location), false)
    const fill = this.#kept.get(`${number}`)
    if (fill) return fill
    return this.#keep(`${number}`, source, await fillBlock(reader, source), true)
  }

  #keep(key: string, source: SourceDataset, stored: Uint8Array, isMissing: boolean): SourceBlock {
    const { dataType, fillValue } = this.#plan.array
    const bytes = convertElements(stored, source.metadata.dataType, dataType)
    const isFill = isMissing && Buffer.compare(bytes, filled(bytes.length, fillValue)) === 0
    const block = { bytes, isFill }
    this.#kept.set(key, block)
    this.#keptBytes += bytes.length
    for (const [oldest, { bytes: other }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || oldest === key) break
      this.#kept.delete(oldest)
      this.#keptBytes -= other.length
    }
    return block
  }
}

/** Elements of a source; the last block along an axis may be shorter. */
interface SourceBlock {
  readonly bytes: Uint8Array
  /** Whether the file has nothing there, and all are the fill value of the virtual dataset. */
  readonly isFill: boolean
}

/** An uncompressed source in one chunk is read in pieces that are runs of its bytes; any other chunk by chunk. */
function blockShapeOf({ metadata }: SourceDataset): readonly number[] {
  const { chunkShape, codecs, dataType } = metadata
  const grid = gridShape(knownShape(metadata), chunkShape)
  if (codecs.length > 0 || chunkCount(grid) !== 1) return chunkShape
  return splitToTarget(chunkShape, grid, itemSize(dataType), PIECE_BYTES)
}

function isPiece(source: SourceDataset): boolean {
  const { chunkShape } = source.metadata
  return blockShapeOf(source).some((extent, axis) => extent !== chunkShape[axis])
}

/** The number of the chunk that a block is, or is a piece of. */
function chunkOf(source: SourceDataset, coordinates: readonly number[]): number {
  if (isPiece(source)) return 0
  const strides = gridStrides(gridShape(knownShape(source.metadata), source.metadata.chunkShape))
  return coordinates.reduce((sum, c, axis) => sum + c * strides[axis], 0)
}

function blockBytes(source: SourceDataset): number {
  return chunkCount(blockShapeOf(source)) * itemSize(source.metadata.dataType)
}

async function readBlock(
  reader: ChunkReader,
  source: SourceDataset,
  coordinates: readonly number[],
  location: ChunkLocation,
): Promise<Uint8Array> {
  if (!isPiece(source)) return reader.decoded(0, location)
  const { chunkShape, dataType } = source.metadata
  const shape = blockShapeOf(source)
  const inner = gridStrides(chunkShape)
  const first = coordinates.reduce((sum, c, axis) => sum + c * shape[axis] * inner[axis], 0)
  const start = first * itemSize(dataType)
  return reader.stored(location, start, Math.min(blockBytes(source), location.length - start))
}

async function fillBlock(reader: ChunkReader, source: SourceDataset): Promise<Uint8Array> {
  if (source.unfillable !== undefined) throw new UnsupportedError(source.unfillable)
  return isPiece(source)
    ? filled(blockBytes(source), source.metadata.fillValue)
    : reader.decoded(0, undefined)
}

function stretchesOf(
  { virtualAxis, sourceAxis, runs }: VirtualPart['axes'][number],
  at: readonly number[],
  chunkShape: readonly number[],
  blockShape: readonly number[],
): Stretch[] {
  const extent = virtualAxis === undefined ? 1 : chunkShape[virtualAxis]
  const block = sourceAxis === undefined ? 1 : blockShape[sourceAxis]
  const first = virtualAxis === undefined ? 0 : at[virtualAxis] * extent
  const stretches: Stretch[] = []
  const isBehind = (i: number) => runs[i].virtual + runs[i].length > first
  for (let i = firstIndex(runs.length, isBehind); i < runs.length; i++) {
    const run = runs[i]
    if (run.virtual >= first + extent) break
    let virtual = Math.max(run.virtual, first)
    const end = Math.min(run.virtual + run.length, first + extent)
    while (virtual < end) {
      const element = run.source + virtual - run.virtual
      const length = Math.min(end - virtual, block - (element % block))
      stretches.push({
        block: Math.floor(element / block),
        source: element % block,
        virtual: virtual - first,
        length,
      })
      virtual += length
    }
  }
  return stretches
}

/** Stretches of one block each; along an axis they ascend in the source as well. */
function groupByBlock(stretches: readonly Stretch[]): Stretch[][] {
  const groups: Stretch[][] = []
  for (const stretch of stretches) {
    const last = groups.at(-1)
    if (last && last[0].block === stretch.block) last.push(stretch)
    else groups.push([stretch])
  }
  return groups
}

/** One of each list, in all ways. */
function* product<T>(lists: readonly (readonly T[])[], chosen: T[] = []): Generator<readonly T[]> {
  if (chosen.length === lists.length) {
    yield [...chosen]
    return
  }
  for (const item of lists[chosen.length]) {
    chosen.push(item)
    yield* product(lists, chosen)
    chosen.pop()
  }
}
