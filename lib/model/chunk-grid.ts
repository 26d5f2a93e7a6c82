/** Arithmetic of regular chunk grids. */

/** The extents of a shape; 0 where an axis grows until the footer. */
export function extentsSoFar(shape: readonly (number | null)[]): number[] {
  return shape.map((extent) => extent ?? 0)
}

/** Chunks along each axis: `ceil(shape / chunkShape)`; 0 where the extent is 0. */
export function gridShape(shape: readonly number[], chunkShape: readonly number[]): number[] {
  return shape.map((extent, axis) => Math.ceil(extent / chunkShape[axis]))
}

/** Chunks in the grid; 1 for a scalar. */
export function chunkCount(grid: readonly number[]): number {
  return grid.reduce((count, extent) => count * extent, 1)
}

/** How far apart in C order two neighbours along each axis are. */
export function gridStrides(grid: readonly number[]): number[] {
  const strides = new Array<number>(grid.length)
  let stride = 1
  for (let axis = grid.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= grid[axis]
  }
  return strides
}

/** The coordinates of a flat C-order chunk number. */
export function chunkCoordinates(chunk: number, grid: readonly number[]): number[] {
  const coordinates = new Array<number>(grid.length)
  for (let axis = grid.length - 1; axis >= 0; axis--) {
    coordinates[axis] = chunk % grid[axis]
    chunk = Math.floor(chunk / grid[axis])
  }
  return coordinates
}

/** Zarr v2's key of a chunk: `'0.3.1'`, `'0'` for a scalar. */
export function chunkKey(chunk: number, grid: readonly number[], separator = '.'): string {
  return grid.length === 0 ? '0' : chunkCoordinates(chunk, grid).join(separator)
}

/** The number that a key like '0.3' stands for; undefined where it is no chunk of the grid. */
export function chunkNumber(key: string, grid: readonly number[], separator = '.'): number | undefined {
  if (grid.length === 0) return key === '0' ? 0 : undefined
  const parts = key.split(separator)
  if (parts.length !== grid.length) return undefined
  let chunk = 0
  for (const [axis, part] of parts.entries()) {
    const coordinate = /^(?:0|[1-9]\d{0,15})$/.test(part) ? Number(part) : Number.NaN
    if (!(coordinate < grid[axis])) return undefined
    chunk = chunk * grid[axis] + coordinate
  }
  return chunk
}
