/** A process to be killed: writes generation after generation over the set named by its first argument. */
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { type Row, streamOf, syntheticSet } from './synthetic.ts'

const [path = ''] = process.argv.slice(2)
const first = Number(process.argv[3])
for (let generation = first; ; generation++) {
  const rows = Array.from(
    { length: 200 },
    (_, chunk): Row => ({ chunk, path: '/a.nc', offset: generation, length: 1 }),
  )
  const arrays = [{ path: 't', shape: [200], attributes: { generation: BigInt(generation) } }]
  await writeParquet(path, { overwrite: true, recordSize: 20 })(
    streamOf(syntheticSet({ arrays, rows: [rows] })),
  )
  process.stdout.write(`${generation}\n`)
}
