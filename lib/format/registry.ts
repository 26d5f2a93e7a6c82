/** The formats that can be scanned. */
import type { Format } from './format.ts'
import { detect, open } from './hdf5/index.ts'

export const formats: readonly Format[] = [{ name: 'hdf5', detect, open }]
