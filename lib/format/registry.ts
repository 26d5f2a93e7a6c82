/** The formats that can be scanned. */
import type { Format } from './format.ts'
import { detect, open } from './hdf5/index.ts'
import { detect as detectJson, open as openJson } from './kerchunk-json/index.ts'

export const formats: readonly Format[] = [
  { name: 'hdf5', detect, open },
  { name: 'kerchunk-json', detect: detectJson, open: openJson },
]
