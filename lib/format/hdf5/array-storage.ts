/** From a dataset's messages to the metadata of its array, and where the body will find its chunks. */
import { FormatError, UnsupportedError } from '../../errors.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import { PIECE_BYTES } from '../../model/chunk-split.ts'
import { itemSize } from '../../model/data-type.ts'
import type { Attributes, FillValue } from '../../model/metadata.ts'
import { parseVlenPointers, type VlenPointer } from './attribute-value.ts'
import type { ChunkedDataset } from './chunk-index/index.ts'
import { damageOrThrow } from './damage.ts'
import { fillValueOf, type ZarrType, zarrTypeOf } from './data-type.ts'
import type { Dataset } from './dataset.ts'
import { checkFilters, encodingOf } from './decoded/array-encoding.ts'
import { copyCodecs, copyReason } from './decoded/copied-rows.ts'
import { type PaddedStrings, paddedStringsOf, withoutPadding } from './decoded/string-padding.ts'
import { hasTextMembers, textLayout, withFixedTexts } from './decoded/text-members.ts'
import type { Hdf5File } from './file.ts'
import { planForeign } from './foreign/foreign-array.ts'
import type { DataLayout } from './message/data-layout.ts'
import type { Variable } from './netcdf4.ts'
import {
  type ArrayStorage,
  type ElementStorage,
  type PlannedArray,
  type StringStorage,
  UNEQUAL_FILL,
} from './planned-array.ts'

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
  /** Whether what references cannot express is to be copied where that is possible. */
  readonly copies?: boolean
  /** Where `copies` and there are any, the strings of variable length within its elements. */
  readonly texts?: MeasuredTexts | undefined
}

/** What the strings within a dataset's elements fit in. */
export interface MeasuredTexts {
  /** Bytes of UTF-8 for each member; at least 1. */
  readonly widths: readonly number[]
  /** The fill value as a copied element. */
  readonly fill: Uint8Array | undefined
}

/** Whether a dataset that references cannot express would be copied where that is asked for. */
export function isCopyable(dataset: Dataset, context: ArrayContext): boolean {
  try {
    planArray(dataset, { ...context, copies: true })
    return true
  } catch (error) {
    damageOrThrow(error)
    return false
  }
}

/**
 * The array of a dataset.
 * @throws UnsupportedError that names what references cannot express; FormatError where messages contradict.
 */
export function planArray(dataset: Dataset, context: ArrayContext): PlannedArray {
  const { path, variable, copies = false } = context
  if (copies && !dataset.foreign && hasTextMembers(dataset.datatype)) return planStructures(dataset, context)
  const type = zarrTypeOf(dataset.datatype)
  const { shape } = variable
  const extra = type.extraShape
  const described = { path, dims: variable.dims, attributes: { ...type.attributes, ...context.attributes } }
  const padded = paddedStringsOf(dataset.datatype)
  if (dataset.foreign) {
    const whole = { ...described, shape: [...shape, ...extra], dataType: type.dataType }
    const fill = type.variableLength ? null : fillOf(dataset, type, padded)
    return planForeign(dataset.foreign(), whole, { fill, padded, copies })
  }
  const storage = storageOf(dataset, context)
  const { dataType } = type
  if (type.variableLength) {
    const strings = stringsOf(dataset, storage, context)
    const { chunkShape } = strings
    const codecs = [{ id: 'vlen-utf8' }]
    return {
      metadata: { ...described, shape, chunkShape, dataType, fillValue: null, codecs },
      storage: strings,
    }
  }
  const ownChunks = storage.kind === 'chunked' ? storage.dataset.layout.chunkShape : shape
  const chunkShape = [...ownChunks, ...extra].map((extent) => Math.max(1, extent))
  const chunkBytes = chunkCount(chunkShape) * itemSize(dataType)
  const filters = storage.kind === 'chunked' ? storage.filters : []
  const { codecs, recoded } = encodingOf({ filters, chunkBytes, dataType, padded }, copies)
  const fill = fillOf(dataset, type, padded)
  const fillValue = fill ?? null
  const metadata = { ...described, shape: [...shape, ...extra], chunkShape, dataType, fillValue, codecs }
  const unfillable = fill === undefined ? UNEQUAL_FILL : undefined
  const converted = padded ? convertedCompact(storage, padded) : storage
  return { metadata, storage: converted, padded, unfillable, recoded }
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
  if (dataset.externalFiles) throw new UnsupportedError('its values are in external raw files')
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
  if (unfilteredEdges && lengthened && filters.length > 0 && !context.copies) {
    throw new UnsupportedError('partial chunks without filters in a dataset shorter than its dimension')
  }
  const onlyEdges = unfilteredEdges && shape.some((extent, axis) => extent < chunkShape[axis])
  const filtered = filters.length > 0
  const described = { path, shape, maxShape: dataspace.maxShape, layout, filtered }
  const chunked: ChunkedDataset =
    unfilteredEdges && lengthened ? { ...described, edgeShape: dataspace.shape } : described
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

/** Without measured strings, as if all were one byte long: only to see whether there is a way. */
function planStructures(dataset: Dataset, context: ArrayContext): PlannedArray {
  const { path, variable, attributes, texts = { widths: [], fill: undefined } } = context
  const layout = textLayout(dataset.datatype, texts.widths)
  const fixed = withFixedTexts(dataset.datatype, texts.widths)
  const type = zarrTypeOf(fixed)
  const elements = elementsOf(dataset, context, Math.max(1, Math.floor(PIECE_BYTES / layout.size)))
  const codecs = copyCodecs(type.dataType)
  const metadata = {
    path,
    dims: variable.dims,
    attributes: { ...type.attributes, ...attributes },
    shape: [...variable.shape, ...type.extraShape],
    chunkShape: [...elements.chunkShape, ...type.extraShape].map((extent) => Math.max(1, extent)),
    dataType: type.dataType,
    fillValue: (texts.fill && fillValueOf(texts.fill, type)) ?? null,
    codecs,
  }
  const storage = { kind: 'structures', ...elements, layout, padded: paddedStringsOf(fixed) } as const
  return { metadata, storage, recoded: copyReason('variable-length strings in its elements', codecs) }
}

/**
 * The elements of a dataset as they are stored, to be read.
 * @param rowElements the most of them in a chunk where the file has no chunks.
 * @throws UnsupportedError for a filter that is not undone here.
 */
export function elementsOf(dataset: Dataset, context: ArrayContext, rowElements: number): ElementStorage {
  const pointers = storageOf(dataset, context)
  const { shape } = context.variable
  const pointerSize = dataset.datatype.size
  const chunkShape =
    pointers.kind === 'chunked' ? pointers.dataset.layout.chunkShape : rowsOf(shape, rowElements)
  if (pointers.kind === 'chunked') {
    const what = 'structures with variable-length strings'
    checkFilters(pointers.filters, chunkCount(chunkShape) * pointerSize, { what, copies: true })
  }
  return { pointers, pointerSize, shape, chunkShape }
}

function damage({ file, path }: ArrayContext, problem: string): FormatError {
  return new FormatError({ url: file.source.url, structure: `dataset ${path}`, offset: 0 }, problem)
}

function stringsOf(
  dataset: Dataset,
  pointers: ArrayStorage,
  { file, variable: { shape }, copies = false }: ArrayContext,
): StringStorage {
  const { size } = dataset.datatype
  if (size !== 4 + file.offsetSize + 4) throw new UnsupportedError(`variable-length strings of ${size} bytes`)
  const chunkShape =
    pointers.kind === 'chunked' ? pointers.dataset.layout.chunkShape : rowsOf(shape, STRINGS_A_CHUNK)
  if (pointers.kind === 'chunked') {
    const what = 'variable-length strings'
    checkFilters(pointers.filters, chunkCount(chunkShape) * size, { what, copies })
  }
  const fill = stringFill(dataset, file)
  if (fill && chunkCount(gridShape(shape, chunkShape)) > MAX_FILL_CHUNKS) {
    throw new UnsupportedError(`a string as fill value of more than ${MAX_FILL_CHUNKS} chunks`)
  }
  return { kind: 'strings', pointers, pointerSize: size, shape, chunkShape, fill }
}

/** Chunks of whole rows along the first axis. */
function rowsOf(shape: readonly number[], elements: number): number[] {
  if (shape.length === 0) return []
  const [rows, ...rest] = shape.map((extent) => Math.max(1, extent))
  const row = rest.reduce((product, extent) => product * extent, 1)
  return [Math.min(rows, Math.max(1, Math.floor(elements / row))), ...rest]
}

function stringFill({ fillValue, datatype }: Dataset, file: Hdf5File): VlenPointer | undefined {
  if (fillValue.state !== 'defined' || fillValue.bytes.length !== datatype.size) return undefined
  const [pointer] = parseVlenPointers(fillValue.bytes, 1, file.offsetSize, file.source.url)
  return pointer.id ? pointer : undefined
}
