/** Reads an array through a reference set, with zarrita: `node read.js SET ARRAY` */
import { fileURLToPath } from 'node:url'
import { openParquetSet, openSource, referenceStore } from 'kstream'
import * as zarr from 'zarrita'

/** The values of an array of numbers, in C order, and its shape. Only the chunks and shards that it needs are read. */
export async function readArray(set: string, path: string) {
  const store = referenceStore(await openParquetSet(set), openSource)
  try {
    const array = await zarr.open.v2(zarr.root(store).resolve(path), { kind: 'array' })
    if (!array.is('number')) throw new TypeError(`${path} holds no numbers`)
    return await zarr.get(array)
  } finally {
    await store.close()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [set, path] = process.argv.slice(2)
  console.log(await readArray(set, path))
}
