/** Collections of the global heap by hand (III.E), and the ways in which a file may have them wrong. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FormatError } from '../../../lib/errors.ts'
import type { Hdf5File } from '../../../lib/format/hdf5/file.ts'
import { GlobalHeap } from '../../../lib/format/hdf5/global-heap.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { bytesOf, type Field } from './message/bytes.ts'

/** One object: index, references, its size, its bytes filled up to eight. */
const object = (index: number, text: string): Field[] => [
  [index, 2],
  [1, 2],
  [0, 4],
  [text.length, 8],
  text.padEnd(Math.ceil(text.length / 8) * 8, '\0'),
]
const collection = (size: number, ...fields: Field[]): Uint8Array =>
  bytesOf('GCOL', [1, 1], [0, 3], [size, 8], ...fields)

function heapOver(bytes: Uint8Array) {
  const source = openMemory(bytes)
  const ranges: (readonly [number, number])[] = []
  const read: typeof source.read = (offset, length) => {
    ranges.push([offset, length])
    return source.read(offset, length)
  }
  const btreeK = { groupLeaf: 4, groupInternal: 16, chunk: 32 }
  const sizes = { base: 0, offsetSize: 8, lengthSize: 8, rootAddress: 0, btreeK }
  const file: Hdf5File = { source: { ...source, read }, ...sizes }
  return { heap: new GlobalHeap(file), ranges }
}

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString()

describe('the global heap', () => {
  test('reads objects of several collections, each once, and keeps them', async () => {
    const first = collection(80, ...object(3, 'three'), ...object(9, 'nine and nine'), [0, 2], [0, 6])
    const bytes = bytesOf(first, new Uint8Array(80 - first.length), collection(40, ...object(1, 'one')))
    const { heap, ranges } = heapOver(bytes)
    const ids = [{ address: 0, index: 9 }, undefined, { address: 80, index: 1 }, { address: 0, index: 3 }]
    assert.deepEqual((await heap.read(ids)).map(text), ['nine and nine', undefined, 'one', 'three'])
    assert.deepEqual((await heap.read(ids.slice(0, 1))).map(text), ['nine and nine'])
    assert.deepEqual(
      ranges.map(([offset]) => offset),
      [0, 80],
    )
  })
  test('reads a collection that is longer than the first guess', async () => {
    const long = 'x'.repeat(10_000)
    const { heap, ranges } = heapOver(collection(16 + 16 + 10_000, ...object(1, long)))
    assert.equal(text((await heap.read([{ address: 0, index: 1 }]))[0]), long)
    assert.deepEqual(ranges, [
      [0, 4096],
      [0, 10_032],
    ])
  })

  const damaged: Record<string, [Uint8Array, RegExp]> = {
    'an object that is not there': [collection(40, ...object(2, 'two')), /holds no object 1/],
    'an object behind the end': [collection(40, [1, 2], [0, 6], [99, 8], 'eight by'), /ends outside/],
    'a size that the file has not': [collection(1 << 20, ...object(1, 'one')), /truncated/],
    'a size smaller than its own prefix': [collection(3, ...object(1, 'one')), /3 bytes/],
    'another structure': [bytesOf('TREE', new Uint8Array(60)), /GCOL/],
  }
  for (const [name, [bytes, message]] of Object.entries(damaged)) {
    test(`${name} is an error that names it`, async () => {
      const { heap } = heapOver(bytes)
      await assert.rejects(heap.read([{ address: 0, index: 1 }]), (error: unknown) => {
        assert.ok(error instanceof FormatError)
        assert.equal(error.structure, 'global heap collection')
        assert.match(error.message, message)
        return true
      })
    })
  }
})
