/** Barriers: what stands in the way of combining files, found by pure comparisons of headers, and how it is said. */
import { PlanError } from '../errors.ts'
import type { ArrayMetadata, Attributes, AttributeValue, CodecConfig } from '../model/metadata.ts'
import { calendarOf } from './calendar.ts'
import { parseTimeUnits } from './cf-time.ts'

export type BarrierKind =
  | 'variable'
  | 'dimensions'
  | 'extent'
  | 'data-type'
  | 'chunk-shape'
  | 'partial-chunk'
  | 'codecs'
  | 'fill-value'
  | 'attribute'
  | 'values'
  | 'order'

/** One difference between two inputs that stops a combination. */
export interface Barrier {
  readonly kind: BarrierKind
  /** The array's path. */
  readonly array: string
  /** What differs, in words: 'the data type', 'units', 'the value at [3]'. */
  readonly subject: string
  readonly inputs: readonly [string, string]
  readonly values: readonly [AttributeValue, AttributeValue]
  /** What to do about it. */
  readonly advice: string
}

/** Attributes that change what the stored numbers mean; all others may differ, and the first file's are kept. */
export const DECODING_ATTRIBUTES = [
  'scale_factor',
  'add_offset',
  'units',
  'calendar',
  'missing_value',
  '_FillValue',
  '_Unsigned',
  'flag_values',
  'flag_masks',
  'flag_meanings',
  'dtype',
] as const

/** Attributes that name an array whose values are in these units: where units are converted, it has to be known in both. */
const NAMES_BOUNDS = ['bounds', 'climatology'] as const

/** Parameters that decoders do not need, by codec: they only tell how hard the writer tried. Blosc describes itself. */
const ENCODING_ONLY: Readonly<Record<string, readonly string[]>> = {
  zlib: ['level'],
  gzip: ['level'],
  bz2: ['level'],
  zstd: ['level', 'checksum'],
  lz4: ['acceleration'],
  blosc: ['cname', 'clevel', 'shuffle', 'blocksize', 'typesize'],
}

const SPLIT_UP = 'combine these files apart from each other, or rewrite one of them'
const ABSENT = 'absent'

/** The codecs without the parameters that do not matter to a reader. */
export function decodingCodecs(codecs: readonly CodecConfig[]): CodecConfig[] {
  return codecs.map((codec) => {
    const ignored = Object.hasOwn(ENCODING_ONLY, codec.id) ? ENCODING_ONLY[codec.id] : []
    return Object.fromEntries(
      Object.entries(codec).filter(([key]) => !ignored.includes(key)),
    ) as unknown as CodecConfig
  })
}

/** Whether two attribute values are equal; an integer equals the same floating-point number, NaN equals NaN. */
export function sameAttribute(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  // Comparisons, unlike ===, are exact between a bigint and a number.
  if (isNumber(a) && isNumber(b)) return a >= b && a <= b
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [x, y] = [Object.entries(a), new Map<string, AttributeValue>(Object.entries(b))]
  return x.length === y.size && x.every(([key, value]) => y.has(key) && sameAttribute(value, y.get(key)))
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** What must be equal whatever becomes of the array; `dim` is the axis along which extents may differ. */
export function compareMeaning(
  a: ArrayMetadata,
  b: ArrayMetadata,
  inputs: readonly [string, string],
  dim: string,
  convertsTime: boolean,
): Barrier[] {
  const found: Barrier[] = []
  const check = checker(found, a.path, inputs)
  check('dimensions', 'the list of dimensions', a.dims, b.dims, SPLIT_UP)
  check('data-type', 'the data type', typeValue(a), typeValue(b), SPLIT_UP)
  if (found.length === 0) {
    for (const [axis, name] of a.dims.entries()) {
      if (axis === 0 && name === dim) continue
      check('extent', `the extent of ${name}`, a.shape[axis], b.shape[axis], SPLIT_UP)
    }
  }
  const changesUnits = convertsTime && !sameAttribute(a.attributes.units, b.attributes.units)
  for (const name of changesUnits ? [...DECODING_ATTRIBUTES, ...NAMES_BOUNDS] : DECODING_ATTRIBUTES) {
    if (sameDecoding(name, a.attributes, b.attributes, convertsTime)) continue
    const [x, y] = [a.attributes[name] ?? ABSENT, b.attributes[name] ?? ABSENT]
    found.push({ kind: 'attribute', array: a.path, subject: name, inputs, values: [x, y], advice: SPLIT_UP })
  }
  return found
}

/** What must be equal besides where chunks of both files stay referenced under one grid. */
export function compareStorage(
  a: ArrayMetadata,
  b: ArrayMetadata,
  inputs: readonly [string, string],
): Barrier[] {
  const found: Barrier[] = []
  const check = checker(found, a.path, inputs)
  check('chunk-shape', 'the chunk shape', a.chunkShape, b.chunkShape, SPLIT_UP)
  check('codecs', 'the list of codecs', decodingCodecs(a.codecs), decodingCodecs(b.codecs), SPLIT_UP)
  check('fill-value', 'the fill value (hexadecimal)', fillText(a), fillText(b), SPLIT_UP)
  return found
}

function checker(found: Barrier[], array: string, inputs: readonly [string, string]) {
  return (kind: BarrierKind, subject: string, a: AttributeValue, b: AttributeValue, advice: string) => {
    if (!sameAttribute(a, b)) found.push({ kind, array, subject, inputs, values: [a, b], advice })
  }
}

function typeValue(array: ArrayMetadata): AttributeValue {
  return array.dataType as AttributeValue
}

/** No fill value and a fill value of zeros read the same. */
function fillText(array: ArrayMetadata): string {
  const fill = array.fillValue
  return fill?.some((byte) => byte !== 0) ? Buffer.from(fill).toString('hex') : '0'
}

/** Equal in effect: one calendar under two names, or units of time that can be converted. */
function sameDecoding(name: string, a: Attributes, b: Attributes, convertsTime: boolean): boolean {
  if (sameAttribute(a[name], b[name])) return true
  if (name === 'calendar') {
    const calendar = calendarOf(a.calendar)
    return calendar !== undefined && calendar === calendarOf(b.calendar)
  }
  if (name !== 'units' || !convertsTime) return false
  const calendar = calendarOf(a.calendar)
  if (!calendar || calendar !== calendarOf(b.calendar)) return false
  return [a, b].every(({ units }) => parseTimeUnits(units, calendar) !== undefined)
}

/** A variable that one of two files lacks. */
export function missingVariable(array: string, has: string, lacks: string, first: 'has' | 'lacks'): Barrier {
  const pair = first === 'has' ? ([has, lacks] as const) : ([lacks, has] as const)
  const values = first === 'has' ? (['present', ABSENT] as const) : ([ABSENT, 'present'] as const)
  const advice = 'leave the variable out, or the files without it'
  return { kind: 'variable', array, subject: 'the variable', inputs: pair, values, advice }
}

/** The one place where a barrier becomes words. */
export function formatBarrier({ array, subject, inputs, values, advice }: Barrier): string {
  return `${array}: ${subject} differs: ${formatValue(values[0])} in ${inputs[0]}, ${formatValue(values[1])} in ${inputs[1]}; ${advice}`
}

function formatValue(value: AttributeValue): string {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value)
  if (typeof value === 'string') return value
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' || typeof part === 'number' ? `${part}` : part,
  ).replaceAll(/"(-?[\d.e+]+|NaN|-?Infinity)"/g, '$1')
}

/** Barriers told in one error; the rest are counted. */
const TOLD = 10

/** The error that stops a combination: every barrier given, one a line. */
export function barrierError(barriers: readonly Barrier[]): PlanError {
  const lines = barriers.slice(0, TOLD).map(formatBarrier)
  if (barriers.length > TOLD) lines.push(`... and ${barriers.length - TOLD} more`)
  const { array, inputs } = barriers[0]
  return new PlanError(lines.join('\n'), { array, inputs })
}
