/** Files of a model, many and small, written by libhdf5 (h5wasm): a field along time, and its coordinates. */
import { join } from 'node:path'
import h5wasm from 'h5wasm/node'
import { chunkCoordinates } from '../lib/model/chunk-grid.ts'

interface ModelFiles {
  /** Days in each file. */
  readonly days?: number
  /** The number of the first file. */
  readonly first?: number
  /** Variables of the field's shape. */
  readonly variables?: readonly string[]
  /** Chunk rows along time. */
  readonly chunkDays?: number
  /** The order of the fields' axes. */
  readonly axes?: readonly ('time' | 'lat' | 'lon')[]
}

const AXES = ['time', 'lat', 'lon'] as const
const LAT = 6
const LON = 8

/** The value of a variable at a time. */
function modelValue(variable: number, day: number, cell: number): number {
  return variable * 1000 + day + cell / 64
}

/** Writes `count` files into the folder; gives their names in the order of time. */
export async function writeModelFiles(
  folder: string,
  count: number,
  options: ModelFiles = {},
): Promise<string[]> {
  await h5wasm.ready
  const { days = 2, first = 0 } = options
  const names = Array.from({ length: count }, (_, at) =>
    join(folder, `model_${String(first + at).padStart(5, '0')}.nc`),
  )
  for (const [at, name] of names.entries()) writeModelFile(name, (first + at) * days, options)
  return names
}

function writeModelFile(name: string, firstDay: number, options: ModelFiles): void {
  const { days = 2, variables = ['temp', 'salt'], chunkDays = 1, axes = AXES } = options
  const file = new h5wasm.File(name, 'w')
  try {
    const times = Float64Array.from({ length: days }, (_, day) => firstDay + day)
    const time = file.create_dataset({
      name: 'time',
      data: times,
      shape: [days],
      maxshape: [null],
      chunks: [16],
    })
    time.create_attribute('units', 'days since 2000-01-01')
    const lat = file.create_dataset({
      name: 'lat',
      data: Float64Array.from({ length: LAT }, (_, row) => row * 10),
    })
    const lon = file.create_dataset({
      name: 'lon',
      data: Float64Array.from({ length: LON }, (_, column) => column * 20),
    })
    for (const [dim, scale] of Object.entries({ time, lat, lon })) scale.make_scale(dim)
    const extent = { time: days, lat: LAT, lon: LON }
    const chunk = { time: chunkDays, lat: LAT / 2, lon: LON }
    for (const [number, variable] of variables.entries()) {
      const field = file.create_dataset({
        name: variable,
        data: fieldValues(number, firstDay, axes, extent),
        shape: axes.map((axis) => extent[axis]),
        maxshape: axes.map((axis) => (axis === 'time' ? null : extent[axis])),
        chunks: axes.map((axis) => chunk[axis]),
        compression: 4,
      })
      for (const [axis, dim] of axes.entries()) field.attach_scale(axis, dim)
    }
  } finally {
    file.close()
  }
}

/** The values of a variable in C order of its axes. */
function fieldValues(
  variable: number,
  firstDay: number,
  axes: readonly ('time' | 'lat' | 'lon')[],
  extent: Readonly<Record<'time' | 'lat' | 'lon', number>>,
): Float32Array {
  const shape = axes.map((axis) => extent[axis])
  return Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, flat) => {
    const position = chunkCoordinates(flat, shape)
    const at = (axis: 'time' | 'lat' | 'lon') => position[axes.indexOf(axis)]
    return modelValue(variable, firstDay + at('time'), at('lat') * LON + at('lon'))
  })
}
