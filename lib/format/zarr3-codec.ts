/** `codecs` of Zarr v3 as Zarr v2's filters: the chain from an array to bytes ("Codecs" of the v3 specification). */
import { type DataType, itemSize, parseScalarType } from '../model/data-type.ts'
import type { CodecConfig } from '../model/metadata.ts'
import { ZARR3_SHUFFLES } from '../model/zarr3-name.ts'
import type { JsonObject, PythonJson } from './python-json.ts'
import type { ByteOrder } from './zarr3-data-type.ts'
import { type Extension, parseExtension, parseWhole, type Zarr3Refusals } from './zarr3-extension.ts'

/** Codecs from array to array; all of numcodecs take and give the bytes of the array, as Zarr v2's filters do. */
const ARRAY_TO_ARRAY = new Set([
  'transpose',
  ...['delta', 'bitround', 'fixedscaleoffset', 'quantize', 'packbits', 'astype'].map(
    (id) => `numcodecs.${id}`,
  ),
])

/** Codecs from array to bytes, of which a chain has one. */
const ARRAY_TO_BYTES = new Set([
  'bytes',
  'endian',
  'vlen-utf8',
  'vlen-bytes',
  'sharding_indexed',
  'numcodecs.pcodec',
  'numcodecs.zfpy',
])

/** numcodecs' codecs from bytes to bytes. */
const BYTES_TO_BYTES = new Set(
  'blosc lz4 zstd zlib gzip bz2 lzma shuffle crc32 crc32c adler32 fletcher32 jenkins_lookup3'
    .split(' ')
    .map((id) => `numcodecs.${id}`),
)

/** A chain cut at the codec that makes bytes of an array. */
export interface CodecChain {
  readonly filters: readonly Extension[]
  readonly serializer: Extension
  readonly compressors: readonly Extension[]
}

/** Takes `codecs` apart. */
export function parseCodecChain(refusals: Zarr3Refusals, json: PythonJson | undefined): CodecChain {
  if (!Array.isArray(json)) return refusals.refuse('codecs is no list')
  const all = json.map((codec) => parseExtension(refusals, 'a codec', codec))
  const at = all.findIndex(({ name }) => ARRAY_TO_BYTES.has(name))
  const unknown = all.find(({ name }) => !isKnown(name))
  if (unknown) refusals.unsupported(`the Zarr codec ${unknown.name}`)
  if (at === -1) refusals.refuse('codecs has none that makes bytes of an array')
  const filters = all.slice(0, at)
  const compressors = all.slice(at + 1)
  const misplaced =
    filters.find(({ name }) => !ARRAY_TO_ARRAY.has(name)) ??
    compressors.find(({ name }) => ARRAY_TO_ARRAY.has(name) || ARRAY_TO_BYTES.has(name))
  if (misplaced) refusals.refuse(`codecs has ${misplaced.name} where it cannot be`)
  return { filters, serializer: all[at], compressors }
}

function isKnown(name: string): boolean {
  return (
    ARRAY_TO_ARRAY.has(name) ||
    ARRAY_TO_BYTES.has(name) ||
    BYTES_TO_BYTES.has(name) ||
    Object.hasOwn(STANDARD, name)
  )
}

/** The byte order of the array's elements, little-endian where it is not said (zarr-python takes the machine's). */
export function parseByteOrder(refusals: Zarr3Refusals, { serializer }: CodecChain): ByteOrder {
  const { endian } = serializer.configuration
  if (endian === 'big') return '>'
  return endian === undefined || endian === null || endian === 'little'
    ? '<'
    : refusals.refuse('the codec bytes has no such endian')
}

/** What a codec's translation looks at. */
interface Translating {
  readonly refusals: Zarr3Refusals
  readonly dataType: DataType
}

/** Codecs of the specification from bytes to bytes. */
const STANDARD: Record<string, (configuration: JsonObject, translating: Translating) => CodecConfig> = {
  gzip: ({ level }, { refusals }) => ({
    id: 'gzip',
    level: parseWhole(refusals, 'the level of gzip', level, 0),
  }),
  zstd: ({ level = 0n, checksum }, { refusals }) => ({
    id: 'zstd',
    level:
      typeof level === 'bigint' ? Number(level) : refusals.refuse('the level of zstd is no whole number'),
    ...(checksum === true ? { checksum } : {}),
  }),
  blosc: bloscCodec,
  crc32c: () => ({ id: 'crc32c' }),
}

/** The size of an element is told by every compressed buffer. */
function bloscCodec(
  { cname, clevel, shuffle = 'noshuffle', blocksize = 0n }: JsonObject,
  { refusals }: Translating,
): CodecConfig {
  const mode = typeof shuffle === 'string' ? ZARR3_SHUFFLES.indexOf(shuffle) : -1
  if (mode === -1) refusals.refuse('the codec blosc has no such shuffle')
  if (typeof cname !== 'string') return refusals.refuse('the codec blosc has no cname')
  return {
    id: 'blosc',
    cname,
    clevel: parseWhole(refusals, 'the clevel of blosc', clevel, 0),
    shuffle: mode,
    blocksize: parseWhole(refusals, 'the blocksize of blosc', blocksize, 0),
  }
}

/** What zarr-python puts in for parameters that are left out, where numcodecs by itself would take something else. */
function numcodecsDefaults(id: string, dataType: DataType): Record<string, string | number> {
  const type = typeof dataType === 'string' ? dataType : undefined
  if (id === 'shuffle') return { elementsize: itemSize(dataType) }
  if (type !== undefined && (id === 'fixedscaleoffset' || id === 'quantize')) return { dtype: type }
  return type !== undefined && id === 'astype' ? { decode_dtype: type } : {}
}

function numcodecsCodec(
  { name, configuration }: Extension,
  { refusals, dataType }: Translating,
): CodecConfig {
  const id = name.slice('numcodecs.'.length)
  const config: { id: string; [parameter: string]: string | number | boolean } = {
    id,
    ...numcodecsDefaults(id, dataType),
  }
  for (const [parameter, value] of Object.entries(configuration)) {
    // Blosc's typesize is for writing, and older readers of Zarr v2 know no such parameter.
    if (parameter === 'id' || value === null || (id === 'blosc' && parameter === 'typesize')) continue
    if (typeof value === 'object') refusals.unsupported(`the parameter ${parameter} of the codec ${name}`)
    config[parameter] = typeof value === 'bigint' ? Number(value) : (value as string | number | boolean)
  }
  return config
}

const NUMPY_NAMES: Readonly<Record<string, string>> = { int: 'i', uint: 'u', float: 'f', complex: 'c' }

/** A NumPy type as Zarr v2 spells it; what says no byte order has that of the machines that write. */
function numpyType(spelt: string): string | undefined {
  const [, name, bits] = /^(int|uint|float|complex)(\d+)$/.exec(spelt) ?? []
  const short = name === undefined ? spelt : `${NUMPY_NAMES[name]}${Number(bits) / 8}`
  const [, order = '<', kind] = /^([<>|=])?([biufc]\d+)$/.exec(short === 'bool' ? 'b1' : short) ?? []
  const type = parseScalarType(`${order}${kind}`)
  return type && `${type.size === 1 ? '|' : order === '=' || order === '|' ? '<' : order}${kind}`
}

/**
 * Zarr v2 hands a filter bytes and takes bytes from it; Zarr v3 arrays of the order of its `bytes` codec. The same comes
 * out where all types have that order, and the first filter gives the array's own type.
 */
function checkFilterTypes(
  { id, ...parameters }: CodecConfig,
  isFirst: boolean,
  order: ByteOrder,
  { refusals, dataType }: Translating,
): void {
  for (const parameter of ['dtype', 'astype', 'encode_dtype', 'decode_dtype']) {
    const spelt = parameters[parameter]
    if (spelt === undefined) continue
    const type = typeof spelt === 'string' ? numpyType(spelt) : undefined
    const decodes = parameter === 'dtype' || parameter === 'decode_dtype'
    const fits = type !== undefined && (type.startsWith('|') || type.startsWith(order))
    if (!fits || (decodes && isFirst && type !== dataType))
      refusals.unsupported(`the Zarr codec numcodecs.${id} with the ${parameter} ${spelt}`)
  }
}

function isIdentity({ configuration }: Extension): boolean {
  const { order } = configuration
  return Array.isArray(order) && order.every((axis, index) => axis === BigInt(index))
}

function filterCodecs({ filters }: CodecChain, order: ByteOrder, translating: Translating): CodecConfig[] {
  const transpose = filters.find((filter) => filter.name === 'transpose' && !isIdentity(filter))
  if (transpose) translating.refusals.unsupported('the Zarr codec transpose')
  const configs = filters
    .filter(({ name }) => name !== 'transpose')
    .map((filter) => numcodecsCodec(filter, translating))
  for (const [index, config] of configs.entries()) checkFilterTypes(config, index === 0, order, translating)
  return configs
}

/** What makes the bytes, where Zarr v2 has a filter for it: for `bytes` it has none. */
function serializerCodecs(
  { serializer }: CodecChain,
  isText: boolean,
  translating: Translating,
): CodecConfig[] {
  const { name } = serializer
  const { refusals, dataType } = translating
  if (name === 'sharding_indexed') refusals.unsupported('the Zarr codec sharding_indexed')
  if (dataType === '|O') {
    if (name !== (isText ? 'vlen-utf8' : 'vlen-bytes'))
      refusals.refuse(`codecs has ${name} for values of any length`)
    return [{ id: name }]
  }
  if (name.startsWith('vlen-')) refusals.refuse(`codecs has ${name} for values of one length`)
  return name.startsWith('numcodecs.') ? [numcodecsCodec(serializer, translating)] : []
}

/** What the codecs of an array are translated for. */
export interface Serialized extends Translating {
  readonly order: ByteOrder
  /** Whether values of any length are text. */
  readonly isText: boolean
}

/** The chain as Zarr v2's filters, in the order in which they are applied when writing. */
export function translateCodecs(chain: CodecChain, serialized: Serialized): CodecConfig[] {
  const compressors = chain.compressors.map((compressor) =>
    Object.hasOwn(STANDARD, compressor.name)
      ? STANDARD[compressor.name](compressor.configuration, serialized)
      : numcodecsCodec(compressor, serialized),
  )
  return [
    ...filterCodecs(chain, serialized.order, serialized),
    ...serializerCodecs(chain, serialized.isText, serialized),
    ...compressors,
  ]
}
