/** Reads the headers of the files that stdin names, a line each, and keeps all of them, as a plan does. */
import { createInterface } from 'node:readline'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { scan } from '../../lib/scan.ts'

const began = performance.now()
const sets: ReferenceSet[] = []
for await (const set of scan(createInterface({ input: process.stdin }))) sets.push(set)
const seconds = (performance.now() - began) / 1000
console.log(`${sets.length} headers in ${seconds.toFixed(2)} s`)
