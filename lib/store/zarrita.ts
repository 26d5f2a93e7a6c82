/** The one door to zarrita: the contract of its stores, and a whole array put together from its chunks. */
import type { AsyncReadable } from 'zarrita'
import type { Numbers } from './element.ts'

export type { AbsolutePath, AsyncReadable } from 'zarrita'

/** Chunks in flight while an array is read. */
const IN_FLIGHT = 8

/** All values of the Zarr v2 array at the root of `store`; its types and sizes must have been checked before. */
export async function assembleArray(store: AsyncReadable): Promise<Numbers | string[]> {
  // Loaded where values are read: most commands only count and write references.
  const zarr = await import('zarrita')
  const array = await zarr.open.v2(store, { kind: 'array', attrs: false })
  const { data } = await zarr.get(array, null, { createQueue: boundedQueue })
  return data as Numbers | string[]
}

/** zarrita would ask for all chunks at once. */
function boundedQueue() {
  const tasks: (() => Promise<void>)[] = []
  return {
    add: (task: () => Promise<void>) => void tasks.push(task),
    async onIdle() {
      const waiting = tasks.values()
      const work = async () => {
        for (const task of waiting) await task()
      }
      return Promise.all(Array.from({ length: IN_FLIGHT }, work))
    },
  }
}
