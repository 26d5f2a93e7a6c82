/** Files of a model, many and small, written by libhdf5 (h5wasm): a field along time, and its coordinates. */
import { join } from 'node:path'
import h5wasm from 'h5wasm/node'

export interface ModelFiles {
  /** Days in each file. */
  readonly days?: number
  /** The number of the first file. */
  readonly first?: number
  /** Variables of the field's shape. */
  readonly variables?: readonly string[]
  /** Chunk rows along time. */
  readonly chunkDays?: number
}

const LAT = 6
const LON = 8

/** The value of a variable at a time. */
export function modelValue(variable: number, day: number, cell: number): number {
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
  const { days = 2, variables = ['temp', 'salt'], chunkDays = 1 } = options
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
    for (const [dim, scale] of [
      ['time', time],
      ['lat', lat],
      ['lon', lon],
    ] as const)
      scale.make_scale(dim)
    for (const [number, variable] of variables.entries()) {
      const cells = LAT * LON
      const data = Float32Array.from({ length: days * cells }, (_, at) =>
        modelValue(number, firstDay + Math.floor(at / cells), at % cells),
      )
      const field = file.create_dataset({
        name: variable,
        data,
        shape: [days, LAT, LON],
        maxshape: [null, LAT, LON],
        chunks: [chunkDays, LAT / 2, LON],
        compression: 4,
      })
      for (const [axis, dim] of ['time', 'lat', 'lon'].entries()) field.attach_scale(axis, dim)
    }
  } finally {
    file.close()
  }
}
