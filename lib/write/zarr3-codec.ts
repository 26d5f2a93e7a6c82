/** The codecs of an array as the chain of Zarr v3: array to bytes first, then bytes to bytes. */
import { itemSize } from '../model/data-type.ts'
import type { ArrayMetadata, CodecConfig } from '../model/metadata.ts'
import { ZARR3_SHUFFLES } from '../model/zarr3-name.ts'
import type { JsonValue } from './json-text.ts'

/** How a codec stands in Zarr v3's chain. */
type Translation = (config: CodecConfig, array: ArrayMetadata) => JsonValue

const TEXT = 'vlen-utf8'

/** Codecs of the Zarr v3 specification and its extensions; all others are zarr-python's `numcodecs.` codecs. */
const TRANSLATIONS: Record<string, Translation> = {
  zstd: ({ level, checksum }) => ({
    name: 'zstd',
    configuration: { level: integer(level ?? 0), checksum: checksum === true },
  }),
  gzip: ({ level }) => ({ name: 'gzip', configuration: { level: integer(level ?? 5) } }),
  blosc: bloscCodec,
  ...Object.fromEntries(
    ['zlib', 'bz2', 'lz4', 'lzma', 'shuffle', 'fletcher32', 'crc32', 'adler32'].map((id) => [id, numcodec]),
  ),
}

/** Why the codecs cannot be written; undefined where they can. */
export function codecProblem({ codecs, dataType }: ArrayMetadata): string | undefined {
  const isText = dataType === '|O'
  if (isText && codecs[0]?.id !== TEXT) return 'Zarr v3 has no such objects'
  const rest = isText ? codecs.slice(1) : codecs
  const unknown = rest.find(({ id }) => !Object.hasOwn(TRANSLATIONS, id))
  return unknown && `its codec ${unknown.id} has no place in Zarr v3's chain`
}

/** The `codecs` of `zarr.json`, for an array without a `codecProblem`. */
export function zarr3Codecs(array: ArrayMetadata, endian: 'little' | 'big' | undefined): JsonValue[] {
  const isText = array.dataType === '|O'
  const bytes: JsonValue = endian ? { name: 'bytes', configuration: { endian } } : { name: 'bytes' }
  const rest = isText ? array.codecs.slice(1) : array.codecs
  return [isText ? { name: TEXT } : bytes, ...rest.map((config) => TRANSLATIONS[config.id](config, array))]
}

function numcodec({ id, ...parameters }: CodecConfig): JsonValue {
  const configuration = new Map(Object.entries(parameters).map(([name, value]) => [name, integer(value)]))
  return { name: `numcodecs.${id}`, configuration }
}

/** numcodecs takes the size of an element from the array, v3 wants it said; readers decode by the frame alone. */
function bloscCodec(
  { cname = 'lz4', clevel = 5, shuffle = 1, blocksize = 0 }: CodecConfig,
  { dataType }: ArrayMetadata,
): JsonValue {
  const size = itemSize(dataType)
  const automatic = size === 1 ? 2 : 1
  return {
    name: 'blosc',
    configuration: {
      typesize: BigInt(Math.max(size, 1)),
      cname: String(cname),
      clevel: integer(clevel),
      shuffle: ZARR3_SHUFFLES[Number(shuffle) < 0 ? automatic : Number(shuffle)] ?? 'shuffle',
      blocksize: integer(blocksize),
    },
  }
}

function integer(value: CodecConfig[string]): JsonValue {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
}
