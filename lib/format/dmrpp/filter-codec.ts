/** `compressionType`: HDF5's filter pipeline by its names, as numcodecs configurations. */
import { UnsupportedError } from '../../errors.ts'
import type { CodecConfig } from '../../model/metadata.ts'

const DEFAULT_LEVEL = 6
const CHECKSUM = 4
/** HDF5's H5Z_MAX_NFILTERS, and the bits of a mask. */
const MOST_FILTERS = 32

/** In the order in which Hyrax takes those of documents that tell no version, whatever they say. */
const UNVERSIONED = ['shuffle', 'deflate', 'fletcher32']

/** A filter of the pipeline. */
export interface Filter {
  /** Undefined where it changes nothing. */
  readonly codec: CodecConfig | undefined
}

interface FilterOptions {
  readonly deflateLevel: string | undefined
  readonly versioned: boolean
  readonly itemSize: number
  /** Before the first filter. */
  readonly chunkBytes: number
}

/**
 * The pipeline in HDF5's order, one entry a filter, so that the bits of filter masks count them.
 * @throws UnsupportedError for a filter by another name, and for shuffle over what is no multiple of its elements.
 */
export function filtersOf(compressionType: string | undefined, options: FilterOptions): Filter[] {
  const given = (compressionType ?? '').split(/\s+/).filter((name) => name !== '')
  if (given.length > MOST_FILTERS) throw new UnsupportedError(`a pipeline of ${given.length} filters`)
  const names = orderOf(given, options.versioned)
  const levels = (options.deflateLevel ?? '').split(/\s+/)
  let bytes: number | undefined = options.chunkBytes
  let deflates = 0
  return names.map((name) => {
    const before = bytes
    switch (name) {
      case 'shuffle':
        return { codec: shuffleCodec(options.itemSize, before) }
      case 'fletcher32':
        bytes = before === undefined ? undefined : before + CHECKSUM
        return { codec: { id: 'fletcher32' } }
      case 'deflate':
        bytes = undefined
        return { codec: { id: 'zlib', level: levelOf(levels[deflates++]) } }
      default:
        throw new UnsupportedError(`filter ${name}`)
    }
  })
}

/** Documents of before 3.20.10 name the filters in any order; one that is there twice is there twice in the file. */
function orderOf(names: readonly string[], versioned: boolean): readonly string[] {
  if (versioned || names.some((name) => !UNVERSIONED.includes(name))) return names
  return UNVERSIONED.flatMap((known) => names.filter((name) => name === known))
}

function levelOf(text: string | undefined): number {
  return text !== undefined && /^\d$/.test(text) ? Number(text) : DEFAULT_LEVEL
}

/** numcodecs refuses a buffer that is no multiple of the element size, where HDF5 leaves the last bytes as they are. */
function shuffleCodec(itemSize: number, bytes: number | undefined): CodecConfig | undefined {
  if (itemSize === 1) return undefined
  if (bytes === undefined || bytes % itemSize !== 0)
    throw new UnsupportedError('filter shuffle over bytes that are no multiple of its element size')
  return { id: 'shuffle', elementsize: itemSize }
}

/** The bits of a filter mask that matter. */
export function activeMask(filters: readonly Filter[]): number {
  return filters.reduce((mask, { codec }, bit) => (codec ? mask | (1 << bit) : mask), 0) >>> 0
}

/** The codecs of chunks with this mask. */
export function codecsOf(filters: readonly Filter[], mask = 0): CodecConfig[] {
  return filters.flatMap(({ codec }, bit) => {
    const skipped = ((mask >>> bit) & 1) === 1
    return codec && !skipped ? [codec] : []
  })
}
