/** The axes of variables: names within their groups, and extents. */
import { UnsupportedError } from '../../errors.ts'
import { type Dim, type Dimension, pathIn, type Variable } from './variable.ts'

/** An axis of an array. */
export interface Axis {
  /** Within the group of the variable, where it means one extent. */
  readonly name: string
  readonly size: number
}

/** Names axes: variables of one group that share a name share the extent. */
export class AxisNames {
  readonly #sizes = new Map<string, number>()
  /** For each group, what each name means there. */
  readonly #groups = new Map<string, Map<string, number>>()
  #next: number

  constructor(dimensions: readonly Dimension[]) {
    for (const { name, group, size } of dimensions) this.#sizes.set(pathIn(group, name), size)
    // As netCDF counts: those with names come first.
    this.#next = dimensions.length
  }

  /** @throws UnsupportedError where a dimension is declared nowhere. */
  axesOf({ group, dims }: Pick<Variable, 'group' | 'dims'>): Axis[] {
    const names = this.#groups.get(group) ?? new Map<string, number>()
    this.#groups.set(group, names)
    const used = new Set<string>()
    const named = dims.map((dim) => this.#named(dim, group))
    return named.map(({ name, size }) => {
      const fits = name !== undefined && (names.get(name) ?? size) === size
      const own = fits ? name : this.#anonymous(size, names, used)
      used.add(own)
      names.set(own, size)
      return { name: own, size }
    })
  }

  #named({ name, size }: Dim, group: string): { name: string | undefined; size: number } {
    if (name === undefined) return { name, size: size ?? 0 }
    const path = name.startsWith('/') ? name.slice(1) : this.#nearest(name, group)
    const known = this.#sizes.get(path) ?? size
    if (known === undefined) throw new UnsupportedError(`a dimension that is declared nowhere: ${name}`)
    return { name: path.slice(path.lastIndexOf('/') + 1), size: known }
  }

  /** A name without a path is one of the group, or of the nearest around it. */
  #nearest(name: string, group: string): string {
    for (let around = group; around !== ''; around = around.slice(0, Math.max(0, around.lastIndexOf('/')))) {
      if (this.#sizes.has(pathIn(around, name))) return pathIn(around, name)
    }
    return name
  }

  /** A name of that extent that the variable has not used, or a new one. */
  #anonymous(size: number, names: ReadonlyMap<string, number>, used: ReadonlySet<string>): string {
    for (const [name, known] of names) {
      if (known === size && name.startsWith('phony_dim_') && !used.has(name)) return name
    }
    while (names.has(`phony_dim_${this.#next}`)) this.#next++
    return `phony_dim_${this.#next++}`
  }
}
