/** Barriers: what stands in the way of combining files, found by pure comparisons of headers, and how it is said. */
import { PlanError } from '../errors.ts'
import type { AttributeValue, CodecConfig } from '../model/metadata.ts'

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
  | 'unordered'
  | 'overlap'
  | 'duplicate'
  | 'gap'
  | 'no-coordinate'

/** One difference between two inputs that stops a combination. */
export interface Barrier {
  readonly kind: BarrierKind
  /** The array's path. */
  readonly array: string
  /** What differs, in words: 'the data type', 'units', 'the value at [3]'. */
  readonly subject: string
  readonly inputs: readonly [string, string]
  readonly values: readonly [AttributeValue, AttributeValue]
  /** How many inputs are on each side; one each where it is a matter of these two alone. */
  readonly files: readonly [number, number]
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

/** Parameters that decoders do not need, by codec: they only tell how hard the writer tried. Blosc describes itself. */
const ENCODING_ONLY: Readonly<Record<string, readonly string[]>> = {
  zlib: ['level'],
  gzip: ['level'],
  bz2: ['level'],
  zstd: ['level', 'checksum'],
  lz4: ['acceleration'],
  blosc: ['cname', 'clevel', 'shuffle', 'blocksize', 'typesize'],
}

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

/** Of these the subject says by itself what is wrong; of all others something differs. */
const SENTENCES: ReadonlySet<BarrierKind> = new Set<BarrierKind>([
  'variable',
  'partial-chunk',
  'unordered',
  'overlap',
  'duplicate',
  'gap',
  'no-coordinate',
])

/** The one place where a barrier becomes words. */
export function formatBarrier({ kind, array, subject, inputs, values, files, advice }: Barrier): string {
  const side = (at: 0 | 1) => `${formatValue(values[at])} in ${inputs[at]}${andMore(files[at])}`
  const what = SENTENCES.has(kind) ? subject : `${subject} differs`
  return `${array}: ${what}: ${side(0)}, ${side(1)}; ${advice}`
}

function andMore(files: number): string {
  return files > 1 ? ` and ${files - 1} more` : ''
}

/** A value as messages and tables show it. */
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
