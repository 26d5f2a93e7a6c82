/** NetCDF-4's dimensions on HDF5: dimension scales, and names for axes that have none, as libnetcdf gives them. */

/** The attributes by which the HDF5 dimension scales and netCDF-4 tie datasets to dimensions. */
export interface ScaleAttributes {
  /** CLASS is DIMENSION_SCALE. */
  readonly isScale: boolean
  /** NAME. */
  readonly scaleName: string | undefined
  /** _Netcdf4Dimid. */
  readonly dimensionId: number | undefined
  /** _Netcdf4Coordinates: the dimension ids of its axes. */
  readonly coordinateIds: readonly number[] | undefined
  /** DIMENSION_LIST: the last scale on each axis, by its address; empty without it. */
  readonly scales: readonly (number | undefined)[]
}

/** What of a dataset decides its dimensions. */
export interface DatasetFacts extends ScaleAttributes {
  /** Path of its group, '' for the root. */
  readonly group: string
  readonly name: string
  /** Of its object header: how other datasets refer to it. */
  readonly address: number
  readonly shape: readonly number[]
  /** null: unlimited. */
  readonly maxShape: readonly (number | null)[]
  /** Extents of an array type: axes behind the dataset's own, which never have a scale. */
  readonly extraShape: readonly number[]
}

/** What a dataset is as an array of its group. */
export interface Variable {
  readonly name: string
  /** One name an axis, those of the array type included. */
  readonly dims: readonly string[]
  /** The dataset's own extents; along an unlimited dimension as long as the longest dataset. */
  readonly shape: readonly number[]
  /** False for a dimension scale that only stands for its dimension. */
  readonly hasValues: boolean
}

/** The named axes of all datasets of a file. */
export interface Dimensions {
  /** In the order of the datasets. */
  readonly variables: readonly Variable[]
  /** By path of the group, the names of its dimensions that may grow. */
  readonly unlimited: ReadonlyMap<string, readonly string[]>
}

interface Dimension {
  readonly name: string
  readonly id: number
  readonly group: string
  readonly address: number | undefined
  readonly unlimited: boolean
  length: number
}

interface Axis {
  extent: number
  readonly unlimited: boolean
  dimension: Dimension | undefined
}

const ONLY_A_DIMENSION = 'This is a netCDF dimension but not a netCDF variable'
const NOT_A_COORDINATE = '_nc4_non_coord_'
const ROOT = ''

/**
 * Names the axes of all datasets. Within a group no name stands for two lengths.
 * @param groups paths of all groups, in the file's order, each after its parent.
 */
export function planDimensions(groups: readonly string[], datasets: readonly DatasetFacts[]): Dimensions {
  const table = new DimensionTable(datasets)
  const axes = datasets.map((dataset) => axesOf(dataset, table))
  lengthen(axes)
  table.reindex()
  const members = groupBy([...datasets.keys()], (i) => datasets[i].group)
  for (const group of childrenFirst(groups)) {
    const names = table.namesIn(group)
    for (const i of members.get(group) ?? []) nameAxes(axes[i], group, names, table)
  }
  const taken = new Set(datasets.filter((dataset) => !isOnlyDimension(dataset)).map(pathOf))
  const variables = datasets.map((dataset, i) => variableOf(dataset, axes[i], taken))
  return { variables, unlimited: table.unlimited() }
}

/** All dimensions of a file; new ones get the next free number, as libnetcdf counts. */
class DimensionTable {
  readonly #dimensions: Dimension[] = []
  readonly #byAddress = new Map<number, Dimension>()
  readonly #byId = new Map<number, Dimension>()
  /** By group, extent and whether it may grow. */
  readonly #byAxis = new Map<string, Dimension[]>()
  /** Names and lengths, by group. */
  readonly #names = new Map<string, Map<string, number>>()
  #nextId = 0

  constructor(datasets: readonly DatasetFacts[]) {
    for (const dataset of datasets) {
      const { group, name, address, isScale, shape } = dataset
      if (!isScale || shape.length === 0) continue
      const id = dataset.dimensionId ?? this.#nextId
      const unlimited = dataset.maxShape[0] === null
      this.#add({ name, id, group, address, unlimited, length: shape[0] })
    }
  }

  #add(dimension: Dimension): void {
    this.#dimensions.push(dimension)
    const { address, id, group } = dimension
    if (address !== undefined && !this.#byAddress.has(address)) this.#byAddress.set(address, dimension)
    if (!this.#byId.has(id)) this.#byId.set(id, dimension)
    const alike = this.#byAxis.get(axisKey(dimension))
    if (alike) alike.push(dimension)
    else this.#byAxis.set(axisKey(dimension), [dimension])
    const names = this.#names.get(group)
    if (names) names.set(dimension.name, dimension.length)
    else this.#names.set(group, new Map([[dimension.name, dimension.length]]))
    this.#nextId = Math.max(this.#nextId, id + 1)
  }

  /** The dimension of a scale, or by its id. */
  find(address: number | undefined, id: number | undefined): Dimension | undefined {
    if (address !== undefined) return this.#byAddress.get(address)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  /** Sorts the dimensions anew, by lengths that have changed. */
  reindex(): void {
    const dimensions = this.#dimensions.splice(0)
    this.#byAxis.clear()
    this.#names.clear()
    for (const dimension of dimensions) this.#add(dimension)
  }

  /** The lengths that names have in a group: its own dimensions' at first, and what its arrays use. */
  namesIn(group: string): Map<string, number> {
    const names = this.#names.get(group) ?? new Map<string, number>()
    this.#names.set(group, names)
    return names
  }

  /** A dimension of the group with that length that is not in use yet, or a new one. */
  anonymous(group: string, { extent, unlimited }: Axis, used: ReadonlySet<Dimension>): Dimension {
    const alike = this.#byAxis.get(axisKey({ group, length: extent, unlimited }))
    const known = alike?.find((dimension) => !used.has(dimension))
    if (known) return known
    const taken = this.namesIn(group)
    let id = this.#nextId
    while (taken.has(`phony_dim_${id}`)) id++
    const name = `phony_dim_${id}`
    const dimension = { name, id, group, address: undefined, unlimited, length: extent }
    this.#add(dimension)
    return dimension
  }

  unlimited(): Map<string, string[]> {
    const growing = this.#dimensions.filter((dimension) => dimension.unlimited)
    const names = new Map<string, string[]>()
    for (const { group, name } of growing) names.set(group, [...(names.get(group) ?? []), name])
    return names
  }
}

function axisKey({ group, length, unlimited }: Pick<Dimension, 'group' | 'length' | 'unlimited'>): string {
  return `${unlimited ? '*' : ''}${length}/${group}`
}

function axesOf(dataset: DatasetFacts, table: DimensionTable): Axis[] {
  const own = dataset.shape.map((extent, axis): Axis => {
    const unlimited = dataset.maxShape[axis] === null
    const dimension = scaleOf(dataset, axis, table)
    const fits = dimension && (dimension.length === extent || (dimension.unlimited && unlimited))
    return { extent, unlimited, dimension: fits ? dimension : undefined }
  })
  const extra = dataset.extraShape.map((extent): Axis => ({ extent, unlimited: false, dimension: undefined }))
  return [...own, ...extra]
}

/** A one-dimensional scale is its own; a scale of more axes names them by their ids. */
function scaleOf(dataset: DatasetFacts, axis: number, table: DimensionTable): Dimension | undefined {
  const { isScale, address, shape, scales, coordinateIds } = dataset
  if (isScale && shape.length === 1) return table.find(address, undefined)
  if (isScale && coordinateIds === undefined && axis === 0) return table.find(address, undefined)
  return table.find(scales[axis], coordinateIds?.length === shape.length ? coordinateIds[axis] : undefined)
}

/** Along an unlimited dimension datasets may lag behind one another: netCDF reads all of them as the longest. */
function lengthen(datasets: readonly (readonly Axis[])[]): void {
  const growing = datasets.flatMap((axes) => axes.filter(({ unlimited }) => unlimited))
  for (const { dimension, extent } of growing) {
    if (dimension?.unlimited) dimension.length = Math.max(dimension.length, extent)
  }
  for (const axis of growing) if (axis.dimension?.unlimited) axis.extent = axis.dimension.length
}

function nameAxes(
  axes: readonly Axis[],
  group: string,
  names: Map<string, number>,
  table: DimensionTable,
): void {
  const used = new Set<Dimension>()
  for (const axis of axes) {
    const { dimension } = axis
    const length = dimension && (names.get(dimension.name) ?? axis.extent)
    if (length !== axis.extent) axis.dimension = undefined
    if (axis.dimension) used.add(axis.dimension)
  }
  for (const axis of axes) {
    axis.dimension ??= table.anonymous(group, axis, used)
    used.add(axis.dimension)
    names.set(axis.dimension.name, axis.extent)
  }
}

function variableOf(dataset: DatasetFacts, axes: readonly Axis[], taken: ReadonlySet<string>): Variable {
  const rank = dataset.shape.length
  return {
    name: variableName(dataset, taken),
    dims: axes.map(({ dimension }) => dimension?.name ?? ''),
    shape: axes.slice(0, rank).map(({ extent }) => extent),
    hasValues: !isOnlyDimension(dataset),
  }
}

function isOnlyDimension({ isScale, scaleName }: DatasetFacts): boolean {
  return isScale && scaleName?.startsWith(ONLY_A_DIMENSION) === true
}

/** netCDF hides a variable that has a dimension's name, but not its axis, behind a prefix. */
function variableName({ name, group }: DatasetFacts, taken: ReadonlySet<string>): string {
  if (!name.startsWith(NOT_A_COORDINATE)) return name
  const plain = name.slice(NOT_A_COORDINATE.length)
  return plain === '' || taken.has(pathOf({ group, name: plain })) ? name : plain
}

function pathOf({ group, name }: Pick<DatasetFacts, 'group' | 'name'>): string {
  return group === ROOT ? name : `${group}/${name}`
}

/** libnetcdf names the axes of a group's subgroups before its own. */
function childrenFirst(groups: readonly string[]): string[] {
  const below = groupBy(
    groups.filter((group) => group !== ROOT),
    (group) => group.slice(0, Math.max(0, group.lastIndexOf('/'))),
  )
  const order: string[] = []
  const stack = [{ group: ROOT, open: false }]
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.open) {
      order.push(top.group)
      continue
    }
    stack.push({ group: top.group, open: true })
    const children = below.get(top.group) ?? []
    for (const group of children.toReversed()) stack.push({ group, open: false })
  }
  return order
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
