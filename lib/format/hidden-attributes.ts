/** Attributes of HDF5 files that say how netCDF-4 stores its model: hidden by libnetcdf and h5netcdf alike. */

/** The last is Zarr's own, which the dimensions fill. */
export const HIDDEN_ATTRIBUTES: ReadonlySet<string> = new Set([
  'CLASS',
  'NAME',
  'DIMENSION_LIST',
  'REFERENCE_LIST',
  '_Netcdf4Dimid',
  '_Netcdf4Coordinates',
  '_nc3_strict',
  '_NCProperties',
  '_ARRAY_DIMENSIONS',
])
