/** Uncompressed files of any lengths as one array, a reference for each step of time: `node split.js FILE.. OUT` */
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { concat, scan, splitChunks, type WriteReport, writeParquet } from 'kstream'

/** No byte of data moves: each piece is a range of the bytes that are there. */
export async function splitByStep(files: readonly string[], output: string): Promise<WriteReport> {
  return pipeline(
    scan(files),
    splitChunks({ time: 1 }, { onLeft: (array, reason) => console.error(`${array} stays: ${reason}`) }),
    concat('time'),
    writeParquet(output, { overwrite: true }),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2)
  console.log(await splitByStep(files.slice(0, -1), files.at(-1) ?? ''))
}
