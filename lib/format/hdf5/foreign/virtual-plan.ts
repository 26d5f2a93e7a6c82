/** How the chunks of a virtual dataset are made of its sources': by references where the grids fit, else by copies. */
import { UnsupportedError } from '../../../errors.ts'
import { chunkCount, gridShape } from '../../../model/chunk-grid.ts'
import { PIECE_BYTES, splitToTarget } from '../../../model/chunk-split.ts'
import { itemSize } from '../../../model/data-type.ts'
import type { ArrayMetadata } from '../../../model/metadata.ts'
import { copyCodecs } from '../decoded/copied-rows.ts'
import { canConvert } from './element-conversion.ts'
import type { ForeignArray, ForeignChunks } from './foreign.ts'
import type { AxisPair } from './virtual-axes.ts'
import { costOf, type VirtualPart, type VirtualPlan } from './virtual-chunks.ts'
import { copiedBatches } from './virtual-copies.ts'
import { referencedBatches } from './virtual-references.ts'

/** Smaller pieces of uncompressed sources are copied where there would be many. */
const SMALL_PIECE = 4096
const MANY_PIECES = 4096
const MOST_CHUNKS = 1 << 24
const MOST_LOOKS = 2 ** 32
/** Sources' own chunks of this size are the chunks of copies. */
const LEAST_COPY = 1 << 16
const MOST_COPY = 1 << 25

/**
 * The chunks of an array, of parts of which a later one covers an earlier one.
 * @throws UnsupportedError where they cannot be made as they are asked for.
 */
export function planVirtual(
  array: ForeignArray,
  parts: readonly VirtualPart[],
  copies: boolean,
): ForeignChunks {
  const whole = parts.map((part) => withElementAxes(part, array))
  const refusal = referenceRefusal(whole, array)
  const pointed = refusal === undefined ? (wholeChunks(whole, array) ?? pieces(whole, array)) : undefined
  const many = (shape: readonly number[]) => chunkCount(gridShape(array.shape, shape)) > MANY_PIECES
  const small = (shape: readonly number[]) => chunkCount(shape) * itemSize(array.dataType) < SMALL_PIECE
  if (pointed && !(copies && pointed.isPieces && small(pointed.chunkShape) && many(pointed.chunkShape))) {
    const { chunkShape } = pointed
    const codecs = whole.at(0)?.source.metadata.codecs ?? []
    const copied = 'fill values of its sources that differ from its own'
    const plan = { array, parts: whole, chunkShape, codecs }
    checkSize(plan)
    return { chunkShape, codecs, copied, batches: (index, range) => referencedBatches(plan, index, range) }
  }
  const why = refusal ?? 'whose chunks are cut by it'
  if (!copies) throw new UnsupportedError(`a virtual dataset of sources ${why}`, { copyable: true })
  return planCopies(array, whole, why)
}

/** Each chunk is looked up by itself. */
function checkSize(plan: VirtualPlan): void {
  const { touches, looks } = costOf(plan)
  if (touches > MOST_CHUNKS)
    throw new UnsupportedError(`a virtual dataset of more than ${MOST_CHUNKS} chunks`)
  if (looks > MOST_LOOKS)
    throw new UnsupportedError(`a virtual dataset of ${plan.parts.length} parts in ${touches} chunks`)
}

/** The extents of an array type lie behind the dataset's own axes, on both sides. */
function withElementAxes(part: VirtualPart, array: ForeignArray): VirtualPart {
  const { metadata, rank } = part.source
  const extra = metadata.shape.slice(rank)
  const own = array.shape.length - extra.length
  if (extra.some((extent, i) => extent !== array.shape[own + i]))
    throw new UnsupportedError(`a virtual dataset whose elements are not those of ${part.name}`)
  const axes = extra.map((extent, i): AxisPair => {
    const runs = [{ virtual: 0, source: 0, length: extent ?? 0 }]
    return { virtualAxis: own + i, sourceAxis: rank + i, runs }
  })
  return { ...part, axes: [...part.axes, ...axes] }
}

/** Why references into the sources cannot be right, wherever their chunks lie; undefined: they can. */
function referenceRefusal(parts: readonly VirtualPart[], array: ForeignArray): string | undefined {
  const text = (value: unknown) => JSON.stringify(value)
  const [first] = parts
  for (const { source, name } of parts) {
    const { dataType, codecs } = source.metadata
    if (text(dataType) !== text(array.dataType)) return `of another type (${name}: ${text(dataType)})`
    if (text(codecs) !== text(first.source.metadata.codecs)) return 'with different filters'
  }
  return undefined
}

interface PointedGrid {
  readonly chunkShape: readonly number[]
  readonly isPieces: boolean
}

/** Chunks of the sources as they are: all of one shape, and in step with the virtual dataset's. */
function wholeChunks(parts: readonly VirtualPart[], array: ForeignArray): PointedGrid | undefined {
  const chunkShape = commonChunks(parts, array)
  if (!chunkShape || parts.some((part) => !isInStep(part, chunkShape, array.shape))) return undefined
  return { chunkShape, isPieces: false }
}

/** What the chunks of the sources are along the axes of the virtual dataset; undefined where they differ. */
function commonChunks(parts: readonly VirtualPart[], { shape }: ForeignArray): readonly number[] | undefined {
  let common: readonly number[] | undefined
  for (const { source, axes } of parts) {
    const own = source.metadata.chunkShape
    if (axes.some((pair) => pair.virtualAxis === undefined && own[pair.sourceAxis ?? 0] !== 1))
      return undefined
    const chunk = shape.map(() => 1)
    for (const { virtualAxis, sourceAxis } of axes)
      if (virtualAxis !== undefined && sourceAxis !== undefined) chunk[virtualAxis] = own[sourceAxis]
    if (common?.some((extent, axis) => extent !== chunk[axis])) return undefined
    common = chunk
  }
  return common ?? shape.map((extent) => Math.max(1, extent))
}

function isInStep({ axes }: VirtualPart, chunkShape: readonly number[], shape: readonly number[]): boolean {
  return axes.every(({ virtualAxis, runs }) => {
    const extent = virtualAxis === undefined ? 1 : chunkShape[virtualAxis]
    const end = virtualAxis === undefined ? 1 : shape[virtualAxis]
    return runs.every(
      ({ virtual, source, length }) =>
        virtual % extent === 0 &&
        source % extent === 0 &&
        (length % extent === 0 || virtual + length === end),
    )
  })
}

/** Pieces of uncompressed chunks: each is one run of the bytes of one. */
function pieces(parts: readonly VirtualPart[], { shape }: ForeignArray): PointedGrid | undefined {
  if (parts.some(({ source }) => source.metadata.codecs.length > 0 || source.metadata.dataType === '|O'))
    return undefined
  const chunk = shape.map(() => 0)
  for (const { source, axes } of parts) {
    for (const { virtualAxis, sourceAxis, runs } of axes) {
      if (virtualAxis === undefined) continue
      let common = chunk[virtualAxis]
      if (sourceAxis === undefined) common = 1
      for (const { virtual, length } of runs) common = divisor(divisor(common, virtual), length)
      if (sourceAxis !== undefined && !isOneChunk(source.metadata, sourceAxis)) {
        common = divisor(common, source.metadata.chunkShape[sourceAxis])
        for (const run of runs) common = divisor(common, run.source)
      }
      chunk[virtualAxis] = common
    }
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const part of parts) changed = makeRuns(part, chunk) || changed
  }
  return { chunkShape: chunk, isPieces: true }
}

function isOneChunk({ shape, chunkShape }: ArrayMetadata, axis: number): boolean {
  return (shape[axis] ?? 0) <= chunkShape[axis]
}

/** Cuts the leading axes of a piece down to one element, as far as its bytes would be no run of the source's chunk. */
function makeRuns({ source, axes }: VirtualPart, chunk: number[]): boolean {
  const extentOf = ({ virtualAxis }: AxisPair) => (virtualAxis === undefined ? 1 : chunk[virtualAxis])
  const own = ({ sourceAxis }: AxisPair) =>
    sourceAxis === undefined ? 1 : source.metadata.chunkShape[sourceAxis]
  const cut = axes.findLastIndex((pair) => extentOf(pair) !== own(pair))
  let changed = false
  for (const { virtualAxis } of axes.slice(0, Math.max(0, cut))) {
    if (virtualAxis === undefined || chunk[virtualAxis] === 1) continue
    chunk[virtualAxis] = 1
    changed = true
  }
  return changed
}

function divisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b]
  return a
}

function planCopies(array: ForeignArray, parts: readonly VirtualPart[], why: string): ForeignChunks {
  for (const { source, name } of parts) {
    const { dataType } = source.metadata
    if (canConvert(dataType, array.dataType)) continue
    const [from, to] = [JSON.stringify(dataType), JSON.stringify(array.dataType)]
    throw new UnsupportedError(`a virtual dataset of type ${to} that shows ${name} of type ${from}`)
  }
  const chunkShape = copyChunks(parts, array)
  const plan = { array, parts, chunkShape, codecs: copyCodecs(array.dataType) }
  checkSize(plan)
  return {
    chunkShape,
    codecs: plan.codecs,
    copied: `a virtual dataset of sources ${why}`,
    batches: (index, range) => copiedBatches(plan, index, range),
  }
}

function copyChunks(parts: readonly VirtualPart[], array: ForeignArray): readonly number[] {
  const shape = array.shape.map((extent) => Math.max(1, extent))
  const itemBytes = itemSize(array.dataType)
  const common =
    parts.length > 0
      ? commonChunks(parts, array)?.map((extent, axis) => Math.min(extent, shape[axis]))
      : undefined
  const bytes = common ? chunkCount(common) * itemBytes : 0
  if (common && bytes >= LEAST_COPY && bytes <= MOST_COPY) return common
  return splitToTarget(
    shape,
    shape.map(() => 1),
    itemBytes,
    PIECE_BYTES,
  )
}
