/** From a variable to the metadata of its array, and how the body will find its chunks. */
import { UnsupportedError } from '../../errors.ts'
import { chunkCount, gridShape } from '../../model/chunk-grid.ts'
import type { ArrayMetadata, CodecConfig } from '../../model/metadata.ts'
import { stringType, type ZarrType, zarrTypeOf } from './data-type.ts'
import type { Axis } from './dimensions.ts'
import type { Document } from './document.ts'
import { fillValueOf } from './fill-value.ts'
import { activeMask, codecsOf, type Filter, filtersOf } from './filter-codec.ts'
import { documentError, pathIn, type Storage, type Variable } from './variable.ts'

/** Axes of an array. */
const MOST_AXES = 32
/** Bytes of what points at a string of variable length: its length, an address of 8 or 4 bytes, and an index. */
const HEAP_POINTER = 16
const SMALL_POINTER = 12
/** Chunks that linked blocks are cut into. */
const MOST_BLOCKS = 1 << 20
/** Bytes of values that are deflated in the document. */
const MOST_INFLATED = 1 << 28

/** How the values of an array are found. */
export type Layout =
  | { readonly kind: 'chunks'; readonly grid: readonly number[]; readonly ascending: boolean }
  /** In one piece; bytes that are wanted of it, undefined where it is compressed. */
  | { readonly kind: 'whole'; readonly length: number | undefined }
  /** In blocks that follow one another, each some of these many bytes. */
  | { readonly kind: 'blocks'; readonly unit: number }
  /** In the document: bytes in base64, deflated or not; the text of one string; strings one by one. */
  | { readonly kind: 'bytes' | 'deflated'; readonly length: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'strings'; readonly count: number }

/** An array, and where its values are. */
export interface PlannedArray {
  readonly metadata: ArrayMetadata
  readonly layout: Layout
  /** Bytes of a chunk without filters, where they have to be so many. */
  readonly chunkBytes: number | undefined
  /** Some chunks skip filters that others go through: these filters, and the bits that matter. */
  readonly masked: { readonly filters: readonly Filter[]; readonly bits: number } | undefined
  readonly notes: readonly string[]
}

interface Context {
  readonly url: string
  readonly document: Pick<Document, 'enumerations' | 'versioned'>
  readonly axes: readonly Axis[]
}

const VLEN_UTF8: readonly CodecConfig[] = [{ id: 'vlen-utf8' }]
const DEFLATED: readonly CodecConfig[] = [{ id: 'zlib', level: 6 }]

/**
 * The array of a variable.
 * @throws UnsupportedError that names what references cannot express; FormatError where the document contradicts itself.
 */
export function planArray(variable: Variable, context: Context): PlannedArray {
  const { storage, unsafe } = variable
  if (unsafe !== undefined) throw new UnsupportedError(unsafe)
  if (variable.dims.length > MOST_AXES) throw new UnsupportedError(`an array of ${variable.dims.length} axes`)
  const { kinds, chunks } = storage
  if (kinds.size > 1 && chunks.count > 0)
    throw documentError(
      context.url,
      variable.place,
      `variable ${variable.name}`,
      'chunks beside values in the document',
    )
  if (kinds.has('specialstructuredata')) throw new UnsupportedError('structures with strings')
  if (kinds.has('vlsa')) return planStrings(variable, context)
  if (kinds.has('compact') || kinds.has('missingdata')) return planInline(variable, context)
  if (!kinds.has('chunks') && !kinds.has('chunk'))
    throw new UnsupportedError('the document does not tell where its values are')
  return planChunks(variable, context)
}

interface Described {
  readonly type: Pick<ZarrType, 'dataType' | 'attributes'>
  readonly chunkShape?: readonly number[]
  readonly codecs?: readonly CodecConfig[]
}

function metadataOf(
  variable: Variable,
  { axes }: Context,
  { type, chunkShape, codecs = [] }: Described,
): ArrayMetadata {
  const shape = axes.map(({ size }) => size)
  return {
    path: pathIn(variable.group, variable.name),
    dims: axes.map(({ name }) => name),
    attributes: { ...type.attributes, ...variable.attributes },
    shape,
    chunkShape: chunkShape ?? shape.map((extent) => Math.max(1, extent)),
    dataType: type.dataType,
    fillValue: null,
    codecs,
  }
}

const UNMASKED = { chunkBytes: undefined, masked: undefined, notes: [] }

function planStrings(variable: Variable, context: Context): PlannedArray {
  if (variable.type !== 'String') throw new UnsupportedError(`strings for values of type ${variable.type}`)
  const type = { dataType: '|O', attributes: {} }
  const count = elementsOf(variable, context)
  return {
    ...UNMASKED,
    metadata: metadataOf(variable, context, { type, codecs: VLEN_UTF8 }),
    layout: { kind: 'strings', count },
  }
}

/** Values that the document holds are those of a little-endian machine, whatever the file's. */
function planInline(given: Variable, context: Context): PlannedArray {
  const variable = { ...given, storage: { ...given.storage, byteOrder: undefined } }
  const deflated = variable.storage.kinds.has('missingdata')
  const isText = variable.type === 'String'
  if (isText && variable.dims.length === 0) {
    const type = { dataType: '|O', attributes: {} }
    return {
      ...UNMASKED,
      metadata: metadataOf(variable, context, { type, codecs: VLEN_UTF8 }),
      layout: { kind: 'text' },
    }
  }
  const type = elementType(variable, context)
  const elements = elementsOf(variable, context)
  const isDeflated = deflated && elements > 1
  if (isDeflated && elements * type.size > MOST_INFLATED)
    throw new UnsupportedError(`more than ${MOST_INFLATED} bytes of values in the document`)
  const codecs = isDeflated ? DEFLATED : []
  return {
    ...UNMASKED,
    metadata: metadataOf(variable, context, { type, codecs }),
    layout: { kind: isDeflated ? 'deflated' : 'bytes', length: elements * type.size },
    notes: paddingNotes(variable),
  }
}

function elementType(variable: Variable, { document }: Context): ZarrType {
  const { type, strings, dims, storage } = variable
  if (type !== 'String') return zarrTypeOf(variable, document.enumerations)
  if (strings) return stringType(strings.length)
  const { count, length } = storage.chunks
  if (dims.length === 0 && !mayBePointer(variable)) return stringType(count === 0 ? 1 : length)
  throw new UnsupportedError('strings whose length the document does not tell')
}

/** Older builders give for a string of variable length where HDF5 keeps what points at it. */
function mayBePointer({ storage: { fillValue = 'unsupported-string', chunks } }: Variable): boolean {
  return (
    fillValue.startsWith('unsupported') && (chunks.length === HEAP_POINTER || chunks.length === SMALL_POINTER)
  )
}

function elementsOf(variable: Variable, { axes, url }: Context): number {
  const count = chunkCount(axes.map(({ size }) => size))
  if (Number.isSafeInteger(count)) return count
  throw documentError(url, variable.place, `variable ${variable.name}`, 'more elements than can be counted')
}

function planChunks(variable: Variable, context: Context): PlannedArray {
  const { storage } = variable
  if (storage.linked) throw new UnsupportedError('chunks of linked blocks')
  const type = elementType(variable, context)
  const elements = elementsOf(variable, context)
  const shape = context.axes.map(({ size }) => size)
  const whole = shape.map((extent) => Math.max(1, extent))
  const chunkShape = storage.chunkShape ?? whole
  if (chunkShape.length !== shape.length)
    throw new UnsupportedError(`chunks of ${chunkShape.length} axes for an array of ${shape.length}`)
  const chunkBytes = chunkCount(chunkShape) * type.size
  if (storage.blocks.count > 0) return planBlocks(variable, context, type)
  const { deflateLevel } = storage
  const options = { deflateLevel, versioned: context.document.versioned, itemSize: type.size, chunkBytes }
  const filters = filtersOf(storage.filters, options)
  const { anyMask, allMask, count, ascending } = storage.chunks
  const bits = activeMask(filters)
  const isMixed = (anyMask & bits) >>> 0 !== (allMask & bits) >>> 0
  const codecs = codecsOf(filters, isMixed ? 0 : allMask & bits)
  const grid = gridShape(shape, chunkShape)
  const isWhole = storage.chunkShape === undefined
  if (isWhole && count > 1) throw new UnsupportedError(`an array in ${count} pieces without a grid`)
  const wholeLength = codecs.length === 0 && !isMixed ? elements * type.size : undefined
  const metadata = metadataOf(variable, context, { type, chunkShape, codecs })
  const fill = fillOf(variable, type, chunkCount(grid) - count)
  return {
    metadata: { ...metadata, fillValue: fill.bytes },
    layout: isWhole ? { kind: 'whole', length: wholeLength } : { kind: 'chunks', grid, ascending },
    chunkBytes: isWhole || codecs.length > 0 ? undefined : chunkBytes,
    masked: isMixed ? { filters, bits } : undefined,
    notes: [...fill.notes, ...paddingNotes(variable), ...orderNotes(filters, storage, context)],
  }
}

/** HDF4 puts what is appended into blocks of their own: as chunks of the rows that all of them are multiples of. */
function planBlocks(variable: Variable, context: Context, type: ZarrType): PlannedArray {
  const { blocks, filters } = variable.storage
  const [rows = 1, ...rest] = context.axes.map(({ size }) => size)
  const rowBytes = chunkCount(rest) * type.size
  const fits =
    context.axes.length > 0 && !filters && blocks.total === rows * rowBytes && blocks.unit % rowBytes === 0
  if (fits && blocks.total / blocks.unit > MOST_BLOCKS)
    throw new UnsupportedError(`linked blocks in more than ${MOST_BLOCKS} pieces`)
  if (!fits) throw new UnsupportedError(`an array in ${blocks.count} linked blocks that are no rows of it`)
  const chunkShape = [blocks.unit / rowBytes, ...rest]
  return {
    ...UNMASKED,
    metadata: metadataOf(variable, context, { type, chunkShape }),
    layout: { kind: 'blocks', unit: blocks.unit },
  }
}

/** What stands for chunks that are not there, and what is not certain of it. */
function fillOf(
  variable: Variable,
  type: ZarrType,
  missing: number,
): { bytes: Uint8Array | null; notes: string[] } {
  const { _FillValue } = variable.attributes
  const { fillValue } = variable.storage
  if (fillValue === undefined && missing > 0 && type.dataType !== '|b1' && variable.type !== 'Enum') {
    const own =
      typeof _FillValue === 'number' || typeof _FillValue === 'bigint' ? String(_FillValue) : undefined
    const { bytes } = fillValueOf(own, type, _FillValue)
    const stands = own === undefined ? 'they read as 0' : `they read as its _FillValue, ${own}`
    return { bytes, notes: [`the document gives no fill value for its missing chunks: ${stands}`] }
  }
  const { bytes, doubt } = fillValueOf(fillValue, type, _FillValue)
  return { bytes, notes: doubt !== undefined && missing > 0 ? [doubt] : [] }
}

/** As netCDF's readers would not give them. */
function paddingNotes({ strings }: Variable): string[] {
  if (strings?.pad === 'space_pad')
    return ['its strings are filled up with spaces in the file, and are read with them']
  if (strings?.pad !== 'null_term' || strings.length < 2) return []
  return ['its strings end at a NUL in the file; what the file has behind it is read too']
}

/** Older documents name filters in an order of their own. */
function orderNotes(filters: readonly Filter[], { filters: told }: Storage, { document }: Context): string[] {
  if (document.versioned || filters.length < 2 || !told?.includes('fletcher32')) return []
  return [
    `its document tells no version, nor the order of its filters: taken as ${codecsOf(filters)
      .map(({ id }) => id)
      .join(', ')}`,
  ]
}
