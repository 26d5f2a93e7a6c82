/** Turns a legacy JSON set into Parquet, its files having moved: `node convert.js LEGACY OUT OLD_PREFIX NEW_PREFIX` */
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { rewritePaths, scan, type WriteReport, writeParquet } from 'kstream'

/** A conversion is a build of one set: any stage may stand between. */
export function convertMoved(legacy: string, output: string, from: string, to: string): Promise<WriteReport> {
  return pipeline(scan([legacy]), rewritePaths({ [from]: to }), writeParquet(output))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [legacy, output, from, to] = process.argv.slice(2)
  console.log(await convertMoved(legacy, output, from, to))
}
