/** The formats of files that can be scanned. */
import { detect as detectDmrpp, open as openDmrpp } from './dmrpp/index.ts'
import type { Format } from './format.ts'
import { detect, open } from './hdf5/index.ts'
import { detect as detectJson, open as openJson } from './kerchunk-json/index.ts'
import { detect as detectNdjson, open as openNdjson } from './ndjson/index.ts'
import { detect as detectNetcdf3, open as openNetcdf3 } from './netcdf3/index.ts'

/** In the order in which they are tried: a line of NDJSON looks like a JSON document. */
const FORMATS = [
  { name: 'hdf5', detect, open },
  { name: 'netcdf3', detect: detectNetcdf3, open: openNetcdf3 },
  { name: 'ndjson', sequential: true, detect: detectNdjson, open: openNdjson },
  { name: 'kerchunk-json', sequential: true, detect: detectJson, open: openJson },
  { name: 'dmrpp', sequential: true, detect: detectDmrpp, open: openDmrpp },
] as const satisfies readonly Format[]

/** The name of one of them. */
export type FileFormat = (typeof FORMATS)[number]['name']

export const formats: readonly Format[] = FORMATS
