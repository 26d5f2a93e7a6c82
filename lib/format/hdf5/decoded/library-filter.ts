/** Filters that libhdf5 itself undoes, in WebAssembly that sees no file but the one that it is given (HDF5's H5Z). */
import { FormatError, messageOf } from '../../../errors.ts'
import type { Filter } from '../message/filter-pipeline.ts'
import { CONTAINED, containerOf } from './library-container.ts'

/** Identifiers of the filters. */
export const SZIP = 4
export const NBIT = 5
export const SCALE_OFFSET = 6

/** Where a chunk is, for messages. */
export interface ChunkPlace {
  readonly url: string
  readonly offset: number
  readonly structure: string
}

/** Whether `undoByLibrary` knows the filter. */
export function isOfLibrary({ id }: Filter): boolean {
  return id === SZIP || id === NBIT || id === SCALE_OFFSET
}

/**
 * Undoes one filter of libhdf5's own.
 * @param size bytes before the filter was applied.
 * @throws FormatError where the bytes do not decode to that many.
 */
export async function undoByLibrary(
  bytes: Uint8Array,
  filter: Filter,
  size: number,
  at: ChunkPlace,
): Promise<Uint8Array> {
  const declared = declaredSize(bytes, filter)
  if (declared !== size) throw new FormatError(at, `declares ${declared} bytes where ${size} belong`)
  if (filter.id === NBIT && filter.clientData[1] !== 0) return bytes
  if (filter.id === SZIP && !isSzip(filter)) {
    throw new FormatError(at, `szip with the parameters ${filter.clientData.slice(0, 4).join(', ')}`)
  }
  if (!loading && loaded === MOST_LOADED) throw new FormatError(at, 'libhdf5 has failed on too many chunks')
  const library = await loadLibrary()
  try {
    const decoded = library.decode(containerOf(bytes, filter, size), size)
    if (decoded) return decoded
  } catch (cause) {
    // What has crashed once may give anything from then on.
    loading = undefined
    throw new FormatError(at, `libhdf5 fails on it: ${messageOf(cause)}`, { cause })
  }
  throw new FormatError(at, 'libhdf5 does not decode it')
}

/** Most pixels of a block, and of a scan line. */
const SZIP_BLOCK = 32
const SZIP_LINE = 4096

/** Whether szip's parameters are such as libhdf5 writes; with others its decoder may run for ever. */
function isSzip({ clientData }: Filter): boolean {
  const [, block = 0, bits = 0, line = 0] = clientData
  const goodBits = (bits >= 1 && bits <= 24) || bits === 32 || bits === 64
  return block >= 2 && block <= SZIP_BLOCK && block % 2 === 0 && goodBits && line >= 1 && line <= SZIP_LINE
}

/** The bytes that the filter says it gives, which it takes memory for: before the chunk in szip, else elements by size. */
function declaredSize(bytes: Uint8Array, { id, clientData }: Filter): number {
  if (id === SZIP) {
    if (bytes.length < 4) return 0
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
  }
  const [, noneNeeded, elements = 0, , elementSize = 0] = clientData
  return id === NBIT && noneNeeded !== 0 ? bytes.length : elements * elementSize
}

interface Library {
  /** The bytes of the container's dataset; undefined where libhdf5 cannot read it. */
  decode(container: Uint8Array, size: number): Uint8Array | undefined
}

/** Instances in the life of a process: what has been imported is never freed. */
const MOST_LOADED = 8

let loading: Promise<Library> | undefined
let loaded = 0

/** One instance for all; a fresh one after a crash. */
function loadLibrary(): Promise<Library> {
  loading ??= openLibrary()
  return loading
}

const CONTAINER = '/container'
const STDERR = 2

async function openLibrary(): Promise<Library> {
  const { default: h5wasm } = await importLibrary()
  const module = await h5wasm.ready
  silence(module.FS)
  const decode = (container: Uint8Array, size: number): Uint8Array | undefined => {
    module.FS.writeFile(CONTAINER, container)
    const file = new h5wasm.File(CONTAINER, 'r')
    const target = module._malloc(size)
    try {
      if (target === 0) return undefined
      const status = module.get_dataset_data(file.file_id, CONTAINED, null, null, null, BigInt(target))
      return status < 0 ? undefined : module.HEAPU8.slice(target, target + size)
    } finally {
      module._free(target)
      file.close()
      module.FS.unlink(CONTAINER)
    }
  }
  return { decode }
}

type FileSystem = Awaited<typeof import('h5wasm')['ready']>['FS']
type Stream = ReturnType<FileSystem['open']>

/** libhdf5 prints what goes wrong; here it is thrown. The lowest number that is free is the next stream's. */
function silence(fileSystem: FileSystem): void {
  const { getStream } = fileSystem as FileSystem & { getStream(descriptor: number): Stream }
  fileSystem.close(getStream(STDERR))
  fileSystem.open('/dev/null', 'w')
}

/** Modules are kept for ever under their addresses: another instance needs another one. */
function importLibrary(): Promise<typeof import('h5wasm')> {
  const fresh = `${import.meta.resolve('h5wasm')}?${loaded}`
  return loaded++ === 0 ? import('h5wasm') : import(fresh)
}
