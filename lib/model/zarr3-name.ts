/** What Zarr v3 calls the data types of Zarr v2 ("Data types" of the v3 specification). */

/** Types without a configuration, by NumPy's kind and bytes: `i4` is `int32`. */
export const ZARR3_NUMBERS: ReadonlyMap<string, string> = new Map([
  ['b1', 'bool'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['i4', 'int32'],
  ['i8', 'int64'],
  ['u1', 'uint8'],
  ['u2', 'uint16'],
  ['u4', 'uint32'],
  ['u8', 'uint64'],
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
  ['c8', 'complex64'],
  ['c16', 'complex128'],
])

/** Types whose configuration says their `length_bytes`, by NumPy's kind. */
export const ZARR3_SIZED: ReadonlyMap<string, string> = new Map([
  ['S', 'null_terminated_bytes'],
  ['U', 'fixed_length_utf32'],
  ['V', 'raw_bytes'],
])

/** Types whose configuration says their unit, by NumPy's kind. */
export const ZARR3_TIMES: ReadonlyMap<string, string> = new Map([
  ['M', 'numpy.datetime64'],
  ['m', 'numpy.timedelta64'],
])

/** Shuffles of `blosc`, by Zarr v2's numbers. */
export const ZARR3_SHUFFLES: readonly string[] = ['noshuffle', 'shuffle', 'bitshuffle']
