/** Manifests that no icechunk on this machine writes, put together by the specification's schema with `flatbuffers`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Builder } from 'flatbuffers'
import { FormatError } from '../../../lib/errors.ts'
import { findArray } from '../../../lib/format/icechunk/manifest.ts'
import { fixture } from '../../fixture.ts'

const [{ dictionary, locations }] = JSON.parse(readFileSync(fixture('icechunk/locations.json'), 'utf8'))
const NAME = '041061050R3GG28A1C60'
const NODE = '0102030405060708'

interface Ref {
  readonly index: readonly number[]
  readonly compressed?: Uint8Array
  readonly location?: string
  readonly offset?: bigint
  readonly length?: bigint
  readonly lastModified?: number
}

function byteVector(builder: Builder, bytes: Uint8Array): number {
  builder.startVector(1, bytes.length, 1)
  for (const byte of [...bytes].reverse()) builder.addInt8(byte)
  return builder.endVector()
}

function offsetVector(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4)
  for (const offset of [...offsets].reverse()) builder.addOffset(offset)
  return builder.endVector()
}

/** A structure of bytes 1, 2, 3, ... in field `field`. */
function addId(builder: Builder, field: number, length: number): void {
  builder.prep(1, length)
  for (let byte = length; byte > 0; byte--) builder.writeInt8(byte)
  builder.addFieldStruct(field, builder.offset(), 0)
}

function buildRef(builder: Builder, ref: Ref): number {
  builder.startVector(4, ref.index.length, 4)
  for (const coordinate of [...ref.index].reverse()) builder.addInt32(coordinate)
  const index = builder.endVector()
  const location = ref.location === undefined ? 0 : builder.createString(ref.location)
  const compressed = ref.compressed ? byteVector(builder, ref.compressed) : 0
  builder.startObject(10)
  builder.addFieldOffset(0, index, 0)
  builder.addFieldInt64(2, ref.offset ?? 0n, 0n)
  builder.addFieldInt64(3, ref.length ?? 0n, 0n)
  builder.addFieldOffset(5, location, 0)
  builder.addFieldInt32(7, ref.lastModified ?? 0, 0)
  builder.addFieldOffset(8, compressed, 0)
  return builder.endObject()
}

function manifestOf(refs: readonly Ref[], withDictionary: Uint8Array | undefined): Uint8Array {
  const builder = new Builder(1024)
  const list = offsetVector(
    builder,
    refs.map((ref) => buildRef(builder, ref)),
  )
  builder.startObject(3)
  addId(builder, 0, 8)
  builder.addFieldOffset(1, list, 0)
  const arrays = offsetVector(builder, [builder.endObject()])
  const bytes = withDictionary ? byteVector(builder, withDictionary) : 0
  builder.startObject(5)
  addId(builder, 0, 12)
  builder.addFieldOffset(1, arrays, 0)
  builder.addFieldOffset(2, bytes, 0)
  builder.finish(builder.endObject(), 'Ichk')
  return builder.asUint8Array()
}

const fileOf = (payload: Uint8Array) => ({ url: '/m', type: 'manifest', version: 2, payload }) as const
const compressed = Uint8Array.from(Buffer.from(locations[1].frame, 'hex'))

test('a compressed location, with the time that its file had', () => {
  const ref = { index: [3, 4], compressed, offset: 2n ** 40n, length: 7n, lastModified: 99 }
  const payload = manifestOf(
    [{ index: [0, 0], location: 's3://b/k', length: 1n }, ref],
    Buffer.from(dictionary, 'hex'),
  )
  const array = findArray(fileOf(payload), NAME, NODE)
  assert.ok(array)
  const index = [0, 0]
  const place = array.place(array.read(1, index))
  assert.deepEqual(index, [3, 4])
  const { location } = locations[1]
  assert.deepEqual(place, {
    kind: 'virtual',
    location,
    checksum: { lastModified: 99 },
    offset: 2 ** 40,
    length: 7,
  })
  const first = array.place(array.read(0, index))
  assert.deepEqual(first, { kind: 'virtual', location: 's3://b/k', checksum: {}, offset: 0, length: 1 })
  assert.equal(findArray(fileOf(payload), NAME, '00'.repeat(8)), undefined)
})

test('what a manifest may not say', () => {
  const place = (ref: Ref, rank = 1) => {
    const array = findArray(fileOf(manifestOf([ref], undefined)), NAME, NODE)
    assert.ok(array)
    array.place(array.read(0, new Array(rank).fill(0)))
  }
  const problems: [Ref, RegExp, number?][] = [
    [{ index: [0], compressed, length: 1n }, /manifest no dictionary/],
    [{ index: [0], location: 's3://b/k' }, /refers to no bytes/],
    [{ index: [0], location: 's3://b/k', offset: 2n ** 53n, length: 1n }, /beyond 2\^53/],
    [{ index: [0], location: 's3://b/k', offset: 2n ** 53n - 1n, length: 2n }, /beyond 2\^53/],
    [{ index: [0] }, /has no place/],
    [{ index: [0], location: 's3://b/k', length: 1n }, /1 coordinates for 2 axes/, 2],
    [{ index: [0], location: 'x'.repeat(2 ** 16 + 1), length: 1n }, /more than 65536/],
  ]
  for (const [ref, message, rank] of problems)
    assert.throws(
      () => place(ref, rank),
      (error) => error instanceof FormatError && message.test(error.message),
    )
  assert.throws(() => findArray(fileOf(manifestOf([], undefined)), 'OTHER', NODE), /not that of its name/)
})
