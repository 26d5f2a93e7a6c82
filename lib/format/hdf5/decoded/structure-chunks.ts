/** Structures with strings of variable length: measured for the header, and copied chunk by chunk. */
import { encodeChunk } from '../../../codec/encode-chunk.ts'
import { UnsupportedError } from '../../../errors.ts'
import { chunkCount, gridShape } from '../../../model/chunk-grid.ts'
import type { CodecConfig } from '../../../model/metadata.ts'
import { elementsOf, type MeasuredTexts } from '../array-storage.ts'
import { parseVlenPointers, type VlenPointer } from '../attribute-value.ts'
import { zarrTypeOf } from '../data-type.ts'
import type { Dataset } from '../dataset.ts'
import { type Hdf5File, LIMITS } from '../file.ts'
import { GlobalHeap } from '../global-heap.ts'
import type { ElementStorage, StructureStorage } from '../planned-array.ts'
import {
  type ChunkRange,
  insideShape,
  readElements,
  type StoredChunk,
  storedGroups,
} from './stored-elements.ts'
import { textOf } from './string-chunks.ts'
import { withoutPadding } from './string-padding.ts'
import {
  fixedElements,
  hasTextMembers,
  type TextLayout,
  type TextPlace,
  textLayout,
  textPlaces,
  withFixedTexts,
} from './text-members.ts'

/** Bytes of elements that are looked through before anything is known of an array. */
const MAX_MEASURED = 1 << 26
/** Elements looked through at a time where the file has no chunks. */
const ELEMENTS = 1 << 14
/** Bytes of a copied string. */
const LEAST_WIDTH = 8
/** Bytes of the copy of an array. */
const MAX_COPIED = 1 << 30

const encoder = new TextEncoder()

/**
 * Looks through all elements that are stored, and the fill value; undefined where none holds strings.
 * @throws UnsupportedError where there are too many, or their copy were too large; FormatError where they are damaged.
 */
export async function measureTexts(
  file: Hdf5File,
  dataset: Dataset,
  signal: AbortSignal | undefined,
): Promise<MeasuredTexts | undefined> {
  const { datatype, dataspace, layout, externalFiles } = dataset
  const elsewhere = layout.kind === 'virtual' || Boolean(externalFiles)
  if (elsewhere || dataspace.kind === 'null' || !hasTextMembers(datatype)) return undefined
  zarrTypeOf(withFixedTexts(datatype, []))
  const variable = { name: '', dims: [], shape: dataspace.shape, hasValues: true }
  const context = { file, path: 'structures', variable, attributes: {}, copies: true }
  return measure(file, elementsOf(dataset, context, ELEMENTS), dataset, signal)
}

async function measure(
  file: Hdf5File,
  storage: ElementStorage,
  { datatype, fillValue }: Dataset,
  signal: AbortSignal | undefined,
): Promise<MeasuredTexts> {
  const places = textPlaces(datatype)
  const reader = new ElementReader(file, storage, places, signal)
  const longest = places.reduce((most, { member }) => Math.max(most, member + 1), 0)
  const lengths: number[] = new Array(longest).fill(0)
  const note = (texts: readonly Uint8Array[]) => {
    for (const [i, { length }] of texts.entries()) {
      const { member } = places[i % places.length]
      lengths[member] = Math.max(lengths[member], length)
    }
  }
  const range = { from: 0, to: chunkCount(gridShape(storage.shape, storage.chunkShape)), signal }
  const chunkBytes = chunkCount(storage.chunkShape) * storage.pointerSize
  let bytes = 0
  let textBytes = 0
  for await (const group of storedGroups(file, storage, range)) {
    for (const chunk of group) {
      bytes += chunkBytes
      if (bytes > MAX_MEASURED) {
        throw new UnsupportedError(`variable-length strings in more than ${MAX_MEASURED} bytes of structures`)
      }
      const { texts } = await reader.read(chunk)
      note(texts)
      textBytes += texts.reduce((sum, { length }) => sum + length, 0)
      if (textBytes > MAX_COPIED)
        throw new UnsupportedError(`more than ${MAX_COPIED} bytes of strings in structures`)
    }
  }
  const filled = fillValue.state === 'defined' && fillValue.bytes.length === datatype.size
  const fill = filled ? await reader.parse(fillValue.bytes, () => true) : undefined
  note(fill?.texts ?? [])
  const widths = lengths.map(widthOf)
  const copied = textLayout(datatype, widths)
  if ((bytes / storage.pointerSize) * copied.size > MAX_COPIED) {
    throw new UnsupportedError(`strings of up to ${Math.max(...lengths)} bytes in too many structures`)
  }
  return { widths, fill: fill && reader.copy(fill, copied, 1) }
}

/** Powers of two, for files of one series to come to the same type whatever their longest strings are. */
function widthOf(length: number): number {
  let width = LEAST_WIDTH
  while (width < length) width *= 2
  return width
}

/** A chunk of copied elements, encoded, by its C-order number. */
interface StructureChunk {
  readonly chunk: number
  readonly bytes: Uint8Array
}

/**
 * The chunks from `from` to before `to` that are stored, by ascending number.
 * @throws FormatError where a chunk or a collection of the heap is damaged.
 */
export async function* scanStructureChunks(
  file: Hdf5File,
  storage: StructureStorage,
  codecs: readonly CodecConfig[],
  range: ChunkRange,
): AsyncGenerator<StructureChunk> {
  const { layout, padded } = storage
  const reader = new ElementReader(file, storage, layout.places, range.signal)
  const count = chunkCount(storage.chunkShape)
  for await (const group of storedGroups(file, storage, range)) {
    for (const stored of group) {
      const bytes = reader.copy(await reader.read(stored), layout, count)
      const elements = (padded && withoutPadding(bytes, padded)) ?? bytes
      yield { chunk: stored.chunk, bytes: await encodeChunk(elements, codecs) }
    }
  }
}

/** Elements as stored, and their strings in the order of their places. */
interface ReadElements {
  readonly stored: Uint8Array
  readonly texts: readonly Uint8Array[]
}

class ElementReader {
  readonly #file: Hdf5File
  readonly #storage: ElementStorage
  readonly #places: readonly TextPlace[]
  readonly #heap: GlobalHeap
  readonly #signal: AbortSignal | undefined
  readonly #pointerSize: number

  constructor(
    file: Hdf5File,
    storage: ElementStorage,
    places: readonly TextPlace[],
    signal: AbortSignal | undefined,
  ) {
    this.#file = file
    this.#storage = storage
    this.#places = places
    this.#heap = new GlobalHeap(file, signal)
    this.#signal = signal
    this.#pointerSize = 4 + file.offsetSize + 4
  }

  async read(chunk: StoredChunk): Promise<ReadElements> {
    const stored = await readElements(this.#file, this.#storage, chunk, this.#signal)
    const chunked = this.#storage.pointers.kind === 'chunked'
    return this.parse(stored, chunked ? insideShape(this.#storage, chunk.chunk) : () => true)
  }

  async parse(stored: Uint8Array, isInside: (element: number) => boolean): Promise<ReadElements> {
    const { pointerSize: elementSize } = this.#storage
    const elements = Math.floor(stored.length / elementSize)
    const pointers: VlenPointer[] = []
    for (let element = 0; element < elements; element++) {
      for (const { offset } of this.#places) {
        const at = element * elementSize + offset
        pointers.push(isInside(element) ? this.#pointer(stored.subarray(at, at + this.#pointerSize)) : NONE)
      }
    }
    const objects = await this.#heap.read(pointers.map(({ id }) => id))
    const strings = objects.map((object, i) => object?.subarray(0, pointers[i].length))
    // Many references may lead to one string.
    const bytes = strings.reduce((sum, string) => sum + (string?.length ?? 0), 0)
    if (bytes > LIMITS.blockBytes) throw new UnsupportedError(`${bytes} bytes of strings in one chunk`)
    return { stored, texts: strings.map((string) => encoder.encode(textOf(string))) }
  }

  /** @throws UnsupportedError where a chunk would be beyond all bounds. */
  copy({ stored, texts }: ReadElements, layout: TextLayout, count: number): Uint8Array {
    const bytes = layout.size * count
    if (bytes > LIMITS.blockBytes)
      throw new UnsupportedError(`strings in a chunk that becomes ${bytes} bytes`)
    const { pointerSize: elementSize } = this.#storage
    return fixedElements(stored, texts, layout, { elementSize, pointerSize: this.#pointerSize, count })
  }

  #pointer(bytes: Uint8Array): VlenPointer {
    const { offsetSize, source } = this.#file
    return parseVlenPointers(bytes, 1, offsetSize, source.url)[0]
  }
}

const NONE: VlenPointer = { length: 0, id: undefined }
