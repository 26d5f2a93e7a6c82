/** Parts the plans of arrays into what the files of a data set have in common, and the few numbers that differ. */
import type { ArrayStorage, PlannedArray } from './planned-array.ts'

/** Numbers an array. */
const WIDTH = 2
/** Stands for what is not there: no place in a file. */
const NONE = Number.NaN

/** Where the arrays lie: for each the address of its values or of its index, and the bytes of a single chunk. */
export function placesOf(arrays: readonly PlannedArray[]): readonly number[] {
  return arrays.flatMap(({ storage }) => {
    if (storage.kind === 'foreign') return [NONE, NONE]
    return placeOf('pointers' in storage ? storage.pointers : storage)
  })
}

function placeOf(storage: ArrayStorage): [address: number, size: number] {
  if (storage.kind === 'contiguous') return [storage.offset ?? NONE, NONE]
  if (storage.kind === 'compact') return [NONE, NONE]
  const { index } = storage.dataset.layout
  return [index.address ?? NONE, index.kind === 'single-chunk' ? (index.filtered?.size ?? NONE) : NONE]
}

/** The plans without their places: equal for arrays that differ in nothing else. */
export function withoutPlaces(arrays: readonly PlannedArray[]): PlannedArray[] {
  return arrays.map((array) => placed(array, NONE, NONE))
}

/** The plans that `withoutPlaces` and `placesOf` were made of. */
export function withPlaces(arrays: readonly PlannedArray[], places: readonly number[]): PlannedArray[] {
  return arrays.map((array, i) => placed(array, places[WIDTH * i], places[WIDTH * i + 1]))
}

function placed(array: PlannedArray, address: number, size: number): PlannedArray {
  const { storage } = array
  if (storage.kind === 'foreign') return array
  if (!('pointers' in storage)) return { ...array, storage: placedStorage(storage, address, size) }
  return { ...array, storage: { ...storage, pointers: placedStorage(storage.pointers, address, size) } }
}

function placedStorage(storage: ArrayStorage, place: number, size: number): ArrayStorage {
  const address = Number.isNaN(place) ? undefined : place
  if (storage.kind === 'contiguous') return { ...storage, offset: address }
  if (storage.kind === 'compact') return storage
  const { layout } = storage.dataset
  const { index } = layout
  const moved =
    index.kind === 'single-chunk' && index.filtered
      ? { ...index, address, filtered: { ...index.filtered, size } }
      : { ...index, address }
  return { ...storage, dataset: { ...storage.dataset, layout: { ...layout, index: moved } } }
}
