/** The dataspace message, 0x0001 (HDF5 File Format 3.0, IV.A.2.b). */

export interface Dataspace {
  readonly kind: 'null' | 'scalar' | 'simple'
  readonly shape: readonly number[]
  /** null: unlimited. As long as `shape`. */
  readonly maxShape: readonly (number | null)[]
}
