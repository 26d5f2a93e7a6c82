/** The formats that can be scanned. */
import type { Format } from './format.ts'
import { detect, open } from './hdf5/index.ts'
import { detect as detectJson, open as openJson } from './kerchunk-json/index.ts'
import { detect as detectNetcdf3, open as openNetcdf3 } from './netcdf3/index.ts'

export const formats: readonly Format[] = [
  { name: 'hdf5', detect, open },
  { name: 'netcdf3', detect: detectNetcdf3, open: openNetcdf3 },
  { name: 'kerchunk-json', detect: detectJson, open: openJson },
]
