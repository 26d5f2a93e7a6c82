/** A zarrita store over a reference set (Zarr v2 keys): metadata from the header, chunks through the references. */
import { FormatError, UnsupportedError } from '../errors.ts'
import { chunkCount, chunkNumber, gridShape } from '../model/chunk-grid.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { ChunkReader, knownShape } from './chunk-reader.ts'
import { isVlenString, zarray, zattrs } from './zarr-metadata.ts'
import type { AbsolutePath, AsyncReadable } from './zarrita.ts'

export interface ReferenceStore extends AsyncReadable {
  close(): Promise<void>
}

/**
 * Presents the set to zarrita: `.zgroup`, `.zarray`, `.zattrs` and chunks, these decoded already.
 * A missing chunk comes as a chunk of fill values; an array of a type that zarrita would misread fails by name.
 */
export function referenceStore(set: ReferenceSet, open: OpenSource): ReferenceStore {
  const reader = new ChunkReader(set, { open })
  const arrays = new Map(set.header.arrays.map((array, index) => [array.path, index]))
  const groups = new Map(set.header.groups.map((group) => [group.path, group]))
  return {
    async get(key: AbsolutePath) {
      const slash = key.lastIndexOf('/')
      const parent = key.slice(1, Math.max(1, slash))
      const name = key.slice(slash + 1)
      const index = arrays.get(parent)
      if (index !== undefined) return arrayEntry(reader, index, name)
      const group = groups.get(parent)
      if (group && name === '.zgroup') return encode('{"zarr_format":2}')
      return group && name === '.zattrs' ? encode(zattrs(group.attributes)) : undefined
    },
    close: () => reader.close(),
  }
}

async function arrayEntry(reader: ChunkReader, index: number, name: string): Promise<Uint8Array | undefined> {
  const array = reader.set.header.arrays[index]
  if (name === '.zarray') return encode(zarray(array))
  if (name === '.zattrs') return encode(zattrs(array.attributes, array.dims))
  const chunk = chunkNumber(name, gridShape(knownShape(array), array.chunkShape))
  return chunk === undefined ? undefined : chunkEntry(reader, index, chunk)
}

/** A decoded chunk, as the documents of this folder describe it. */
export async function chunkEntry(reader: ChunkReader, index: number, chunk: number): Promise<Uint8Array> {
  const location = await reader.locate(index, chunk)
  const array = reader.set.header.arrays[index]
  if (!isVlenString(array)) return reader.decoded(index, location)
  const elements = chunkCount(array.chunkShape)
  if (!location) return emptyStrings(elements, reader.maxChunkBytes, array.path)
  const bytes = await reader.stored(location)
  checkVlenStrings(bytes, elements, { url: location.path, offset: location.offset, structure: array.path })
  // zarrita reads such a chunk from the start of its buffer, whatever the view says; a Buffer's slice is a view too.
  return new Uint8Array(bytes)
}

/** zarrita trusts the counts in a `vlen-utf8` chunk and drops a leading byte order mark: both are refused here. */
function checkVlenStrings(
  bytes: Uint8Array,
  elements: number,
  at: { url: string; offset: number; structure: string },
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let offset = 4
  const count = bytes.length < 4 ? -1 : view.getUint32(0, true)
  if (count !== elements) throw new FormatError(at, `holds ${count} strings where the chunk has ${elements}`)
  for (let item = 0; item < elements; item++) {
    if (offset + 4 > bytes.length) throw new FormatError(at, `string ${item} is cut short`)
    const end = offset + 4 + view.getUint32(offset, true)
    if (end > bytes.length) throw new FormatError(at, `string ${item} is cut short`)
    const mark = end - offset >= 7 && bytes[offset + 4] === 0xef && bytes[offset + 5] === 0xbb
    if (mark && bytes[offset + 6] === 0xbf) {
      throw new UnsupportedError('reading a string that begins with a byte order mark', {
        array: at.structure,
      })
    }
    offset = end
  }
}

function emptyStrings(elements: number, limit: number, array: string): Uint8Array {
  if (elements > limit / 4)
    throw new UnsupportedError(`reading a chunk of ${elements} strings at once`, { array })
  const bytes = new Uint8Array(4 * (elements + 1))
  new DataView(bytes.buffer).setUint32(0, elements, true)
  return bytes
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
