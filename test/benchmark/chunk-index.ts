/** Walks every chunk index of HDF5 files, as libhdf5's own walk (chunk-iter.c) does, and prints the same sum. */
import { scanChunks } from '../../lib/format/hdf5/chunk-index/scan.ts'
import { openHdf5 } from '../../lib/format/hdf5/superblock.ts'
import { openFile } from '../../lib/source/file.ts'
import { readChunkedDatasets } from '../format/hdf5/chunk-index/chunked-datasets.ts'

const began = performance.now()
let chunks = 0
let high = 0
let low = 0
for (const path of process.argv.slice(2)) {
  const source = await openFile(path)
  const file = await openHdf5(source)
  for (const dataset of await readChunkedDatasets(file)) {
    for await (const { rows, offset, length } of scanChunks(file, dataset)) {
      chunks += rows
      for (let row = 0; row < rows; row++) {
        // offset XOR length, in two halves, summed without a carry until the end
        low += (offset[row] ^ length[row]) >>> 0
        high += Math.floor(offset[row] / 2 ** 32) ^ Math.floor(length[row] / 2 ** 32)
      }
    }
  }
  await source.close()
}
const sum = (BigInt(high) << 32n) + BigInt(low)
const { user, system } = process.cpuUsage()
console.log(`${chunks} chunks, checksum ${sum.toString(16)}`)
console.error(
  `${((performance.now() - began) / 1000).toFixed(2)} s wall, ${((user + system) / 1e6).toFixed(2)} s CPU, ` +
    `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
)
