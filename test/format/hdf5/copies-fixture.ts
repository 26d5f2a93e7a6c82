/** Opens fixtures/hdf5/copies with `copies`, and puts the chunks of a set's arrays together. */
import { readFileSync } from 'node:fs'
import { decodeChunk } from '../../../lib/codec/decode-chunk.ts'
import { open } from '../../../lib/format/hdf5/index.ts'
import { chunkCoordinates, chunkCount, gridShape, gridStrides } from '../../../lib/model/chunk-grid.ts'
import { itemSize } from '../../../lib/model/data-type.ts'
import type { ArrayMetadata } from '../../../lib/model/metadata.ts'
import type { ReferenceSet } from '../../../lib/model/reference-set.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { fixture } from '../../fixture.ts'

export const EXPECTED = JSON.parse(readFileSync(fixture('hdf5/copies/expected.json'), 'utf8'))

export function copiesBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(`hdf5/copies/${name}`)))
}

interface Opening {
  readonly copies?: boolean
  readonly onUnsupported?: 'fail' | 'skip'
}

export function openCopies(
  name: string,
  { copies = true, onUnsupported = 'fail' }: Opening = {},
  bytes = copiesBytes(name),
): Promise<ReferenceSet> {
  return open(openMemory(bytes, name), async () => openMemory(bytes, name), { onUnsupported, copies })
}

export function arrayOf(set: ReferenceSet, path: string): ArrayMetadata {
  const found = set.header.arrays.find((array) => array.path === path)
  if (!found) throw new Error(`no array ${path}`)
  return found
}

/** All elements in C order; the fill value, or zeros, where there is no chunk. */
export async function elementsOf(
  array: ArrayMetadata,
  chunks: ReadonlyMap<number, Uint8Array> = new Map(),
): Promise<Buffer> {
  const { chunkShape, dataType, codecs, path, fillValue } = array
  const shape = array.shape.map(Number)
  const item = itemSize(dataType)
  const size = chunkCount(chunkShape) * item
  const grid = gridShape(shape, chunkShape)
  const strides = gridStrides(shape)
  const all = Buffer.alloc(chunkCount(shape) * item, fillValue ?? 0)
  for (const [number, stored] of chunks) {
    const bytes = await decodeChunk(stored, codecs, { size, url: 'test', offset: 0, array: path })
    const origin = chunkCoordinates(number, grid).map((at, axis) => at * chunkShape[axis])
    for (let i = 0; i < size / item; i++) {
      const at = chunkCoordinates(i, chunkShape).map((inner, axis) => origin[axis] + inner)
      if (at.some((coordinate, axis) => coordinate >= shape[axis])) continue
      const to = at.reduce((sum, coordinate, axis) => sum + coordinate * strides[axis], 0) * item
      all.set(bytes.subarray(i * item, (i + 1) * item), to)
    }
  }
  return all
}
