/** Reference sets over files in memory, for tests: arrays given as numbers or bytes, chunked and encoded here. */
import { deflateSync } from 'node:zlib'
import { chunkCoordinates, chunkCount, gridShape } from '../../lib/model/chunk-grid.ts'
import { itemSize } from '../../lib/model/data-type.ts'
import type { ArrayMetadata, Header } from '../../lib/model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../lib/model/reference-set.ts'
import type { OpenSource } from '../../lib/source/byte-source.ts'
import { openMemory } from '../../lib/source/memory.ts'

/** An array and its bytes in C order; chunks in `missing` are not stored. */
export interface MemoryArray extends Partial<ArrayMetadata> {
  readonly path: string
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  readonly bytes: ArrayBufferView
  readonly missing?: readonly number[]
  /** Found unreferenceable at the end of the body. */
  readonly dropped?: string
  readonly inline?: boolean
}

/** A file system of memory, and how often each file was opened. */
export class MemoryFiles {
  readonly files = new Map<string, Uint8Array>()
  readonly opened: string[] = []
  readonly bodies: string[] = []

  readonly open: OpenSource = async (url) => {
    this.opened.push(url)
    const bytes = this.files.get(url)
    if (!bytes) throw new Error(`no such file: ${url}`)
    return openMemory(bytes, url)
  }

  /** Stores the arrays' chunks in one file and gives the set that points at them. */
  set(url: string, arrays: readonly MemoryArray[], header: Partial<Header> = {}): ReferenceSet {
    const parts: Uint8Array[] = []
    let end = 64
    const batches = arrays.map((array, index) => {
      const { batch, chunks } = store(array, index, url, end)
      parts.push(...chunks)
      end += chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      return batch
    })
    const file = new Uint8Array(end)
    let at = 64
    for (const part of parts) {
      file.set(part, at)
      at += part.length
    }
    this.files.set(url, file)
    return this.#setOf(url, file.length, arrays, batches, header)
  }

  #setOf(
    url: string,
    size: number,
    arrays: readonly MemoryArray[],
    batches: readonly ReferenceBatch[],
    header: Partial<Header>,
  ): ReferenceSet {
    const { bodies } = this
    async function* body(options: BodyOptions = {}): AsyncGenerator<ReferenceBatch | Footer> {
      const asked = options.arrays ?? arrays.map((_, index) => index)
      bodies.push(`${url} ${asked.map((index) => arrays[index].path).join(',')}`)
      for (const index of asked) {
        const batch = rangeOf(batches[index], options)
        if (batch.rows > 0) yield batch
      }
      yield footerOf(arrays, batches)
    }
    return {
      header: {
        kind: 'header',
        groups: [{ path: '', attributes: {} }],
        arrays: arrays.map(metadataOf),
        skipped: [],
        notes: [],
        ...header,
      },
      sources: [{ url, size }],
      replayable: true,
      body,
    }
  }
}

function metadataOf(array: MemoryArray): ArrayMetadata {
  const {
    path,
    dims,
    shape,
    attributes = {},
    chunkShape,
    dataType = '<f8',
    fillValue = null,
    codecs = [],
  } = array
  const chunks = chunkShape ?? shape.map((extent) => Math.max(1, extent))
  return { path, dims, shape, attributes, chunkShape: chunks, dataType, fillValue, codecs }
}

function footerOf(arrays: readonly MemoryArray[], batches: readonly ReferenceBatch[]): Footer {
  const counts = arrays.map(metadataOf).map((array) => {
    return chunkCount(gridShape(array.shape as number[], array.chunkShape))
  })
  return {
    kind: 'footer',
    shapes: arrays.map((array) => array.shape),
    missing: counts.map((count, index) => count - batches[index].rows),
    dropped: arrays.flatMap((array, index) => (array.dropped === undefined ? [] : [index])),
    coverage: {
      arrays: arrays.map(({ path, dropped }) =>
        dropped === undefined
          ? { path, outcome: 'referenced' as const }
          : { path, outcome: 'skipped' as const, reason: dropped },
      ),
      notes: [],
    },
  }
}

function rangeOf(
  batch: ReferenceBatch,
  { from = 0, to = Number.POSITIVE_INFINITY }: BodyOptions,
): ReferenceBatch {
  const rows = [...batch.chunk.keys()].filter((row) => batch.chunk[row] >= from && batch.chunk[row] < to)
  return {
    ...batch,
    rows: rows.length,
    chunk: Float64Array.from(rows, (row) => batch.chunk[row]),
    path: Uint32Array.from(rows, (row) => batch.path[row]),
    offset: Float64Array.from(rows, (row) => batch.offset[row]),
    length: Float64Array.from(rows, (row) => batch.length[row]),
    ...(batch.raw ? { raw: rows.map((row) => batch.raw?.[row] ?? null) } : {}),
  }
}

function store(array: MemoryArray, index: number, url: string, start: number) {
  const metadata = metadataOf(array)
  const grid = gridShape(array.shape, metadata.chunkShape)
  const numbers = [...Array(chunkCount(grid)).keys()].filter((chunk) => !array.missing?.includes(chunk))
  const encoded = numbers.map((chunk) =>
    encode(chunkBytes(array, metadata, chunkCoordinates(chunk, grid)), metadata),
  )
  const inline = array.inline === true
  let at = start
  const offset = Float64Array.from(encoded, (bytes) => {
    at += bytes.length
    return at - bytes.length
  })
  const batch: ReferenceBatch = {
    kind: 'batch',
    array: index,
    rows: numbers.length,
    chunk: Float64Array.from(numbers),
    path: new Uint32Array(numbers.length).fill(inline ? INLINE : 0),
    paths: [url],
    offset: inline ? offset.fill(0) : offset,
    length: Float64Array.from(encoded, (bytes) => bytes.length),
    ...(inline ? { raw: encoded } : {}),
  }
  return { batch, chunks: inline ? [] : encoded }
}

/** One chunk cut out of the array; what lies outside it is 0xee, which no reader may look at. */
function chunkBytes(
  array: MemoryArray,
  { chunkShape, dataType }: ArrayMetadata,
  corner: number[],
): Uint8Array {
  const size = itemSize(dataType)
  const { buffer, byteOffset, byteLength } = array.bytes
  const from = new Uint8Array(buffer, byteOffset, byteLength)
  const chunk = new Uint8Array(chunkCount(chunkShape) * size).fill(0xee)
  for (let element = 0; element < chunkCount(chunkShape); element++) {
    const position = chunkCoordinates(element, chunkShape).map(
      (at, axis) => corner[axis] * chunkShape[axis] + at,
    )
    if (position.some((at, axis) => at >= array.shape[axis])) continue
    const flat = position.reduce((sum, at, axis) => sum * array.shape[axis] + at, 0)
    chunk.set(from.subarray(flat * size, (flat + 1) * size), element * size)
  }
  return chunk
}

function encode(bytes: Uint8Array, { codecs }: ArrayMetadata): Uint8Array {
  let encoded = bytes
  for (const codec of codecs) {
    if (codec.id === 'shuffle') encoded = shuffled(encoded, Number(codec.elementsize))
    else if (codec.id === 'zlib')
      encoded = new Uint8Array(deflateSync(encoded, { level: Number(codec.level ?? 1) }))
  }
  return encoded
}

function shuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = bytes.length / size
  return bytes.map((_, at) => bytes[(at % count) * size + Math.floor(at / count)])
}
