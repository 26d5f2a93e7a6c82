/** The elements by which a variable says where its values are (DMR++, namespace `dmrpp`). */
import type { Blocks, ChunkFacts, Storage, StorageKind } from './variable.ts'
import { wholeNumber } from './variable.ts'
import type { Element, ElementHandler, Place } from './xml.ts'

const PREFIX = 'dmrpp:'
const KINDS: ReadonlySet<string> = new Set<StorageKind>([
  'chunks',
  'chunk',
  'compact',
  'missingdata',
  'vlsa',
  'specialstructuredata',
])
/** Axes of an array: HDF5 has no more than 32. */
const MOST_AXES = 64

/** A chunk as it is written there. */
export interface Chunk {
  readonly offset: number
  readonly length: number
  /** Its first element; undefined where it is the whole array. */
  readonly position: readonly number[] | undefined
  readonly filterMask: number
  /** The file that it is in, where it is not that of the document. */
  readonly href: string | undefined
  /** Whether it is one of the linked blocks that an array is made of. */
  readonly block: boolean
  readonly place: () => Place
}

/** What the elements are for. */
export interface StorageReader {
  chunk(chunk: Chunk): void
  /** Text of `compact` or `missingdata`, as pieces of base64. */
  encoded?(kind: StorageKind, text: string): void
  /** A string of `vlsa`. */
  string?(element: VlsaString): void
  /** @returns never. */
  fail(place: Place, problem: string): never
}

/** One value of `vlsa`, as often as it counts; with a size, it is deflated and in base64. */
export interface VlsaString {
  readonly text: string
  readonly count: number
  readonly size: number | undefined
  readonly place: Place
}

/** The kind of values that an element of a variable tells of; undefined where it is about something else. */
export function storageKind(element: Element): StorageKind | undefined {
  const { name } = element
  const kind = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : ''
  return KINDS.has(kind) ? (kind as StorageKind) : undefined
}

/** Reads one such element. */
export function readStorage(
  kind: StorageKind,
  element: Element,
  reader: StorageReader,
): ElementHandler | undefined {
  switch (kind) {
    case 'chunks':
      return { open: (child) => void readChunk(child, reader) }
    case 'chunk':
      reader.chunk(parseChunk(element, reader))
      return undefined
    case 'vlsa':
      return {
        open: (child) => (reader.string && child.name === 'v' ? readString(child, reader) : undefined),
      }
    default:
      return reader.encoded ? { text: (text) => reader.encoded?.(kind, text) } : undefined
  }
}

function readChunk(element: Element, reader: StorageReader): void {
  if (element.name === 'dmrpp:chunk' || element.name === 'dmrpp:block')
    reader.chunk(parseChunk(element, reader))
}

function parseChunk(element: Element, reader: StorageReader): Chunk {
  const place = element.place
  const number = (name: string, text = element.attribute(name)): number =>
    wholeNumber(text) ?? reader.fail(place(), `a chunk whose ${name} is ${quoted(text)}`)
  const mask = element.attribute('fm')
  const position = element.attribute('chunkPositionInArray')
  const filterMask = mask === undefined ? 0 : number('fm')
  if (filterMask > 0xffffffff) reader.fail(place(), `a chunk whose fm is ${filterMask}`)
  const [offset, length] = [number('offset'), number('nBytes')]
  if (!Number.isSafeInteger(offset + length)) reader.fail(place(), 'a chunk beyond 2^53 bytes')
  if (length === 0) reader.fail(place(), 'a chunk of no bytes')
  return {
    offset,
    length,
    position: position === undefined ? undefined : parsePosition(position, place, reader),
    filterMask,
    href: element.attribute('href') || undefined,
    block: element.name === 'dmrpp:block',
    place,
  }
}

/** '[0,10]': the coordinates of its first element. */
function parsePosition(text: string, place: () => Place, reader: StorageReader): number[] {
  const inner = /^\s*\[\s*(.*?)\s*\]\s*$/s.exec(text)?.[1]
  const parts = inner?.split(/\s*,\s*/, MOST_AXES + 1).map((part) => wholeNumber(part)) ?? []
  const known = parts.filter((part) => part !== undefined)
  if (known.length !== parts.length || parts.length === 0 || parts.length > MOST_AXES)
    return reader.fail(place(), `a chunk whose chunkPositionInArray is ${quoted(text)}`)
  return known
}

function readString(element: Element, reader: StorageReader): ElementHandler {
  let text = ''
  const place = element.place()
  const attribute = (name: string): number | undefined => {
    const value = element.attribute(name)
    return value === undefined
      ? undefined
      : (wholeNumber(value) ?? reader.fail(place, `${name}=${quoted(value)}`))
  }
  const [count = 1, size] = [attribute('c'), attribute('s')]
  return {
    text: (part) => {
      text += part
    },
    close: () => reader.string?.({ text, count, size, place }),
  }
}

function quoted(text: string | undefined): string {
  return text === undefined ? 'not there' : JSON.stringify(text.slice(0, 80))
}

/** Gathers what the elements of one variable say, without keeping its chunks. */
export class StorageFacts {
  readonly #kinds = new Set<StorageKind>()
  #attributes: Partial<
    Record<'filters' | 'deflateLevel' | 'fillValue' | 'byteOrder' | 'structOffset', string>
  > = {}
  #linked = false
  #chunkShape: number[] | undefined
  #count = 0
  #length = 0
  #ascending = true
  #last: readonly number[] | undefined
  #anyMask = 0
  #allMask = 0xffffffff
  #blocks: Blocks = { count: 0, unit: 0, total: 0 }

  /** @param reader told of each chunk, too. */
  read(kind: StorageKind, element: Element, reader: StorageReader): ElementHandler | undefined {
    // Hyrax writes the fill value beside values that the document holds.
    const isBeside =
      this.#kinds.size === 1 && kind !== 'chunk' && (kind === 'chunks' || this.#kinds.has('chunks'))
    if (this.#kinds.has(kind) || (this.#kinds.size > 0 && !isBeside))
      return reader.fail(
        element.place(),
        `values given twice: dmrpp:${kind} after dmrpp:${[...this.#kinds].join(', ')}`,
      )
    this.#kinds.add(kind)
    const both: StorageReader = {
      fail: (place, problem) => reader.fail(place, problem),
      chunk: (chunk) => {
        this.#add(chunk)
        reader.chunk(chunk)
      },
    }
    const handler = readStorage(kind, element, both)
    if (kind !== 'chunks') return handler
    this.#readAttributes(element)
    return {
      open: (child) =>
        child.name === 'dmrpp:chunkDimensionSizes' ? this.#readShape(child, reader) : handler?.open?.(child),
    }
  }

  #readAttributes(element: Element): void {
    const [filters, deflateLevel, fillValue, byteOrder, structOffset] = [
      'compressionType',
      'deflateLevel',
      'fillValue',
      'byteOrder',
      'structOffset',
    ].map((name) => element.attribute(name))
    this.#attributes = { filters, deflateLevel, fillValue, byteOrder, structOffset }
    this.#linked = element.attribute('LBChunk') === 'true'
  }

  #readShape(element: Element, reader: StorageReader): ElementHandler {
    const place = element.place()
    let text = ''
    return {
      text: (part) => {
        text += part
      },
      close: () => {
        const words = text.trim().split(/\s+/, MOST_AXES + 1)
        const extents = words.map(wholeNumber).filter((extent) => extent !== undefined && extent > 0)
        if (extents.length !== words.length || extents.length > MOST_AXES)
          reader.fail(place, `chunkDimensionSizes are ${quoted(text)}`)
        this.#chunkShape = extents.filter((extent) => extent !== undefined)
      },
    }
  }

  #add({ length, position, filterMask, block }: Chunk): void {
    const { count, unit, total } = this.#blocks
    if (block) this.#blocks = { count: count + 1, unit: commonDivisor(unit, length), total: total + length }
    if (this.#count === 0) this.#length = length
    else this.#ascending &&= isAfter(position, this.#last)
    this.#count++
    this.#last = position
    this.#anyMask |= filterMask
    this.#allMask &= filterMask
  }

  get facts(): Storage {
    const chunks: ChunkFacts = {
      count: this.#count,
      length: this.#length,
      ascending: this.#ascending,
      anyMask: this.#anyMask >>> 0,
      allMask: this.#count === 0 ? 0 : this.#allMask >>> 0,
    }
    const { filters, deflateLevel, fillValue, byteOrder, structOffset } = this.#attributes
    return {
      kinds: this.#kinds,
      filters,
      deflateLevel,
      fillValue,
      byteOrder,
      structOffset,
      chunkShape: this.#chunkShape,
      chunks,
      blocks: this.#blocks,
      linked: this.#linked,
    }
  }
}

function isAfter(position: readonly number[] | undefined, last: readonly number[] | undefined): boolean {
  if (!position || !last || position.length !== last.length) return false
  const axis = position.findIndex((coordinate, i) => coordinate !== last[i])
  return axis >= 0 && position[axis] > last[axis]
}

function commonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b]
  return a
}
