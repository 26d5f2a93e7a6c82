/** Many files to one Parquet reference set, composed from stages: `node build.js OUT FILE..` */
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { concat, scan, select, type WriteReport, writeParquet } from 'kstream'

/** Joins the files along time and keeps the temperature, with the coordinates that it needs. */
export async function buildTemperature(files: readonly string[], output: string): Promise<WriteReport> {
  const { signal } = new AbortController()
  return pipeline(
    scan(files, { signal }),
    select(['temp']),
    concat('time'),
    writeParquet(output, { recordSize: 100_000, overwrite: true }),
    { signal },
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [output, ...files] = process.argv.slice(2)
  const { arrays, references, bytes } = await buildTemperature(files, output)
  console.log(`${arrays} arrays, ${references} references, ${bytes} bytes`)
}
