/** Looks at every single reference on its way, and changes some: `node references.js FILE OUT` */
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { mapReferences, scan, type WriteReport, writeParquet } from 'kstream'

/** Where the files will be once they are published. */
const PUBLISHED = 'https://data.example/ocean/'

/** Writes a set whose references point at the published file, and finds the largest chunk by the way. */
export async function publish(
  file: string,
  output: string,
): Promise<{ report: WriteReport; largest: { array: string; bytes: number } }> {
  let largest = { array: '', bytes: 0 }
  const watched = mapReferences((reference, array) => {
    if (reference.length > largest.bytes) largest = { array: array.path, bytes: reference.length }
    if (reference.path === null) return reference
    return { ...reference, path: `${PUBLISHED}${reference.path.split('/').at(-1)}` }
  })
  const report = await pipeline(scan([file]), watched, writeParquet(output, { overwrite: true }))
  return { report, largest }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, output] = process.argv.slice(2)
  console.log(await publish(file, output))
}
