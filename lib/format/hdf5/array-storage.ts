/** From a dataset's messages to the metadata of its array, and where the body will find its chunks. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import { itemSize } from '../../model/data-type.ts'
import type { ArrayMetadata, Attributes, FillValue } from '../../model/metadata.ts'
import { parseVlenPointers, type VlenPointer } from './attribute-value.ts'
import type { ChunkedDataset } from './chunk-index/index.ts'
import { fillValueOf, type ZarrType, zarrTypeOf } from './data-type.ts'
import type { Dataset } from './dataset.ts'
import type { Hdf5File } from './file.ts'
import { checkReadable, codecsOf, writableCodecsOf } from './filter-codec.ts'
import type { DataLayout } from './message/data-layout.ts'
import type { Filter } from './message/filter-pipeline.ts'
import type { Variable } from './netcdf4.ts'
import { type PaddedStrings, paddedStringsOf, withoutPadding } from './string-padding.ts'

/** Where the bytes of an array are: all that its body needs, and nothing else of the header. */
export type ArrayStorage =
  /** From the start of the source; no offset: never written. */
  | { readonly kind: 'contiguous'; readonly offset: number | undefined; readonly length: number }
  | { readonly kind: 'compact'; readonly data: Uint8Array }
  | { readonly kind: 'chunked'; readonly dataset: ChunkedDataset; readonly filters: readonly Filter[] }

/** Strings of variable length: the storage holds references into the global heap. */
export interface StringStorage {
  readonly kind: 'strings'
  readonly pointers: ArrayStorage
  /** Bytes of one reference. */
  readonly pointerSize: number
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
  /** What chunks that were never written hold; undefined: empty strings. */
  readonly fill: VlenPointer | undefined
}

/** An array as the header shows it, and what its body needs. */
export interface PlannedArray {
  readonly metadata: ArrayMetadata
  readonly storage: ArrayStorage | StringStorage
  /** Its strings of fixed length, where reading may change them: such chunks are written anew. */
  readonly padded?: PaddedStrings | undefined
  /** Why no fill value can stand for chunks that are missing. */
  readonly unfillable?: string | undefined
}

/** Strings of a chunk where the file has none. */
const STRINGS_A_CHUNK = 1 << 16
/** Chunks of fill strings that are written out, at most. */
const MAX_FILL_CHUNKS = 1 << 20

/** What an array is planned from besides its own messages. */
interface ArrayContext {
  readonly file: Hdf5File
  readonly path: string
  readonly variable: Variable
  readonly attributes: Attributes
}

/**
 * The array of a dataset.
 * @throws UnsupportedError that names what references cannot express; FormatError where messages contradict.
 */
export function planArray(dataset: Dataset, context: ArrayContext): PlannedArray {
  if (dataset.externalFiles > 0) throw new UnsupportedError('its values are in external raw files')
  const type = zarrTypeOf(dataset.datatype)
  const { file, path, variable } = context
  const storage = storageOf(dataset, context)
  const { shape } = variable
  const extra = type.extraShape
  const described = { path, dims: variable.dims, attributes: { ...type.attributes, ...context.attributes } }
  if (type.variableLength) {
    const strings = stringsOf(dataset, storage, file, shape)
    const codecs = [{ id: 'vlen-utf8' }]
    const { chunkShape } = strings
    const metadata = { ...described, shape, chunkShape, dataType: type.dataType, fillValue: null, codecs }
    return { metadata, storage: strings }
  }
  const ownChunks = storage.kind === 'chunked' ? storage.dataset.layout.chunkShape : shape
  const chunkShape = [...ownChunks, ...extra].map((extent) => Math.max(1, extent))
  const chunkBytes = chunkCount(chunkShape) * itemSize(type.dataType)
  const { dataType } = type
  const padded = paddedStringsOf(dataset.datatype)
  const filters = storage.kind === 'chunked' ? storage.filters : []
  const codecs = padded
    ? writableCodecsOf(filters, chunkBytes, 'strings that are not NUL-padded')
    : codecsOf(filters, chunkBytes)
  const fill = fillOf(dataset, type, padded)
  const metadata = {
    ...described,
    shape: [...shape, ...extra],
    chunkShape,
    dataType,
    fillValue: fill ?? null,
    codecs,
  }
  const unfillable = fill === undefined ? 'a fill value whose array elements differ' : undefined
  return { metadata, storage: padded ? convertedCompact(storage, padded) : storage, padded, unfillable }
}

/** What is inline anyway is converted at once. */
function convertedCompact(storage: ArrayStorage, padded: PaddedStrings): ArrayStorage {
  return storage.kind === 'compact'
    ? { kind: 'compact', data: withoutPadding(storage.data, padded) ?? storage.data }
    : storage
}

function fillOf(
  { fillValue }: Dataset,
  type: ZarrType,
  padded: PaddedStrings | undefined,
): FillValue | undefined {
  if (fillValue.state !== 'defined') return null
  const { bytes } = fillValue
  return fillValueOf((padded && withoutPadding(bytes, padded)) ?? bytes, type)
}

function storageOf(dataset: Dataset, context: ArrayContext): ArrayStorage {
  const { layout, datatype, dataspace } = dataset
  const length = dataspace.shape.reduce((product, extent) => product * extent, datatype.size)
  switch (layout.kind) {
    case 'virtual':
      throw new UnsupportedError('a virtual dataset: its values are in other datasets')
    case 'contiguous':
      return contiguousOf(layout, length, context)
    case 'compact':
      return compactOf(layout.data, length, context)
    case 'chunked':
      return chunkedOf(dataset, layout, context)
  }
}

function chunkedOf(
  { datatype, dataspace, filters }: Dataset,
  layout: DataLayout & { readonly kind: 'chunked' },
  context: ArrayContext,
): ArrayStorage {
  const { chunkShape, elementSize, unfilteredEdges } = layout
  const { path } = context
  const { shape } = context.variable
  if (chunkShape.length !== shape.length || elementSize !== datatype.size) {
    const chunk = `chunks of rank ${chunkShape.length} with elements of ${elementSize} bytes`
    throw damage(context, `${chunk} for a rank of ${shape.length} and ${datatype.size} bytes`)
  }
  const lengthened = shape.some((extent, axis) => extent !== dataspace.shape[axis])
  if (unfilteredEdges && lengthened && filters.length > 0) {
    throw new UnsupportedError('partial chunks without filters in a dataset shorter than its dimension')
  }
  const onlyEdges = unfilteredEdges && shape.some((extent, axis) => extent < chunkShape[axis])
  const filtered = filters.length > 0
  const chunked: ChunkedDataset = { path, shape, maxShape: dataspace.maxShape, layout, filtered }
  return { kind: 'chunked', filters: onlyEdges ? [] : filters, dataset: chunked }
}

function contiguousOf(
  layout: DataLayout & { readonly kind: 'contiguous' },
  length: number,
  context: ArrayContext,
): ArrayStorage {
  const { address, version, size } = layout
  if (address === undefined || length === 0) return { kind: 'contiguous', offset: undefined, length }
  const { base, source } = context.file
  if (version >= 3 && size < length) throw damage(context, `${size} bytes of values, ${length} wanted`)
  const offset = base + address
  if (offset + length > source.size) {
    throw damage(
      context,
      `its values end at byte ${offset + length}, but the file has ${source.size} (truncated?)`,
    )
  }
  return { kind: 'contiguous', offset, length }
}

function compactOf(data: Uint8Array, length: number, context: ArrayContext): ArrayStorage {
  if (data.length === 0 || length === 0) return { kind: 'contiguous', offset: undefined, length }
  if (data.length < length) throw damage(context, `${data.length} bytes of values, ${length} wanted`)
  return { kind: 'compact', data: data.subarray(0, length) }
}

function damage({ file, path }: ArrayContext, problem: string): FormatError {
  return new FormatError({ url: file.source.url, structure: `dataset ${path}`, offset: 0 }, problem)
}

function stringsOf(
  dataset: Dataset,
  pointers: ArrayStorage,
  file: Hdf5File,
  shape: readonly number[],
): StringStorage {
  const { size } = dataset.datatype
  if (size !== 4 + file.offsetSize + 4) throw new UnsupportedError(`variable-length strings of ${size} bytes`)
  const chunkShape = pointers.kind === 'chunked' ? pointers.dataset.layout.chunkShape : rowsOf(shape)
  if (pointers.kind === 'chunked') checkReadable(pointers.filters, 'variable-length strings')
  const fill = stringFill(dataset, file)
  if (fill && chunkCount(gridShape(shape, chunkShape)) > MAX_FILL_CHUNKS) {
    throw new UnsupportedError(`a string as fill value of more than ${MAX_FILL_CHUNKS} chunks`)
  }
  return { kind: 'strings', pointers, pointerSize: size, shape, chunkShape, fill }
}

/** Chunks of whole rows along the first axis. */
function rowsOf(shape: readonly number[]): number[] {
  if (shape.length === 0) return []
  const [rows, ...rest] = shape.map((extent) => Math.max(1, extent))
  const row = rest.reduce((product, extent) => product * extent, 1)
  return [Math.min(rows, Math.max(1, Math.floor(STRINGS_A_CHUNK / row))), ...rest]
}

function stringFill({ fillValue, datatype }: Dataset, file: Hdf5File): VlenPointer | undefined {
  if (fillValue.state !== 'defined' || fillValue.bytes.length !== datatype.size) return undefined
  const [pointer] = parseVlenPointers(fillValue.bytes, 1, file.offsetSize, file.source.url)
  return pointer.id ? pointer : undefined
}
