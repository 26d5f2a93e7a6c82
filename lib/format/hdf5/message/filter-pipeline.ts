/** The filter pipeline message, 0x000B (HDF5 File Format 3.0, IV.A.2.l). */

export interface Filter {
  /** As registered with The HDF Group: 1 deflate, 2 shuffle, 3 fletcher32, 4 szip, 5 nbit, 6 scaleoffset. */
  readonly id: number
  readonly name: string
  /** A chunk for which the filter failed when writing is stored without it. */
  readonly optional: boolean
  readonly clientData: readonly number[]
}
