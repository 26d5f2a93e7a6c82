/** Writes headers of netCDF classic files byte by byte from the specification, and reads sets of them back. */
import { readFileSync } from 'node:fs'
import { open } from '../../../lib/format/netcdf3/index.ts'
import { chunkCoordinates, extentsSoFar, gridShape } from '../../../lib/model/chunk-grid.ts'
import { itemSize } from '../../../lib/model/data-type.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../../../lib/model/reference-batch.ts'
import type { BodyOptions, ReferenceSet } from '../../../lib/model/reference-set.ts'
import type { ByteSource } from '../../../lib/source/byte-source.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

export interface FileOptions {
  readonly onUnsupported?: 'fail' | 'skip'
  readonly copies?: boolean
}

export function fileBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(`netcdf3/${name}`)))
}

export function openBytes(bytes: Uint8Array, options: FileOptions = {}): Promise<ReferenceSet> {
  return openSource(() => openMemory(bytes, 'x.nc'), options)
}

export async function openSource(make: () => ByteSource, options: FileOptions = {}): Promise<ReferenceSet> {
  return open(make(), async () => make(), { onUnsupported: 'fail', ...options })
}

/** A file of `size` bytes that begins with `head` and is zeros from there on. */
export function sparseSource(head: Uint8Array, size: number): ByteSource {
  const url = 'x.nc'
  return {
    url,
    size,
    info: { url, size },
    async read(offset, length) {
      const bytes = new Uint8Array(length)
      bytes.set(head.subarray(offset, offset + length))
      return bytes
    },
    async close() {},
  }
}

export async function readRows(
  set: ReferenceSet,
  options?: BodyOptions,
): Promise<{ batches: ReferenceBatch[]; footer: Footer }> {
  const batches: ReferenceBatch[] = []
  let footer: Footer | undefined
  for await (const item of set.body(options)) {
    if (item.kind === 'footer') footer = item
    else batches.push(item)
  }
  if (!footer) throw new Error('a body without a footer')
  return { batches, footer }
}

/** The values of every array in C order as a Zarr reader puts them together; what is missing is 0. */
export async function readValues(set: ReferenceSet, bytes: Uint8Array): Promise<Map<string, Buffer>> {
  const { arrays } = set.header
  const values = arrays.map(({ shape, dataType }) =>
    Buffer.alloc(extentsSoFar(shape).reduce((size, extent) => size * extent, itemSize(dataType))),
  )
  for (const batch of (await readRows(set)).batches) {
    const { shape, chunkShape, dataType } = arrays[batch.array]
    const extents = extentsSoFar(shape)
    const grid = gridShape(extents, chunkShape)
    const size = itemSize(dataType)
    for (let row = 0; row < batch.rows; row++) {
      const from = batch.offset[row]
      const inline = batch.path[row] === INLINE ? batch.raw?.[row] : undefined
      const chunk = inline ?? bytes.subarray(from, from + batch.length[row])
      const elements = chunkShape.reduce((count, extent) => count * extent, 1)
      if (chunk.length !== elements * size) throw new Error(`a chunk of ${chunk.length} bytes`)
      const origin = chunkCoordinates(batch.chunk[row], grid)
      for (let i = 0; i < elements; i++) {
        const at = chunkCoordinates(i, chunkShape).map((x, axis) => origin[axis] * chunkShape[axis] + x)
        if (at.some((x, axis) => x >= extents[axis])) continue
        const flat = at.reduce((sum, x, axis) => sum * extents[axis] + x, 0)
        values[batch.array].set(chunk.subarray(i * size, (i + 1) * size), flat * size)
      }
    }
  }
  return new Map(arrays.map(({ path }, i) => [path, values[i]]))
}

export interface ClassicAttribute {
  readonly name: string | Uint8Array
  readonly type: number
  readonly count: number
  readonly bytes: Uint8Array
}

export interface ClassicFile {
  readonly version?: 1 | 2 | 5
  readonly records?: number
  readonly dimensions?: readonly (readonly [name: string, length: number])[]
  readonly attributes?: readonly ClassicAttribute[]
  readonly variables?: readonly {
    readonly name: string | Uint8Array
    readonly dimensions?: readonly number[]
    readonly attributes?: readonly ClassicAttribute[]
    /** nc_type; 4 (NC_INT) by default. */
    readonly type?: number
    readonly vsize?: number
    readonly begin: number
  }[]
}

/** The header of such a file. */
export function classicHeader(file: ClassicFile): Buffer {
  const { version = 1, records = 0, dimensions = [], attributes = [], variables = [] } = file
  const parts: Uint8Array[] = []
  const u32 = (value: number) => parts.push(Uint8Array.from([24, 16, 8, 0], (shift) => value >>> shift))
  const u64 = (value: number) => {
    u32(Math.floor(value / 2 ** 32))
    u32(value)
  }
  const count = version === 5 ? u64 : u32
  const padded = (bytes: Uint8Array) => parts.push(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4))
  const name = (text: string | Uint8Array) => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    count(bytes.length)
    padded(bytes)
  }
  const list = <T>(tag: number, items: readonly T[], write: (item: T) => void) => {
    u32(items.length > 0 ? tag : 0)
    count(items.length)
    for (const item of items) write(item)
  }
  const attributeList = (items: readonly ClassicAttribute[]) =>
    list(12, items, (attribute) => {
      name(attribute.name)
      u32(attribute.type)
      count(attribute.count)
      padded(attribute.bytes)
    })
  parts.push(Uint8Array.of(0x43, 0x44, 0x46, version))
  count(records)
  list(10, dimensions, ([text, length]) => {
    name(text)
    count(length)
  })
  attributeList(attributes)
  list(11, variables, (variable) => {
    const { dimensions: ids = [], attributes: own = [], type = 4, vsize = 0, begin } = variable
    name(variable.name)
    count(ids.length)
    for (const id of ids) count(id)
    attributeList(own)
    u32(type)
    count(vsize)
    if (version === 1) u32(begin)
    else u64(begin)
  })
  return Buffer.concat(parts)
}

/** A file with that header, and zeros up to `size`. */
export function classicFile(file: ClassicFile, size: number): Buffer {
  const header = classicHeader(file)
  return Buffer.concat([header, Buffer.alloc(Math.max(0, size - header.length))])
}

/** An attribute of text. */
export function textAttribute(name: string | Uint8Array, text: string | Uint8Array): ClassicAttribute {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return { name, type: 2, count: bytes.length, bytes }
}
