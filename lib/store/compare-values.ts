/** Whether two sets hold the same values in an array: by location, by stored bytes, and only then by decoded values. */
import { chunkCoordinates, chunkCount, gridShape } from '../model/chunk-grid.ts'
import type { ArrayMetadata, CodecConfig } from '../model/metadata.ts'
import { type ChunkLocation, type ChunkReader, filled, fixedItemSize, knownShape } from './chunk-reader.ts'
import { elementValue } from './element.ts'
import { bytesThrough, valuesThrough } from './read-values.ts'
import { isVlenString } from './zarr-metadata.ts'

/** The first element, in the order of chunks, that differs. */
export interface ValueDifference {
  readonly index: readonly number[]
  readonly values: readonly [number | bigint | string, number | bigint | string]
}

/** One side of a comparison: an array of a set. */
interface ArrayHandle {
  readonly reader: ChunkReader
  readonly index: number
}

/** Bytes compared at a time. */
const PIECE = 2 ** 22

/**
 * Compares two arrays of equal shape and data type; undefined where all values are equal (NaN equals NaN, 0 equals -0).
 * Holds a few pieces at a time where the chunks are uncompressed, two decoded chunks otherwise, both arrays (within
 * the readers' limit) where the chunk shapes differ.
 */
export async function compareValues(a: ArrayHandle, b: ArrayHandle): Promise<ValueDifference | undefined> {
  const [first, second] = [metadataOf(a), metadataOf(b)]
  if (isVlenString(first)) return compareStrings(a, b)
  const grid = gridShape(knownShape(first), first.chunkShape)
  if (chunkCount(grid) === 0) return undefined
  if (!sameList(first.chunkShape, second.chunkShape)) return compareWhole(a, b)
  let gap = 0
  for await (const [left, right] of pairs(a, b)) {
    if ((left?.chunk ?? right?.chunk) === gap) gap++
    if (await isStoredAlike(a, b, left, right)) continue
    const difference = await compareChunk(a, b, left, right)
    if (difference) return difference
  }
  return gap < chunkCount(grid) ? compareFills(first, second, chunkCoordinates(gap, grid)) : undefined
}

function metadataOf({ reader, index }: ArrayHandle): ArrayMetadata {
  return reader.set.header.arrays[index]
}

/** Chunks that exist on either side, by number. */
async function* pairs(
  a: ArrayHandle,
  b: ArrayHandle,
): AsyncGenerator<[ChunkLocation | undefined, ChunkLocation | undefined]> {
  const right = b.reader.locations(b.index)
  try {
    let other = await right.next()
    for await (const location of a.reader.locations(a.index)) {
      for (; !other.done && other.value.chunk < location.chunk; other = await right.next()) {
        yield [undefined, other.value]
      }
      const both = !other.done && other.value.chunk === location.chunk
      yield [location, both ? other.value : undefined]
      if (both) other = await right.next()
    }
    for (; !other.done; other = await right.next()) yield [undefined, other.value]
  } finally {
    await right.return(undefined)
  }
}

/** Same place, or the same stored bytes under the same codecs: nothing needs decoding. */
async function isStoredAlike(
  a: ArrayHandle,
  b: ArrayHandle,
  left: ChunkLocation | undefined,
  right: ChunkLocation | undefined,
): Promise<boolean> {
  if (!left || !right || left.filterMask !== right.filterMask) return false
  if (!sameCodecs(metadataOf(a).codecs, metadataOf(b).codecs)) return false
  if (isSamePlace(left, right)) return true
  // Plain chunks are compared once, element by element, in compareChunk.
  if (a.reader.isPlain(a.index, left) && b.reader.isPlain(b.index, right)) return false
  const [{ length: size }, other] = await Promise.all([a.reader.measured(left), b.reader.measured(right)])
  if (size !== other.length) return false
  for (let at = 0; at < size; at += PIECE) {
    const length = Math.min(PIECE, size - at)
    const [x, y] = await Promise.all([a.reader.stored(left, at, length), b.reader.stored(right, at, length)])
    if (Buffer.compare(x, y) !== 0) return false
  }
  return true
}

function isSamePlace(a: ChunkLocation, b: ChunkLocation): boolean {
  return !a.raw && !b.raw && a.path === b.path && a.offset === b.offset && a.length === b.length
}

async function compareChunk(
  a: ArrayHandle,
  b: ArrayHandle,
  left: ChunkLocation | undefined,
  right: ChunkLocation | undefined,
): Promise<ValueDifference | undefined> {
  const array = metadataOf(a)
  const itemBytes = fixedItemSize(array)
  const size = a.reader.chunkBytes(a.index)
  const step = Math.max(1, Math.floor(PIECE / itemBytes)) * itemBytes
  const [x, y] = await Promise.all([pieces(a, left, size), pieces(b, right, size)])
  for (let at = 0; at < size; at += step) {
    const length = Math.min(step, size - at)
    const [p, q] = await Promise.all([x(at, length), y(at, length)])
    if (Buffer.compare(p, q) === 0) continue
    const chunk = left?.chunk ?? right?.chunk ?? 0
    const difference = compareElements(p, q, array, chunk, at / itemBytes)
    if (difference) return difference
  }
  return undefined
}

type ReadPiece = (at: number, length: number) => Uint8Array | Promise<Uint8Array>

/** How to get at parts of the decoded chunk: read in place where it is plain, decoded whole otherwise. */
async function pieces(
  side: ArrayHandle,
  location: ChunkLocation | undefined,
  size: number,
): Promise<ReadPiece> {
  const { reader, index } = side
  if (!location) return (_, length) => filled(length, metadataOf(side).fillValue)
  if (reader.isPlain(index, location) && (await reader.measured(location)).length === size) {
    return (at, length) => reader.stored(location, at, length)
  }
  const decoded = await reader.decoded(index, location)
  return (at, length) => decoded.subarray(at, at + length)
}

/** The first element that differs and lies inside the array: what pads an edge chunk does not count. */
function compareElements(
  x: Uint8Array,
  y: Uint8Array,
  array: ArrayMetadata,
  chunk: number,
  firstElement: number,
): ValueDifference | undefined {
  const itemBytes = fixedItemSize(array)
  const shape = knownShape(array)
  const corner = chunkCoordinates(chunk, gridShape(shape, array.chunkShape))
  for (let at = 0; at < x.length; at += itemBytes) {
    const [p, q] = [x.subarray(at, at + itemBytes), y.subarray(at, at + itemBytes)]
    if (Buffer.compare(p, q) === 0) continue
    const within = chunkCoordinates(firstElement + at / itemBytes, array.chunkShape)
    const index = within.map((offset, axis) => corner[axis] * array.chunkShape[axis] + offset)
    if (index.some((position, axis) => position >= shape[axis])) continue
    const values = [elementValue(p, array.dataType), elementValue(q, array.dataType)] as const
    if (!sameValue(values[0], values[1])) return { index, values }
  }
  return undefined
}

/** A chunk that both lack reads as the fill value of each. */
function compareFills(
  first: ArrayMetadata,
  second: ArrayMetadata,
  missing: readonly number[],
): ValueDifference | undefined {
  const size = fixedItemSize(first)
  const values = [first, second].map((array) => elementValue(filled(size, array.fillValue), array.dataType))
  if (sameValue(values[0], values[1])) return undefined
  return {
    index: missing.map((chunk, axis) => chunk * first.chunkShape[axis]),
    values: [values[0], values[1]],
  }
}

/** Chunked differently: both are put together, by zarrita, and compared as one chunk. */
async function compareWhole(a: ArrayHandle, b: ArrayHandle): Promise<ValueDifference | undefined> {
  const [x, y] = await Promise.all([bytesThrough(a.reader, a.index), bytesThrough(b.reader, b.index)])
  const array = metadataOf(a)
  return compareElements(x, y, { ...array, chunkShape: knownShape(array) }, 0, 0)
}

async function compareStrings(a: ArrayHandle, b: ArrayHandle): Promise<ValueDifference | undefined> {
  const [x, y] = await Promise.all([valuesThrough(a.reader, a.index), valuesThrough(b.reader, b.index)])
  for (let at = 0; at < x.data.length; at++) {
    if (x.data[at] === y.data[at]) continue
    return { index: chunkCoordinates(at, x.shape), values: [x.data[at], y.data[at]] }
  }
  return undefined
}

function sameValue(a: number | bigint | string, b: number | bigint | string): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, axis) => value === b[axis])
}

/** Equal to the last parameter, so that equal bytes mean equal values. */
function sameCodecs(a: readonly CodecConfig[], b: readonly CodecConfig[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
