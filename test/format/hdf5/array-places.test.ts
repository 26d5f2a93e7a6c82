/** Plans of arrays without their places are equal where only places differ, and come back whole with them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placesOf, withoutPlaces, withPlaces } from '../../../lib/format/hdf5/array-places.ts'
import type { ChunkIndex } from '../../../lib/format/hdf5/message/data-layout.ts'
import type { ArrayStorage, PlannedArray } from '../../../lib/format/hdf5/planned-array.ts'

const metadata = {
  path: 'a',
  dims: ['x'],
  attributes: {},
  shape: [8],
  chunkShape: [4],
  dataType: '<f4',
  fillValue: null,
  codecs: [],
}

function chunked(index: ChunkIndex): ArrayStorage {
  const layout = {
    kind: 'chunked',
    version: 4,
    chunkShape: [4],
    elementSize: 4,
    unfilteredEdges: false,
  } as const
  const dataset = { path: 'a', shape: [8], maxShape: [null], layout: { ...layout, index }, filtered: true }
  return { kind: 'chunked', filters: [{ id: 1, name: '', optional: false, clientData: [4] }], dataset }
}

/** One array of each storage, its places counted up from `from`; undefined: nothing was ever written. */
function arrays(from: number | undefined): PlannedArray[] {
  let next = from ?? 0
  const place = () => (from === undefined ? undefined : next++)
  const data = Uint8Array.of(1, 2)
  const storages: ArrayStorage[] = [
    { kind: 'contiguous', offset: place(), length: 32 },
    { kind: 'compact', data },
    chunked({ kind: 'btree-v1', address: place() }),
    chunked({ kind: 'single-chunk', address: place() }),
    chunked({ kind: 'single-chunk', address: place(), filtered: { size: next++, filterMask: 2 } }),
    chunked({ kind: 'implicit', address: place() }),
    chunked({ kind: 'fixed-array', address: place(), pageBits: 10 }),
  ]
  const strings = { kind: 'strings', pointerSize: 16, shape: [8], chunkShape: [4], fill: undefined } as const
  return [
    ...storages.map((storage): PlannedArray => ({ metadata, storage })),
    ...storages.map((pointers): PlannedArray => ({ metadata, storage: { ...strings, pointers } })),
    { metadata, storage: storages[0], padded: undefined, unfillable: 'differs' },
  ]
}

test('places and the rest make the whole again', () => {
  for (const whole of [arrays(1000), arrays(0), arrays(undefined)]) {
    assert.deepEqual(withPlaces(withoutPlaces(whole), placesOf(whole)), whole)
  }
})

test('without places, files that differ in them alone are equal', () => {
  assert.notDeepEqual(arrays(1000), arrays(2000))
  assert.deepEqual(withoutPlaces(arrays(1000)), withoutPlaces(arrays(2000)))
  assert.deepEqual(withoutPlaces(arrays(1000)), withoutPlaces(arrays(undefined)))
})
