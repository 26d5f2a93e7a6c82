/** The external types of the netCDF classic formats (specification: nc_type), as Zarr data types and as numbers. */

/** One type; all its numbers are big-endian. */
export interface ExternalType {
  /** NumPy's type string, with the bytes as they are in the file. */
  readonly dataType: string
  /** Bytes of one element. */
  readonly size: number
  /** One number of an attribute: integers as bigint. Absent for text. */
  readonly number?: (view: DataView, at: number) => number | bigint
}

/** By nc_type, from 1. Those from 7 on are CDF-5's, but libnetcdf reads them in any version. */
const TYPES: readonly ExternalType[] = [
  { dataType: '|i1', size: 1, number: (view, at) => BigInt(view.getInt8(at)) },
  { dataType: '|S1', size: 1 },
  { dataType: '>i2', size: 2, number: (view, at) => BigInt(view.getInt16(at)) },
  { dataType: '>i4', size: 4, number: (view, at) => BigInt(view.getInt32(at)) },
  { dataType: '>f4', size: 4, number: (view, at) => view.getFloat32(at) },
  { dataType: '>f8', size: 8, number: (view, at) => view.getFloat64(at) },
  { dataType: '|u1', size: 1, number: (view, at) => BigInt(view.getUint8(at)) },
  { dataType: '>u2', size: 2, number: (view, at) => BigInt(view.getUint16(at)) },
  { dataType: '>u4', size: 4, number: (view, at) => BigInt(view.getUint32(at)) },
  { dataType: '>i8', size: 8, number: (view, at) => view.getBigInt64(at) },
  { dataType: '>u8', size: 8, number: (view, at) => view.getBigUint64(at) },
]

/** The type of an nc_type; undefined where there is none. */
export function externalType(ncType: number): ExternalType | undefined {
  return TYPES[ncType - 1]
}
