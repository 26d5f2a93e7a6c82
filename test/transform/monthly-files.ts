/** Small files of a model in memory: a field along time, its coordinates and bounds. */
import type { Header } from '../../lib/model/metadata.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import type { MemoryArray, MemoryFiles } from '../store/memory-set.ts'

/** One monthly file: time, its bounds, a field on (time, x), and x. `changes` overrides arrays by name; null leaves one out. */
export interface Month {
  readonly times: readonly number[]
  readonly units?: string
  readonly calendar?: string
  readonly changes?: Readonly<Record<string, Partial<MemoryArray> | null>>
  readonly header?: Partial<Header>
}

/** The file as a set. */
export function month(
  files: MemoryFiles,
  url: string,
  { times, units, calendar, changes = {}, header }: Month,
): ReferenceSet {
  const rows = times.length
  const attributes = {
    units: units ?? 'days since 2000-01-01',
    bounds: 'time_bnds',
    ...(calendar === undefined ? {} : { calendar }),
  }
  const arrays: MemoryArray[] = [
    {
      path: 'time',
      dims: ['time'],
      shape: [rows],
      chunkShape: [512],
      bytes: Float64Array.from(times),
      attributes,
    },
    {
      path: 'time_bnds',
      dims: ['time', 'nv'],
      shape: [rows, 2],
      chunkShape: [1, 2],
      bytes: Float64Array.from(times.flatMap((time) => [time, time + 1])),
    },
    {
      path: 'temp',
      dims: ['time', 'x'],
      shape: [rows, 3],
      chunkShape: [1, 2],
      dataType: '<f4',
      bytes: Float32Array.from(times.flatMap((time) => [time, time + 0.25, time + 0.5])),
      codecs: [
        { id: 'shuffle', elementsize: 4 },
        { id: 'zlib', level: 4 },
      ],
    },
    { path: 'x', dims: ['x'], shape: [3], dataType: '<i2', bytes: Int16Array.of(10, 20, 30) },
  ]
  const changed = arrays.flatMap((array) => {
    const change = changes[array.path]
    return change === null ? [] : [{ ...array, ...change }]
  })
  return files.set(url, changed, header)
}
