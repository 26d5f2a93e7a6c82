/** Whole arrays read through their references; zarrita puts the chunks together. */
import { UnsupportedError } from '../errors.ts'
import { chunkCount, chunkNumber, gridShape } from '../model/chunk-grid.ts'
import { type DataType, parseScalarType } from '../model/data-type.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { ChunkReader, fixedItemSize, knownShape } from './chunk-reader.ts'
import { isNumeric, type Numbers, numbersOf, stringsOf } from './element.ts'
import { chunkEntry } from './reference-store.ts'
import { bitView, isVlenString, zarray } from './zarr-metadata.ts'
import { type AsyncReadable, assembleArray } from './zarrita.ts'

interface ReadValuesOptions {
  readonly open: OpenSource
  readonly signal?: AbortSignal | undefined
  /** The most bytes that the array may have; 256 MiB by default. */
  readonly maxBytes?: number
}

interface ArrayValues {
  /** In C order: a typed array in this machine's byte order, booleans as 0 and 1, or strings. */
  readonly data: Numbers | string[]
  readonly shape: readonly number[]
  readonly dataType: DataType
}

/**
 * All values of one array.
 * @throws UnsupportedError for types that are no numbers or strings, for codecs without a decoder, and beyond `maxBytes`.
 * @throws FormatError where a chunk does not decode to its size.
 */
export async function readValues(
  set: ReferenceSet,
  index: number,
  options: ReadValuesOptions,
): Promise<ArrayValues> {
  const reader = new ChunkReader(set, { ...options, maxChunkBytes: options.maxBytes ?? 2 ** 28 })
  try {
    return await valuesThrough(reader, index)
  } finally {
    await reader.close()
  }
}

/** As `readValues`, through a reader that stays open; `reader.maxChunkBytes` bounds the whole array. */
export async function valuesThrough(reader: ChunkReader, index: number): Promise<ArrayValues> {
  const array = reader.set.header.arrays[index]
  const { dataType } = array
  const shape = knownShape(array)
  if (isVlenString(array)) return { data: await stringsThrough(reader, index), shape, dataType }
  const kind = typeof dataType === 'string' ? parseScalarType(dataType)?.kind : undefined
  if (!isNumeric(dataType) && kind !== 'S') {
    const name = typeof dataType === 'string' ? dataType : 'structure'
    throw new UnsupportedError(`reading values of type ${name}`, { array: array.path })
  }
  const bytes = await bytesThrough(reader, index)
  const data = kind === 'S' ? stringsOf(bytes, fixedItemSize(array)) : numbersOf(bytes, dataType, array.path)
  return { data, shape, dataType }
}

/** The bytes of all elements in C order and in the array's own byte order, for any type of fixed size. */
export async function bytesThrough(reader: ChunkReader, index: number): Promise<Uint8Array> {
  const array = reader.set.header.arrays[index]
  const { zarray: document, elementBytes } = bitView(array, fixedItemSize(array))
  const size = chunkCount(knownShape(array)) * elementBytes
  checkSize(reader, index, size)
  if (size === 0) return new Uint8Array(0)
  const data = await assemble(reader, index, document)
  if (Array.isArray(data)) throw new UnsupportedError('reading strings as bytes', { array: array.path })
  return new Uint8Array(data.buffer, data.byteOffset, size)
}

/** The strings of an array of variable-length strings, in C order. */
export async function stringsThrough(reader: ChunkReader, index: number): Promise<string[]> {
  const array = reader.set.header.arrays[index]
  const count = chunkCount(knownShape(array))
  checkSize(reader, index, count * 8)
  if (count === 0) return []
  const flat = array.shape.length === 0 ? { ...array, shape: [1], chunkShape: [1] } : array
  const data = await assemble(reader, index, zarray(flat))
  if (Array.isArray(data)) return data
  throw new UnsupportedError('reading numbers as strings', { array: array.path })
}

function checkSize(reader: ChunkReader, index: number, size: number): void {
  if (size <= reader.maxChunkBytes) return
  const { path } = reader.set.header.arrays[index]
  throw new UnsupportedError(`reading ${size} bytes at once (limit ${reader.maxChunkBytes})`, { array: path })
}

/** One array as the root of a store of its own, so that no name needs to survive zarrita's URL arithmetic. */
async function assemble(reader: ChunkReader, index: number, zarrayText: string): Promise<Numbers | string[]> {
  const array = reader.set.header.arrays[index]
  const grid = array.shape.length === 0 ? [1] : gridShape(knownShape(array), array.chunkShape)
  let failure: unknown
  const store: AsyncReadable = {
    async get(key) {
      if (key === '/.zarray') return new TextEncoder().encode(zarrayText)
      const chunk = chunkNumber(key.slice(1).split('.').slice(0, grid.length).join('.'), grid)
      if (chunk === undefined) return undefined
      try {
        return await chunkEntry(reader, index, chunk)
      } catch (error) {
        failure = error
        throw error
      }
    },
  }
  try {
    return await assembleArray(store)
  } catch (error) {
    throw failure ?? error
  }
}
