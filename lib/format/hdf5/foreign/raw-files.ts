/** Values in raw files beside the HDF5 file: references straight into them (HDF5 File Format 3.0, IV.A.2.h). */
import { SourceError, UnsupportedError } from '../../../errors.ts'
import { chunkCoordinates, chunkCount, gridShape, gridStrides } from '../../../model/chunk-grid.ts'
import { PIECE_BYTES, splitToTarget } from '../../../model/chunk-split.ts'
import { itemSize } from '../../../model/data-type.ts'
import { firstIndex } from '../../../model/first-index.ts'
import type { ReferenceBatch } from '../../../model/reference-batch.ts'
import type { SourceInfo } from '../../../model/reference-set.ts'
import { isMissingFile } from '../../../source/external.ts'
import type { Dataset } from '../dataset.ts'
import { withoutPadding } from '../decoded/string-padding.ts'
import type { Hdf5File } from '../file.ts'
import { mapDamaged } from '../in-flight.ts'
import { heapString, readLocalHeap } from '../local-heap.ts'
import { decodeName } from '../message/link.ts'
import type { ForeignArray, ForeignChunks, ForeignDataset, ForeignRange, OpenForeign } from './foreign.ts'
import { ForeignRows } from './foreign-rows.ts'
import { uncutShape } from './raw-grid.ts'
import { RawReader } from './raw-reader.ts'

/** Bytes `from` to before `to` of a dataset's values: those of a file from `offset`. */
interface Segment {
  readonly from: number
  readonly to: number
  readonly offset: number
  readonly file: SourceInfo
}

/** Raw files of one dataset; each is opened. */
const MOST_FILES = 4096
const AT_ONCE = 16
/** Chunks looked at one by one beforehand, and chunks that are copied. */
const MOST_CHUNKS = 1 << 20
const MOST_COPIES = 1 << 24
/** Zeros that are copied where the files end before the values, and the fill value is another. */
const MOST_ZEROS = 2 ** 30
/** Smaller pieces are copied where there would be many. */
const SMALL_PIECE = 4096
const MANY_PIECES = 4096

/**
 * Opens the raw files of a dataset.
 * @throws UnsupportedError where one is not there or may not be read, or they hold fewer bytes than the dataset.
 */
export async function openRawFiles(
  dataset: Dataset,
  file: Hdf5File,
  open: OpenForeign,
  signal: AbortSignal | undefined,
): Promise<ForeignDataset> {
  const { dataspace, datatype, externalFiles } = dataset
  const { shape } = dataspace
  if (datatype.class === 'vlen-string')
    throw new UnsupportedError('strings of variable length in external raw files')
  const bytes = shape.reduce((product, extent) => product * extent, datatype.size)
  const segments: Segment[] = []
  if (externalFiles && bytes > 0) {
    const heap = await readLocalHeap(file, externalFiles.heapAddress, signal)
    const slots = externalFiles.slots.map((slot) => ({
      ...slot,
      name: decodeName(heapString(heap, slot.nameOffset)),
    }))
    const names = [...new Set(slots.map(({ name }) => name))]
    if (names.length > MOST_FILES) throw new UnsupportedError(`values in ${names.length} external raw files`)
    const infos = await mapDamaged(names, (name) => infoOf(name, open, signal), AT_ONCE)
    const byName = new Map(names.map((name, i) => [name, infos[i]]))
    let from = 0
    for (const { name, offset, size } of slots) {
      const info = byName.get(name)
      const to = Math.min(bytes, from + size)
      if (info && to > from) segments.push({ from, to, offset, file: info })
      from = to
    }
    if (from < bytes) throw new UnsupportedError(`external raw files for ${from} of its ${bytes} bytes`)
  }
  const sources = [...new Map(segments.map((segment) => [segment.file.url, segment.file])).values()]
  return {
    shape,
    sources,
    notes: [],
    plan: (array, copies) => planRaw(array, { shape, segments, bytes }, open, copies),
  }
}

async function infoOf(name: string, open: OpenForeign, signal: AbortSignal | undefined): Promise<SourceInfo> {
  try {
    const source = await open(name, { signal })
    await source.close()
    return source.info
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    if (isMissingFile(error))
      throw new UnsupportedError(`its values are in ${name}, a raw file that is not there`)
    throw new UnsupportedError(`its values are in ${name}, a raw file that cannot be read: ${error.message}`)
  }
}

interface RawValues {
  /** The dataset's own extents. */
  readonly shape: readonly number[]
  readonly segments: readonly Segment[]
  readonly bytes: number
}

function planRaw(array: ForeignArray, values: RawValues, open: OpenForeign, copies: boolean): ForeignChunks {
  if (values.shape.some((extent, axis) => extent !== array.shape[axis]))
    throw new UnsupportedError('external raw files of a dataset shorter than its dimension')
  const why = array.padded ? 'strings that are not NUL-padded' : undefined
  const chunkShape = why === undefined ? referencedShape(array, values, copies) : undefined
  if (!chunkShape && !copies)
    throw new UnsupportedError(`${why ?? 'values cut within a chunk'}, in external raw files`, {
      copyable: true,
    })
  if (!chunkShape) checkCopies(array, values)
  const rows = new RawRows(array, values, chunkShape ?? copiedShape(array), open)
  return {
    chunkShape: rows.chunkShape,
    codecs: [],
    copied: why ?? 'values in external raw files that are cut within a chunk',
    batches: (index, range) => rows.batches(index, range),
  }
}

/** A small file may declare any number of values. */
function checkCopies(array: ForeignArray, { segments, bytes }: RawValues): void {
  const chunks = chunkCount(gridShape(array.shape, copiedShape(array)))
  if (chunks > MOST_COPIES) throw new UnsupportedError(`external raw files copied to ${chunks} chunks`)
  const held = segments.reduce(
    (sum, { from, to, offset, file }) => sum + Math.min(to - from, Math.max(0, file.size - offset)),
    0,
  )
  if (!isZero(array) && bytes - held > MOST_ZEROS)
    throw new UnsupportedError(`external raw files of ${held} bytes for values of ${bytes} bytes`)
}

/** Whether chunks that are missing read as what libhdf5 reads behind the end of a raw file. */
function isZero({ fillValue }: ForeignArray): boolean {
  return (fillValue ?? []).every((byte) => byte === 0)
}

function copiedShape({ shape, dataType }: ForeignArray): number[] {
  const extents = shape.map((extent) => Math.max(1, extent))
  return splitToTarget(
    extents,
    extents.map(() => 1),
    itemSize(dataType),
    PIECE_BYTES,
  )
}

/** Chunks of which each is a reference or missing; undefined: there are none, or there are too many small ones. */
function referencedShape(array: ForeignArray, values: RawValues, copies: boolean): number[] | undefined {
  const { shape, dataType } = array
  const itemBytes = itemSize(dataType)
  if (values.bytes === 0) return shape.map((extent) => Math.max(1, extent))
  const cuts = values.segments.slice(1).map(({ from }) => from)
  for (const whole of [false, true]) {
    const chunkShape = uncutShape(shape, itemBytes, cuts, whole)
    if (!chunkShape) return undefined
    const chunks = chunkCount(gridShape(shape, chunkShape))
    if (chunks > MOST_CHUNKS) return undefined
    const isSmall = chunkCount(chunkShape) * itemBytes < SMALL_PIECE && chunks > MANY_PIECES
    const rows = new RawRows(array, values, chunkShape, undefined)
    if (!(copies && isSmall) && rows.areReferences(chunks)) return chunkShape
  }
  return undefined
}

/** Where a chunk's bytes are: at `offset` of one file; nowhere: they read as zeros; or here and there. */
type RawPlace = { readonly file: SourceInfo; readonly offset: number } | 'nowhere' | 'scattered'

/** The chunks of an array over its segments. */
class RawRows {
  readonly chunkShape: readonly number[]
  readonly #array: ForeignArray
  readonly #segments: readonly Segment[]
  readonly #bytes: number
  readonly #grid: readonly number[]
  readonly #strides: readonly number[]
  readonly #size: number
  readonly #open: OpenForeign | undefined

  constructor(
    array: ForeignArray,
    { segments, bytes }: RawValues,
    chunkShape: readonly number[],
    open: OpenForeign | undefined,
  ) {
    const itemBytes = itemSize(array.dataType)
    this.chunkShape = chunkShape
    this.#array = array
    this.#segments = segments
    this.#bytes = bytes
    this.#grid = gridShape(array.shape, chunkShape)
    this.#strides = gridStrides(array.shape).map((stride, axis) => stride * chunkShape[axis] * itemBytes)
    this.#size = chunkCount(chunkShape) * itemBytes
    this.#open = open
  }

  areReferences(chunks: number): boolean {
    const isFill = isZero(this.#array)
    for (let chunk = 0; chunk < chunks; chunk++) {
      const place = this.#placeOf(this.#startOf(chunk))
      if (place === 'scattered' || (place === 'nowhere' && !isFill)) return false
    }
    return true
  }

  async *batches(array: number, { from, to, signal }: ForeignRange): AsyncGenerator<ReferenceBatch, void> {
    const rows = new ForeignRows(array)
    const isFill = isZero(this.#array)
    const reader = new RawReader(this.#open, signal)
    try {
      for (let chunk = from; chunk < to; chunk++) {
        const start = this.#startOf(chunk)
        const place = this.#placeOf(start)
        if (place === 'nowhere' && isFill) continue
        if (typeof place === 'object' && !this.#array.padded)
          rows.add(chunk, { path: place.file.url, offset: place.offset, length: this.#size })
        else rows.add(chunk, await this.#copy(start, reader))
        if (rows.isFull) yield* rows.flush()
      }
      yield* rows.flush()
    } finally {
      await reader.close()
    }
  }

  #startOf(chunk: number): number {
    const strides = this.#strides
    return chunkCoordinates(chunk, this.#grid).reduce((sum, c, axis) => sum + c * strides[axis], 0)
  }

  /** The end of the values in the chunk that begins at `start`, wherever its last axis ends. */
  #endOf(start: number): number {
    return Math.min(start + this.#size, this.#bytes)
  }

  #segmentsOf(from: number, to: number): Segment[] {
    return this.#segments.slice(this.#segmentAt(from)).filter((segment) => segment.from < to)
  }

  #segmentAt(byte: number): number {
    return firstIndex(this.#segments.length, (i) => this.#segments[i].to > byte)
  }

  #placeOf(start: number): RawPlace {
    const end = this.#endOf(start)
    const index = this.#segmentAt(start)
    const { from, to, offset, file } = this.#segments[index]
    const at = offset + start - from
    if (end <= to && at + this.#size <= file.size) return { file, offset: at }
    const isBeyond = (segment: Segment) =>
      segment.offset + Math.max(0, start - segment.from) >= segment.file.size
    for (let i = index; i < this.#segments.length && this.#segments[i].from < end; i++)
      if (!isBeyond(this.#segments[i])) return 'scattered'
    return 'nowhere'
  }

  /** A whole chunk; zeros where a file ends before its segment, as libhdf5 reads it. */
  async #copy(start: number, reader: RawReader): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.#size)
    const end = this.#endOf(start)
    for (const { from, to, offset, file } of this.#segmentsOf(start, end)) {
      const first = Math.max(from, start)
      const at = offset + first - from
      const length = Math.min(Math.min(to, end) - first, file.size - at)
      if (length > 0) bytes.set(await reader.read(file, at, length), first - start)
    }
    return this.#array.padded ? (withoutPadding(bytes, this.#array.padded) ?? bytes) : bytes
  }
}
