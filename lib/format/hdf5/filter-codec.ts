/** HDF5's filters as numcodecs configurations, where the bytes are the same. */
import { isEncodable } from '../../codec/encode-chunk.ts'
import { isDecodable } from '../../codec/registry.ts'
import { UnsupportedError } from '../../errors.ts'
import type { CodecConfig } from '../../model/metadata.ts'
import type { Filter } from './message/filter-pipeline.ts'

/** Filters as registered with The HDF Group, for messages. */
const NAMES = new Map<number, string>([
  [4, 'szip'],
  [5, 'nbit'],
  [6, 'scaleoffset'],
  [305, 'LZO'],
  [307, 'bzip2'],
  [32000, 'LZF'],
  [32001, 'Blosc'],
  [32002, 'MAFISC'],
  [32003, 'Snappy'],
  [32004, 'LZ4'],
  [32005, 'APAX'],
  [32006, 'CBF'],
  [32007, 'JPEG-XR'],
  [32008, 'bitshuffle'],
  [32009, 'SPDP'],
  [32010, 'LPC-Rice'],
  [32011, 'CCSDS-123'],
  [32012, 'JPEG-LS'],
  [32013, 'ZFP'],
  [32014, 'FPZIP'],
  [32015, 'Zstandard'],
  [32016, 'B3D'],
  [32017, 'SZ'],
  [32018, 'FCIDECOMP'],
  [32019, 'JPEG'],
  [32020, 'VBZ'],
  [32021, 'FAPEC'],
  [32022, 'BitGroom'],
  [32023, 'Granular BitRound'],
  [32024, 'SZ3'],
  [32025, 'Delta-Rice'],
  [32026, 'Blosc2'],
  [32027, 'FLAC'],
  [32028, 'SPERR'],
])

const DEFLATE = 1
export const SHUFFLE = 2
const FLETCHER32 = 3
const BZIP2 = 307
export const LZF = 32000
const BLOSC = 32001
const ZSTD = 32015
const BLOSC_COMPRESSORS = ['blosclz', 'lz4', 'lz4hc', 'snappy', 'zlib', 'zstd']
const DEFAULT_ZLIB_LEVEL = 6
const DEFAULT_ZSTD_LEVEL = 3
const DEFAULT_BZIP2_LEVEL = 9
const DEFAULT_BLOSC_LEVEL = 5
const CHECKSUM_SIZE = 4

/** Bytes of a chunk on its way through the pipeline; undefined behind a compressor. */
type StageBytes = number | undefined

/**
 * The pipeline as numcodecs filters in HDF5's order; what changes nothing is left out.
 * @param chunkBytes bytes of a chunk before the first filter.
 * @throws UnsupportedError that names the filter and its id where numcodecs has none for the same bytes.
 */
export function codecsOf(filters: readonly Filter[], chunkBytes: number): CodecConfig[] {
  const sizes = sizesBefore(filters, chunkBytes)
  return filters.flatMap((filter, i) => codecOf(filter, sizes[i]) ?? [])
}

/** Bytes before each filter; undefined behind a compressor. */
export function sizesBefore(filters: readonly Filter[], chunkBytes: number): readonly StageBytes[] {
  const sizes: StageBytes[] = []
  let bytes: StageBytes = chunkBytes
  for (const filter of filters) {
    sizes.push(bytes)
    bytes = bytesAfter(filter, bytes)
  }
  return sizes
}

/** The codec of a filter over any bytes; undefined where numcodecs has none. */
export function knownCodecOf(filter: Filter): CodecConfig | undefined {
  return CODECS[filter.id]?.(filter)
}

/**
 * For chunks that are read here, each by the filters that its own mask names. Shuffle is read, and may lack its
 * element size: libhdf5 gives it none over types of variable length, and then leaves it out of every chunk.
 * @throws UnsupportedError that names the first filter that is not undone here, over `what`.
 */
export function checkReadable(filters: readonly Filter[], what: string): void {
  refuseFilter(
    filters.filter(({ id }) => id !== SHUFFLE),
    isDecodable,
    what,
  )
}

/**
 * What `codecsOf` gives, for chunks that are read and written here.
 * @throws UnsupportedError that names the first filter that is not both undone and applied here, over `what`.
 */
export function writableCodecsOf(
  filters: readonly Filter[],
  chunkBytes: number,
  what: string,
): CodecConfig[] {
  refuseFilter(filters, (codec) => isDecodable(codec) && isEncodable(codec), what)
  return codecsOf(filters, chunkBytes)
}

function refuseFilter(
  filters: readonly Filter[],
  isGood: (codec: CodecConfig) => boolean,
  what: string,
): void {
  const other = filters.find((filter) => {
    const codec = codecOf(filter, 0)
    return codec && !isGood(codec)
  })
  if (other) throw new UnsupportedError(`${filterName(other)} over ${what}`)
}

function bytesAfter(filter: Filter, bytes: StageBytes): StageBytes {
  if (filter.id === SHUFFLE || bytes === undefined) return bytes
  return filter.id === FLETCHER32 ? bytes + CHECKSUM_SIZE : undefined
}

/** All but shuffle, which depends on what it is applied to. */
const CODECS: Readonly<Record<number, (filter: Filter) => CodecConfig>> = {
  [DEFLATE]: ({ clientData: [level] }) => ({ id: 'zlib', level: bounded(level, 0, 9, DEFAULT_ZLIB_LEVEL) }),
  [FLETCHER32]: () => ({ id: 'fletcher32' }),
  [BZIP2]: ({ clientData: [level] }) => ({ id: 'bz2', level: bounded(level, 1, 9, DEFAULT_BZIP2_LEVEL) }),
  [BLOSC]: bloscCodec,
  [ZSTD]: ({ clientData: [level] }) => ({ id: 'zstd', level: bounded(level, 1, 22, DEFAULT_ZSTD_LEVEL) }),
}

function codecOf(filter: Filter, bytes: StageBytes): CodecConfig | undefined {
  if (filter.id === SHUFFLE) return shuffleCodec(filter.clientData[0], bytes)
  const codec = knownCodecOf(filter)
  if (!codec) throw new UnsupportedError(filterName(filter))
  return codec
}

/** 'filter szip (4)', by the registered name or else by the one in the file. */
export function filterName(filter: Filter): string {
  const name = NAMES.get(filter.id) ?? (filter.name || 'unregistered')
  return `filter ${name} (${filter.id})`
}

/** numcodecs refuses a buffer that is no multiple of the element size, where HDF5 leaves the last bytes as they are. */
function shuffleCodec(elementSize: number | undefined, bytes: StageBytes): CodecConfig | undefined {
  if (!elementSize) throw new UnsupportedError('filter shuffle (2) without its element size')
  if (elementSize === 1) return undefined
  if (bytes === undefined || bytes % elementSize !== 0) {
    throw new UnsupportedError('filter shuffle (2) over bytes that are no multiple of its element size')
  }
  return { id: 'shuffle', elementsize: elementSize }
}

/** Client data: filter version, format version, type size, chunk bytes, level, shuffle, compressor. */
function bloscCodec({ clientData }: Filter): CodecConfig {
  const [, , , , level, shuffle, compressor = 0] = clientData
  return {
    id: 'blosc',
    cname: BLOSC_COMPRESSORS[compressor] ?? BLOSC_COMPRESSORS[0],
    clevel: bounded(level, 0, 9, DEFAULT_BLOSC_LEVEL),
    shuffle: bounded(shuffle, 0, 2, 1),
    blocksize: 0,
  }
}

function bounded(value: number | undefined, least: number, most: number, otherwise: number): number {
  return value === undefined || value < least || value > most ? otherwise : value
}

/** The bits of a filter mask that matter: those of the filters that `codecsOf` keeps. */
export function activeFilters(filters: readonly Filter[]): number {
  let mask = 0
  for (const [bit, { id, clientData }] of filters.entries()) {
    const changesNothing = id === SHUFFLE && clientData[0] === 1
    if (bit < 32 && !changesNothing) mask |= 1 << bit
  }
  return mask
}
